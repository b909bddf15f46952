package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

type planOptions struct {
	f        *Factory
	playbook string
	out      string
	snapshot string
	subject  subject
}

func newCmdPlan(f *Factory, runF func(*planOptions) error) *cobra.Command {
	opts := &planOptions{f: f}
	cmd := &cobra.Command{
		Use:   "plan PLAYBOOK",
		Short: "Show what a response would do, without the means to do it",
		Long: `Survey the providers, compile the playbook and show the plan. Every request goes
through a client that cannot send a mutation. With --snapshot nothing is sent at all.

The same snapshot, configuration and playbook give the same bytes, so a plan can be
approved by its digest.`,
		Example: "  firebreak plan compromised-workflow --repo acme/shop --workflow pr-checks.yml -o plan.json",
		Args:    oneArg("a playbook, by name or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.playbook = args[0]
			if runF != nil {
				return runF(opts)
			}
			return planRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVarP(&opts.out, "out", "o", "", "write the plan to this `file`")
	cmd.Flags().StringVar(&opts.snapshot, "snapshot", "", "plan offline from a snapshot `file`")
	opts.subject.addFlags(cmd.Flags())
	return cmd
}

func planRun(ctx context.Context, opts *planOptions) error {
	f := opts.f
	format, err := f.format("human", "json")
	if err != nil {
		return err
	}
	s, err := f.realSite(ctx, f.agent("plan"), true)
	if err != nil {
		return err
	}
	if err := opts.subject.complete(s.config.GitHub.Owner); err != nil {
		return err
	}
	book, err := s.playbook(opts.playbook)
	if err != nil {
		return err
	}
	p, _, err := opts.make(ctx, s, book)
	if err != nil {
		return err
	}
	b, err := plan.Encode(p)
	if err != nil {
		return err
	}
	if opts.out != "" {
		if err := f.writeFile(opts.out, b); err != nil {
			return err
		}
	}
	if format == "json" {
		return f.writeFile("", b)
	}
	return view.Plan(f.IO.Out, f.IO.OutStyle(), p, plan.Digest(b))
}

func (opts *planOptions) make(ctx context.Context, s *site, book *playbook.Playbook) (*plan.Plan, look, error) {
	if opts.snapshot == "" {
		return s.plan(ctx, book, &opts.subject)
	}
	b, err := os.ReadFile(opts.snapshot)
	if err != nil {
		return nil, look{}, &Fault{Usage, fmt.Errorf("read snapshot: %w", err), "make one with firebreak survey"}
	}
	snap, err := snapshot.Decode(b)
	if err != nil {
		return nil, look{}, &Fault{Usage, fmt.Errorf("%s: %w", opts.snapshot, err), "make it again with firebreak survey"}
	}
	return s.compile(ctx, book, opts.subject.inputs(), s.understand(snap), true)
}

// plan surveys what the incident is about and compiles the playbook.
func (s *site) plan(ctx context.Context, book *playbook.Playbook, about *subject) (*plan.Plan, look, error) {
	if len(about.repos) == 0 {
		return nil, look{}, fault(Usage, "name it with --repo OWNER/NAME", "it is not said which repository this is about")
	}
	l, err := s.look(ctx, about.repos, about.subjects())
	if err != nil {
		return nil, look{}, &Fault{CodeOf(err), err, "check the credentials of the provider that is named"}
	}
	return s.compile(ctx, book, about.inputs(), l, false)
}

// agent is how our requests can be told from an attacker's in a provider's logs.
func (f *Factory) agent(what string) string { return "firebreak/" + f.Version + " (" + what + ")" }
