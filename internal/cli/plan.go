package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/scene"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

type planOptions struct {
	f        *Factory
	playbook string
	out      string
	snapshot string
	incident string // a further plan of it; "" for a first one
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
		Args: func(cmd *cobra.Command, args []string) error {
			_, rest := incidentArgument(opts.incident, args)
			return oneArg("a playbook, by name or file")(cmd, rest)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.incident, args = incidentArgument(opts.incident, args)
			opts.playbook = args[0]
			if runF != nil {
				return runF(opts)
			}
			return planRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVarP(&opts.out, "out", "o", "", "write the plan to this `file`")
	cmd.Flags().StringVar(&opts.snapshot, "snapshot", "", "plan offline from a snapshot `file`")
	addIncident(cmd.Flags(), &opts.incident)
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
	if opts.incident != "" {
		inc, err := f.openIncident(opts.incident)
		if err != nil {
			return err
		}
		s.exposure = inc.fill(&opts.subject)
	}
	if err := opts.subject.complete(s.config.GitHub.Owner); err != nil {
		return err
	}
	book, err := s.playbook(opts.playbook)
	if err != nil {
		return err
	}
	p, w, err := opts.make(ctx, s, book)
	if err != nil {
		return err
	}
	if err := f.lacking(s, p, w); err != nil {
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

func (opts *planOptions) make(ctx context.Context, s *site, book *playbook.Playbook) (*plan.Plan, *wide, error) {
	if opts.snapshot == "" {
		return s.plan(ctx, book, &opts.subject)
	}
	if len(opts.subject.runs) > 0 {
		return nil, nil, fault(Usage, "name its --workflow instead, or plan without --snapshot", "a snapshot does not say what a run was")
	}
	b, err := os.ReadFile(opts.snapshot)
	if err != nil {
		return nil, nil, &Fault{Usage, fmt.Errorf("read snapshot: %w", err), "make one with firebreak survey"}
	}
	snap, err := snapshot.Decode(b)
	if err != nil {
		return nil, nil, &Fault{Usage, fmt.Errorf("%s: %w", opts.snapshot, err), "make it again with firebreak survey"}
	}
	w := &wide{look: s.understand(snap)}
	if err := opts.subject.offline(w.look); err != nil {
		return nil, nil, err
	}
	p, l, err := s.compile(ctx, book, opts.subject.inputs(), w.look, true)
	w.look = l
	return p, w, err
}

// offline finds the workflows that use an action or reach a secret in a snapshot.
func (about *subject) offline(l look) error {
	if len(about.actions)+len(about.secrets) == 0 {
		return nil
	}
	for _, x := range about.usesIn(l.models).found {
		about.about(append(about.workflows, x.Repository+"/"+x.Workflow))
	}
	for _, name := range about.secrets {
		about.about(append(about.workflows, scene.ReachesSecret(l.inventory, name)...))
	}
	if len(about.workflows) == 0 {
		return fault(Usage, "survey the repositories it may be in", "nothing in the snapshot uses or reaches %s", strings.Join(slices.Concat(about.actions, about.secrets), ", "))
	}
	return nil
}

// plan looks at what the incident is about and compiles the playbook.
func (s *site) plan(ctx context.Context, book *playbook.Playbook, about *subject) (*plan.Plan, *wide, error) {
	g, err := s.glance(ctx, about)
	if err != nil {
		return nil, nil, err
	}
	w, err := s.widen(ctx, about, g)
	if err != nil {
		return nil, nil, &Fault{CodeOf(err), err, "check the credentials of the provider that is named"}
	}
	p, l, err := s.compile(ctx, book, about.inputs(), w.look, false)
	w.look = l
	return p, w, err
}

// agent is how our requests can be told from an attacker's in a provider's logs.
func (f *Factory) agent(what string) string { return "firebreak/" + f.Version + " (" + what + ")" }
