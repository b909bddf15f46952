package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
)

type runOptions struct {
	f              *Factory
	what           string
	approval       string
	nonInteractive bool
	subject        subject
}

func newCmdRun(f *Factory, runF func(*runOptions) error) *cobra.Command {
	opts := &runOptions{f: f}
	cmd := &cobra.Command{
		Use:   "run PLAYBOOK or PLAN",
		Short: "Carry out a playbook or a plan",
		Long: `Open an incident and carry the plan out: ask where effects call for it, prove each
action took effect, and survive being killed at any instant. Without a terminal, or
with --non-interactive, nothing is ever assumed to be yes: what --approval does not
cover ends the sitting with exit code 4, and the incident can be resumed.

The incident's lock excludes only processes that share the state folder.`,
		Args: oneArg("a playbook, by name or file, or a plan file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			if runF != nil {
				return runF(opts)
			}
			return runRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.approval, "approval", "", "approval `file`, see firebreak approve")
	cmd.Flags().BoolVar(&opts.nonInteractive, "non-interactive", false, "ask nobody")
	opts.subject.addFlags(cmd.Flags())
	return cmd
}

func runRun(ctx context.Context, opts *runOptions) error {
	f := opts.f
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	id, err := f.newIncident()
	if err != nil {
		return err
	}
	s, err := f.realSite(ctx, f.agent("incident "+id), false)
	if err != nil {
		return err
	}
	o, err := opts.opening(ctx, s)
	if err != nil {
		return err
	}
	dir, err := f.incidentsFolder()
	if err != nil {
		return err
	}
	o.incident, o.dir, o.opened.Mode = id, filepath.Join(dir, id), "real"
	watching, ndjson := f.observers(format)
	t, err := f.begin(ctx, s, o, watching)
	if err != nil {
		return err
	}
	return t.sit(ctx, format, opts.nonInteractive, ndjson)
}

// opening makes the plan, or reads it.
func (opts *runOptions) opening(ctx context.Context, s *site) (opening, error) {
	o := opening{approval: opts.approval}
	if err := opts.subject.complete(s.config.GitHub.Owner); err != nil {
		return o, err
	}
	if isPlanFile(opts.what) {
		var err error
		o.plan, o.bytes, err = readPlan(opts.what)
		if err != nil {
			return o, err
		}
		o.opened.Since, o.opened.SinceWhy = opts.subject.exposed(&snapshot.Snapshot{})
		if text, ok := o.plan.Inputs["since"].(string); ok {
			given := subject{since: text}
			o.opened.Since, o.opened.SinceWhy = given.exposed(&snapshot.Snapshot{})
		}
		return o, nil
	}
	book, err := s.playbook(opts.what)
	if err != nil {
		return o, err
	}
	p, l, err := s.plan(ctx, book, &opts.subject)
	if err != nil {
		return o, err
	}
	o.opened.Since, o.opened.SinceWhy = opts.subject.exposed(l.snapshot)
	o.plan = p
	o.bytes, err = plan.Encode(p)
	return o, err
}

// sit runs a sitting and tells how it ended.
func (t *sitting) sit(ctx context.Context, format string, nonInteractive bool, ndjson *stream) (err error) {
	defer func() { err = errors.Join(err, t.log.Close(), ndjson.err) }()
	state, err := t.run(ctx, t.person(nonInteractive))
	if err != nil {
		return err
	}
	return errors.Join(t.finish(format, state), ended(state))
}

// finish tells where the incident stands, and prints the checkpoint.
func (t *sitting) finish(format string, s *respond.State) error {
	if err := t.f.result(format, s); err != nil {
		return err
	}
	return t.checkpoint()
}
