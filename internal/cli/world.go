package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/term"
	"github.com/firebreak/firebreak/internal/view"
)

// worldSchema names the JSON of world. Fields are added, never renamed.
const worldSchema = "firebreak.world/1"

// worldTold is what a world says of itself once it is served.
type worldTold struct {
	Schema      string            `json:"schema"`
	World       string            `json:"world"`       // its id
	Folder      string            `json:"folder"`      // where it is kept
	Config      string            `json:"config"`      // the scenario's firebreak.yaml, for --config
	Control     string            `json:"control"`     // address of the listener that drives it
	Environment map[string]string `json:"environment"` // variables that point any client at it
	Unset       []string          `json:"unset"`       // variables that would lead elsewhere
}

type worldOptions struct {
	f        *Factory
	scenario string
	dir      string
	speed    float64
	seed     int64
	quiet    bool
}

func newCmdWorld(f *Factory, runF func(*worldOptions) error) *cobra.Command {
	opts := &worldOptions{f: f}
	cmd := &cobra.Command{
		Use:   "world SCENARIO",
		Short: "Serve a scenario's simulated providers",
		Long: `Serve a scenario's simulated providers on loopback and print the environment that
points any client at them, until Ctrl-C. The folder is kept: the same --dir goes on
with the same world.`,
		Example: "  firebreak world publish-token-theft > world.env &\n  . ./world.env",
		Args:    oneArg("the scenario, by name or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.scenario = args[0]
			if runF != nil {
				return runF(opts)
			}
			return worldRun(cmd.Context(), opts)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&opts.dir, "dir", "", "the world's `folder` (default: a new one in the state folder)")
	fl.Float64Var(&opts.speed, "speed", 1, "world seconds per second")
	fl.Int64Var(&opts.seed, "seed", 1, "seed of the world's random numbers")
	fl.BoolVar(&opts.quiet, "no-attacker", false, "nobody in it acts by themselves")
	return cmd
}

func worldRun(ctx context.Context, opts *worldOptions) (err error) {
	f := opts.f
	format, err := f.format("human", "json")
	if err != nil {
		return err
	}
	scenario, err := loadScenario(opts.scenario)
	if err != nil {
		return err
	}
	scenario.World.Begins = time.Time{} // its clients have the clock on the wall
	if err := opts.place(); err != nil {
		return err
	}
	interrupt, stop := term.CatchInterrupts(nil)
	defer stop()
	r, err := rehearse.Open(ctx, rehearse.Options{Scenario: scenario, Dir: opts.dir, Speed: opts.speed, Seed: opts.seed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := opts.tell(format, r); err != nil {
		return err
	}
	if !opts.quiet {
		r.StartAttacker(ctx)
	}
	select {
	case <-interrupt:
	case <-ctx.Done():
	}
	return nil
}

// place chooses the world's folder.
func (opts *worldOptions) place() error {
	if opts.dir != "" {
		return nil
	}
	state, err := opts.f.stateFolder()
	if err != nil {
		return err
	}
	id, err := opts.f.newIncident()
	opts.dir = filepath.Join(state, "worlds", strings.TrimPrefix(id, "inc-"))
	return err
}

// tell prints the environment: what to set, and what of the real one to unset.
func (opts *worldOptions) tell(format string, r *rehearse.Rehearsal) error {
	f := opts.f
	gone := ambient(r.Environment)
	if format == "json" {
		err := view.JSON(f.IO.Out, worldTold{worldSchema, r.World.ID(), opts.dir, r.Config, r.World.URL("control"), r.Environment, gone})
		return errors.Join(err, f.flush())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# world %s in %s; Ctrl-C ends it\n# set this in a second terminal:\n", r.World.ID(), view.Line(opts.dir))
	for _, k := range gone {
		fmt.Fprintf(&b, "unset %s\n", k)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Environment)) {
		fmt.Fprintf(&b, "export %s=%s\n", k, quote(r.Environment[k]))
	}
	fmt.Fprintf(&b, "# configuration: firebreak --config %s\n", quote(r.Config))
	b.WriteString("# Before anything is minted it wants somebody to seal new values to: add a public key\n# of yours there, recipients: [ ~/.ssh/id_ed25519.pub ]. Redirect this into a file and\n# source that: firebreak world SCENARIO > world.env\n")
	fmt.Fprintf(&b, "# control: %s/_world/id\n", r.World.URL("control"))
	_, err := f.IO.Out.Write([]byte(b.String()))
	return errors.Join(err, f.flush())
}

// ambient lists the variables of the real environment that would lead a client
// elsewhere, or show it a real credential, without those that set names.
func ambient(set map[string]string) []string {
	var out []string
	for _, k := range []string{
		"GITHUB_TOKEN", "GH_TOKEN", "GH_HOST", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITHUB_API_URL",
		"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"VAULT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE", "VAULT_CACERT", "VAULT_CACERT_BYTES", "VAULT_CAPATH", "VAULT_SKIP_VERIFY", "VAULT_AGENT_ADDR",
		"NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG", "NPM_TOKEN", "NODE_AUTH_TOKEN", "npm_config_registry", "npm_config_userconfig",
		"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
	} {
		if _, is := set[k]; !is {
			out = append(out, k)
		}
	}
	return out
}

// quote makes one word for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
