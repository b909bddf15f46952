package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/approval"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/view"
)

type approveOptions struct {
	f        *Factory
	plan     string
	key      string
	out      string
	author   string
	incident string
	effects  []string
	valid    time.Duration
}

func newCmdApprove(f *Factory, runF func(*approveOptions) error) *cobra.Command {
	opts := &approveOptions{f: f}
	cmd := &cobra.Command{
		Use:   "approve PLAN --key KEY",
		Short: "Sign a plan with an SSH key",
		Long: `Sign a statement that names the plan's digest, its author, the effect classes it
answers and when it ends. Whoever planned may not approve. The approval is written
beside the plan; a second signer adds a signature to the same file.

The signature is an ordinary SSHSIG in the namespace ` + approval.Namespace + `.`,
		Args: oneArg("the plan file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.plan = args[0]
			if runF != nil {
				return runF(opts)
			}
			return approveRun(cmd.Context(), opts)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&opts.key, "key", "", "SSH private key `file` to sign with")
	fl.StringVarP(&opts.out, "out", "o", "", "approval `file` (default: PLAN.approval)")
	fl.StringVar(&opts.author, "author", "", "who planned (default: author of the configuration)")
	fl.StringVar(&opts.incident, "incident", "", "the incident's `id`, for an amendment")
	fl.StringSliceVar(&opts.effects, "effects", []string{"reversible", "disruptive", "irreversible"}, "effect `classes` the approval answers")
	fl.DurationVar(&opts.valid, "valid", 8*time.Hour, "how long it is valid")
	return cmd
}

func approveRun(ctx context.Context, opts *approveOptions) error {
	f := opts.f
	if opts.key == "" {
		return fault(Usage, "firebreak approve PLAN --key ~/.ssh/id_ed25519", "no key to sign with")
	}
	_, b, err := readPlan(opts.plan)
	if err != nil {
		return err
	}
	out := opts.out
	if out == "" {
		out = opts.plan + ".approval"
	}
	file, err := openApproval(opts, out, plan.Digest(b))
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(opts.key)
	if err != nil {
		return &Fault{Usage, fmt.Errorf("read signing key: %w", err), "name a private key with --key"}
	}
	if err := file.Sign(pem, f.passphrase(ctx, opts.key)); err != nil {
		return &Fault{Usage, fmt.Errorf("sign with %s: %w", opts.key, err), ""}
	}
	bytes, err := file.Encode()
	if err != nil {
		return err
	}
	if err := f.writeFile(out, bytes); err != nil {
		return err
	}
	_, err = fmt.Fprintf(f.IO.Out, "%s: plan %s, %s, until %s\n", view.Line(out), file.Statement.Plan,
		counted(len(file.Signatures), "signature"), file.Statement.NotAfter.Format(time.RFC3339))
	return err
}

// openApproval gives the approval to sign: the one that is there, when it is for
// this plan and still valid, or a new one.
func openApproval(opts *approveOptions, path, digest string) (approval.File, error) {
	none := approval.File{}
	if b, err := os.ReadFile(path); err == nil {
		file, err := approval.Decode(b)
		if err != nil {
			return none, &Fault{Usage, err, "move " + path + " away, or choose another file with -o"}
		}
		if file.Statement.Plan != digest || !opts.f.Now().Before(file.Statement.NotAfter) {
			return none, fault(Usage, "move it away, or choose another file with -o", "%s is of another plan or has expired", path)
		}
		return file, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return none, err
	}
	cfg, err := opts.f.readConfig()
	if err != nil {
		return none, err
	}
	s := approval.Statement{
		Plan: digest, Incident: opts.incident, Author: opts.author, Quorum: max(1, cfg.Confirm.Approvals),
		NotAfter: opts.f.Now().Add(opts.valid),
	}
	if s.Author == "" {
		s.Author = cfg.Author
	}
	if s.Author == "" {
		return none, fault(Usage, "set author in the configuration, or give --author", "it is not known who planned")
	}
	for _, e := range opts.effects {
		if plan.Effect(e).Rank() < 0 {
			return none, fault(Usage, "use reversible, disruptive or irreversible", "there is no effect class %q", e)
		}
		s.Effects = append(s.Effects, plan.Effect(e))
	}
	return approval.File{Statement: approval.New(s)}, nil
}

// passphrase asks for a key's passphrase; nil where nobody can be asked.
func (f *Factory) passphrase(ctx context.Context, key string) func() (secret.Text, error) {
	if !f.IO.CanAsk() {
		return nil
	}
	return func() (secret.Text, error) { return f.IO.Passphrase(ctx, key) }
}

// counted is a number with its noun: "1 signature", "2 signatures".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
