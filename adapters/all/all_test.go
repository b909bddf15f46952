package all_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/internal/config"
)

// names are the actions that playbooks and journals know for ever.
var names = []string{
	"aws.access_key.destroy", "aws.access_key.disable", "aws.access_key.mint", "aws.access_key.test",
	"aws.oidc_provider.remove", "aws.oidc_provider.restore",
	"aws.role.bound", "aws.role.deny_chain", "aws.role.deny_trust", "aws.role.revoke_sessions", "aws.role.unbound", "aws.secretsmanager.forget", "aws.secretsmanager.put", "aws.ssm.put", "aws.user.revoke_sessions",
	"github.access.review", "github.actions.reopen", "github.actions.stop", "github.app_key.mint", "github.app_key.revoke", "github.app_key.test", "github.artifacts.export", "github.caches.purge",
	"github.default_token.lift", "github.default_token.restrict", "github.deploy_key.mint", "github.deploy_key.revoke", "github.deploy_key.test", "github.deploy_keys.remove", "github.environment.freeze", "github.environment.lift",
	"github.fork_approval.lift", "github.fork_approval.require", "github.hooks.deactivate", "github.logs.export", "github.org_actions.reopen", "github.org_actions.stop", "github.ruleset.freeze", "github.ruleset.lift",
	"github.runner.isolate", "github.runner.remove", "github.runs.cancel", "github.secret.put", "github.token.mint", "github.token.revoke", "github.token.test", "github.webhook.mint", "github.webhook.revoke", "github.webhook.test", "github.workflow.disable", "github.workflow.dispatch", "github.workflow.enable",
	"http.key.mint", "http.key.revoke", "http.key.test", "http.probe",
	"manual.task",
	"npm.dist.digest", "npm.token.mint", "npm.token.revoke", "npm.token.test",
	"postgres.role.disable", "postgres.role.end_sessions", "postgres.role.mint", "postgres.role.retire", "postgres.role.test", "vault.approle.destroy", "vault.approle.end_tokens", "vault.approle.mint", "vault.approle.test",
	"vault.jwt_role.block", "vault.kv.destroy", "vault.kv.put", "vault.token.revoke",
}

func TestCatalogueNeedsNothing(t *testing.T) {
	c, err := all.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range c.Specs() {
		got = append(got, s.Name)
		if _, ok := c.Owner(s.Name); !ok {
			t.Errorf("%s has no provider", s.Name)
		}
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("actions were added or lost:\ngot  %v\nwant %v", got, names)
	}
	for _, i := range []string{"npm.token", "aws.access_key"} {
		if _, ok := c.Issuer(i); !ok {
			t.Errorf("no issuer %s", i)
		}
	}
	for _, s := range []string{"github.secret", "vault.kv", "aws.secretsmanager", "aws.ssm"} {
		if _, ok := c.Store(s); !ok {
			t.Errorf("no store %s", s)
		}
	}
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func from(t *testing.T, env map[string]string, cfg config.Config) all.Settings {
	t.Helper()
	s, err := all.FromEnvironment(env, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVariables(t *testing.T) {
	s := from(t, map[string]string{
		"GITHUB_API_URL": "http://127.0.0.1:1/api/v3", "GITHUB_TOKEN": "gh", "GH_TOKEN": "lower",
		"VAULT_ADDR": "http://127.0.0.1:2", "VAULT_TOKEN": "vt", "VAULT_NAMESPACE": "ns", "IR_NPM_PASSWORD": "pw",
	}, config.Config{})
	if s.GitHub.Token.Reveal() != "gh" || s.GitHub.BaseURL != "http://127.0.0.1:1/api/v3" {
		t.Errorf("github: %+v", s.GitHub)
	}
	if s.Vault.Token.Reveal() != "vt" || s.Vault.Address != "http://127.0.0.1:2" || s.Vault.Namespace != "ns" {
		t.Errorf("vault: %+v", s.Vault)
	}
	if s.NPM.Getenv("IR_NPM_PASSWORD") != "pw" {
		t.Error("npm cannot look its variables up")
	}
	if len(s.AWS.Accounts) > 0 {
		t.Errorf("nothing names an AWS account: %+v", s.AWS)
	}
}

// What a rehearsal gives is all there is: the process's own environment is not read.
func TestAmbientEnvironmentIsNotRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".npmrc", "registry=http://192.0.2.1/\n//192.0.2.1/:_authToken=poison\n")
	write(t, dir, ".vault-token", "poison")
	write(t, dir, ".aws/credentials", "[default]\naws_access_key_id=POISON\naws_secret_access_key=poison\n")
	for k, v := range map[string]string{
		"HOME": dir, "GITHUB_TOKEN": "poison", "VAULT_TOKEN": "poison", "AWS_ACCESS_KEY_ID": "POISON", "AWS_SECRET_ACCESS_KEY": "poison",
		"AWS_PROFILE": "poison", "NPM_CONFIG_REGISTRY": "http://192.0.2.1/", "VAULT_ADDR": "http://192.0.2.1/",
	} {
		t.Setenv(k, v)
	}
	s := from(t, map[string]string{}, config.Config{AWS: map[string]config.AWSAccount{"prod": {ID: "111122223333"}}})
	if !s.GitHub.Token.Empty() || !s.Vault.Token.Empty() || s.Vault.Address != "" || s.NPM.Registry != "" || !s.NPM.Token.Empty() || s.AWS.Accounts["prod"].Static == nil || s.AWS.Accounts["prod"].Static.ID != "" {
		t.Errorf("something ambient was read: %+v", s)
	}
}

func TestNpmrc(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, rc, registry, token string }{
		{"by host", "//127.0.0.1:3/:_authToken=tok\n", "http://127.0.0.1:3/", "tok"},
		{"of a variable, quoted, commented", "# x\n; y\n//127.0.0.1:3/:_authToken = \"${TOK}\"\n", "http://127.0.0.1:3", "from-variable"},
		{"by the longest path", "//127.0.0.1:3/:_authToken=short\n//127.0.0.1:3/npm/acme/:_authToken=long\n", "http://127.0.0.1:3/npm/acme/", "long"},
		{"up the path", "//127.0.0.1:3/npm/:_authToken=up\n", "http://127.0.0.1:3/npm/acme/", "up"},
		{"another host's is not ours", "//127.0.0.2:3/:_authToken=tok\n", "http://127.0.0.1:3/", ""},
		{"a longer path's is not ours", "//127.0.0.1:3/npm/:_authToken=tok\n", "http://127.0.0.1:3/", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := map[string]string{"NPM_CONFIG_USERCONFIG": write(t, dir, "npmrc", c.rc), "NPM_CONFIG_REGISTRY": c.registry, "TOK": "from-variable"}
			if s := from(t, env, config.Config{}); s.NPM.Token.Reveal() != c.token || s.NPM.Registry != c.registry {
				t.Errorf("got %s with another token than wanted", s.NPM.Registry)
			}
		})
	}
	write(t, dir, ".npmrc", "registry = http://127.0.0.1:4/\n//127.0.0.1:4/:_authToken=home\n")
	if s := from(t, map[string]string{"HOME": dir}, config.Config{}); s.NPM.Registry != "http://127.0.0.1:4/" || s.NPM.Token.Reveal() != "home" {
		t.Errorf("the user-level file: got %+v", s.NPM)
	}
}

func TestAccounts(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{
		"AWS_CONFIG_FILE":             write(t, dir, "config", "[profile ir]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:5\n[profile assumed]\nrole_arn = arn:aws:iam::111122223333:role/ir\nsource_profile = ir\n"),
		"AWS_SHARED_CREDENTIALS_FILE": write(t, dir, "credentials", "[ir]\naws_access_key_id = AKIAIR\naws_secret_access_key = irsecret\n"),
		"HOME":                        dir, "AWS_PROFILE": "ir", "AWS_ACCESS_KEY_ID": "", // empty counts as not set
	}
	cfg := config.Config{AWS: map[string]config.AWSAccount{"prod": {ID: "111122223333", Profile: "ir"}, "assumed": {ID: "111122223333", Profile: "assumed"}, "nowhere": {Profile: "nowhere"}}}
	s := from(t, env, cfg)
	prod := s.AWS.Accounts["prod"]
	if prod.Static == nil || prod.Static.ID != "AKIAIR" || prod.Static.Secret.Reveal() != "irsecret" || prod.Region != "eu-west-1" || prod.Endpoint != "http://127.0.0.1:5" || prod.ID != "111122223333" {
		t.Errorf("prod: %+v", prod)
	}
	for _, name := range []string{"assumed", "nowhere"} {
		if a := s.AWS.Accounts[name]; a.Static != nil || a.Profile != name {
			t.Errorf("%s is the SDK's to load: %+v", name, a)
		}
	}
	if at := s.Endpoints()["aws"]; !strings.Contains(at, "prod=http://127.0.0.1:5") {
		t.Errorf("endpoints: %q", at)
	}
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "AKIAENV", "envsecret"
	if a := from(t, env, config.Config{}).AWS.Accounts["default"]; a.Static == nil || a.Static.ID != "AKIAENV" {
		t.Errorf("keys of the environment win over AWS_PROFILE: %+v", a)
	}
	if a := from(t, env, cfg).AWS.Accounts["prod"]; a.Static == nil || a.Static.ID != "AKIAIR" {
		t.Errorf("a profile of firebreak.yaml wins over keys of the environment: %+v", a)
	}
}

func TestMissingAppKeyNamesTheSetting(t *testing.T) {
	cfg := config.Config{}
	cfg.GitHub.App = &config.App{ID: 1, Installation: 2, KeyFile: filepath.Join(t.TempDir(), "none.pem")}
	if _, err := all.FromEnvironment(map[string]string{}, cfg); err == nil || !strings.Contains(err.Error(), "github.app") {
		t.Errorf("got %v", err)
	}
}

func TestAsk(t *testing.T) {
	home := t.TempDir()
	write(t, home, ".npmrc", "//127.0.0.1:6/:_authToken=tok\n")
	run := func(_ context.Context, dir, name string, args ...string) ([]byte, error) {
		if dir != home {
			t.Errorf("%s ran in %q", name, dir)
		}
		if name == "gh" {
			return []byte("gho_x\n"), nil
		}
		return []byte("http://127.0.0.1:6/\n"), nil
	}
	var s all.Settings
	if err := s.Ask(t.Context(), map[string]string{"HOME": home}, run); err != nil {
		t.Fatal(err)
	}
	if s.GitHub.Token.Reveal() != "gho_x" || s.NPM.Registry != "http://127.0.0.1:6/" || s.NPM.Token.Reveal() != "tok" {
		t.Errorf("got %+v", s)
	}
	none := func(context.Context, string, string, ...string) ([]byte, error) {
		return nil, errors.New("no such program")
	}
	var empty all.Settings
	if err := empty.Ask(t.Context(), map[string]string{"HOME": home}, none); err != nil || empty.NPM.Registry != "" {
		t.Errorf("a tool that is not there changes nothing: %v", err)
	}
}

func TestProvidersOverSettings(t *testing.T) {
	s := from(t, map[string]string{"NPM_CONFIG_REGISTRY": "not an address"}, config.Config{})
	if _, err := all.Providers(s, adapters.Wire{}); err == nil || !strings.Contains(err.Error(), "NPM_CONFIG_REGISTRY") {
		t.Errorf("a wrong address names its variable, got %v", err)
	}
}
