package all

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/firebreak/firebreak/adapters/aws"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/adapters/postgres"
	fbconfig "github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/secret"
)

// FromEnvironment reads settings as each provider's users expect them: variables
// from env, the files these name or that lie in env's HOME, and firebreak.yaml.
// It reads files and nothing else. Nothing is taken from the working directory.
func FromEnvironment(env map[string]string, cfg fbconfig.Config) (Settings, error) {
	var s Settings
	var err error
	if s.GitHub, err = gitHub(env, cfg); err != nil {
		return s, err
	}
	if s.AWS, err = accounts(env, cfg); err != nil {
		return s, err
	}
	if s.Vault, err = vaultServer(env); err != nil {
		return s, err
	}
	if s.NPM, err = registry(env); err != nil {
		return s, err
	}
	s.HTTP = services(env, cfg)
	s.DB = postgres.Config{Getenv: func(name string) string { return env[name] }}
	return s, nil
}

func gitHub(env map[string]string, cfg fbconfig.Config) (github.Config, error) {
	c := github.Config{BaseURL: env["GITHUB_API_URL"], Token: secret.NewString(cmp.Or(env["GITHUB_TOKEN"], env["GH_TOKEN"]))}
	app := cfg.GitHub.App
	if app == nil {
		return c, nil
	}
	key, err := os.ReadFile(home(env, app.KeyFile))
	if err != nil {
		return c, fmt.Errorf("read the GitHub App's key (github.app in firebreak.yaml): %w", err)
	}
	c.App, c.Token = &github.App{ID: app.ID, Installation: app.Installation, Key: secret.New(key)}, secret.Text{}
	return c, nil
}

// accounts gives every account of firebreak.yaml, or the environment's one where
// none is named there. Plain access keys are taken out of the environment or the
// profile's files here; every other kind of profile is left to the SDK.
func accounts(env map[string]string, cfg fbconfig.Config) (aws.Config, error) {
	out := aws.Config{Accounts: map[string]aws.Account{}}
	for name, a := range cfg.AWS {
		acc, err := account(env, a.Profile)
		if err != nil {
			return out, fmt.Errorf("aws.accounts.%s: %w", name, err)
		}
		acc.ID = a.ID
		out.Accounts[name] = acc
	}
	if len(cfg.AWS) == 0 && (env["AWS_PROFILE"] != "" || env["AWS_ACCESS_KEY_ID"] != "") {
		acc, err := account(env, "")
		if err != nil {
			return out, err
		}
		out.Accounts["default"] = acc
	}
	return out, nil
}

// account reads one account. A profile of firebreak.yaml wins over keys in the
// environment, which win over AWS_PROFILE, as in the SDK's chain.
// Source: AWS SDKs and Tools reference, "Configuration and credential precedence".
func account(env map[string]string, profile string) (aws.Account, error) {
	a := aws.Account{Profile: profile, Region: cmp.Or(env["AWS_REGION"], env["AWS_DEFAULT_REGION"]), Endpoint: env["AWS_ENDPOINT_URL"]}
	if id := env["AWS_ACCESS_KEY_ID"]; profile == "" && id != "" {
		a.Static = &aws.Static{ID: id, Secret: secret.NewString(env["AWS_SECRET_ACCESS_KEY"]), Session: secret.NewString(env["AWS_SESSION_TOKEN"])}
		return a, nil
	}
	a.Profile = cmp.Or(profile, env["AWS_PROFILE"], "default")
	// The context is for the SDK's log alone: two small files are read, nothing can be waited for.
	shared, err := config.LoadSharedConfigProfile(context.Background(), a.Profile, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles = []string{cmp.Or(env["AWS_CONFIG_FILE"], home(env, "~/.aws/config"))}
		o.CredentialsFiles = []string{cmp.Or(env["AWS_SHARED_CREDENTIALS_FILE"], home(env, "~/.aws/credentials"))}
	})
	var missing config.SharedConfigProfileNotExistError
	if errors.As(err, &missing) {
		if env["HOME"] == "" {
			a.Static = &aws.Static{} // an environment without a home is not this machine's: the SDK must not look there
		}
		return a, nil // the SDK may know another way, and says so itself when it does not
	}
	if err != nil {
		return a, fmt.Errorf("read profile %s: %w", a.Profile, err)
	}
	a.Region = cmp.Or(a.Region, shared.Region)
	a.Endpoint = cmp.Or(a.Endpoint, shared.BaseEndpoint)
	if c := shared.Credentials; c.HasKeys() && shared.RoleARN == "" {
		a.Static = &aws.Static{ID: c.AccessKeyID, Secret: secret.NewString(c.SecretAccessKey), Session: secret.NewString(c.SessionToken)}
	}
	return a, nil
}

// home replaces a leading ~/ by env's HOME; "" where there is no HOME.
func home(env map[string]string, path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	if env["HOME"] == "" {
		return ""
	}
	return filepath.Join(env["HOME"], rest)
}

// optional reads a file of the user; one that is not there is empty.
func optional(env map[string]string, path string) ([]byte, error) {
	path = home(env, path)
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}
