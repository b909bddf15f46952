package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/ticket"
	"github.com/firebreak/firebreak/internal/view"
)

type runOptions struct {
	f              *Factory
	what           string
	approval       string
	nonInteractive bool
	dry            bool
	subject        subject
	trigger        trigger
	incident       string // to add to; "" begins one
	takeOver       string
	cmd            *cobra.Command // whose flags say what is asked for
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

With --dry-run it is an exercise on the real organization: the providers are read, every
question is asked and timed, and nothing is sent or kept.

With --idempotency-key a machine may repeat the command blindly: the first begins the
incident, every other tells where it stands and ends with its exit code, or with 9
while it is being carried out. docs/automation.md has the recipe.

With --incident the plan is added to an incident that has begun, as one by firebreak
contain has: repositories, workflows and since when come from it.

The incident's lock excludes only processes that share the state folder.`,
		Args: func(cmd *cobra.Command, args []string) error {
			_, rest := incidentArgument(opts.incident, args)
			return oneArg("a playbook, by name or file, or a plan file")(cmd, rest)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.incident, args = incidentArgument(opts.incident, args)
			opts.what, opts.cmd = args[0], cmd
			if runF != nil {
				return runF(opts)
			}
			return runRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.approval, "approval", "", "approval `file`, see firebreak approve")
	cmd.Flags().BoolVar(&opts.nonInteractive, "non-interactive", false, "ask nobody")
	cmd.Flags().BoolVar(&opts.dry, "dry-run", false, "walk every question of the real plan, timed, and send nothing")
	addIncident(cmd.Flags(), &opts.incident)
	cmd.Flags().StringVar(&opts.takeOver, "take-over", "", "with --incident: go on with what was handed to somebody else, for this `reason`")
	opts.subject.addFlags(cmd.Flags())
	opts.trigger.addFlags(cmd.Flags())
	return cmd
}

func runRun(ctx context.Context, opts *runOptions) (err error) {
	if opts.dry {
		return dryRun(ctx, opts)
	}
	f := opts.f
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	if opts.incident != "" {
		return opts.amend(ctx, format)
	}
	id, err := f.newIncident()
	if err != nil {
		return err
	}
	claim, before, err := opts.claim()
	if err != nil {
		return err
	}
	if before != nil {
		return f.again(ctx, opts.trigger, before.Dir, format, opts.nonInteractive)
	}
	defer func() { err = errors.Join(err, claim.Release()) }()
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
	o.opened.Key, o.opened.Inputs = opts.trigger.key, opts.trigger.inputs
	watching, ndjson := f.observers(format)
	if err := claim.Mean(id); err != nil {
		return err
	}
	t, err := f.begin(ctx, s, o, watching)
	if err != nil {
		return err
	}
	if err := errors.Join(claim.Begun(id), claim.Release()); err != nil {
		return errors.Join(err, t.log.Close())
	}
	return t.sit(ctx, format, opts.nonInteractive, ndjson)
}

// claim holds the trigger's key, where it has one; see Factory.claim.
func (opts *runOptions) claim() (*ticket.Claim, *ticket.Incident, error) {
	if err := opts.trigger.check(); err != nil || opts.trigger.key == "" {
		return nil, nil, err
	}
	what, err := contents(opts.what)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := opts.f.readConfig()
	if err != nil {
		return nil, nil, err
	}
	if err := opts.subject.complete(cfg.GitHub.Owner); err != nil {
		return nil, nil, err
	}
	if err := opts.trigger.digest(opts.cmd, what); err != nil {
		return nil, nil, err
	}
	return opts.f.claim(opts.trigger)
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
		e := given(o.plan.Inputs)
		if o.plan.Exposure != nil {
			e = *o.plan.Exposure
		}
		o.opened.Since, o.opened.SinceWhy = e.Since, e.Why
		unheld, err := s.hold(ctx, o.plan)
		if unheld != nil {
			_, told := fmt.Fprintf(opts.f.IO.Err, "the plan could not be held against what is there now: %s\n", view.Line(adapters.Cause(unheld)))
			err = errors.Join(err, told)
		}
		return o, err
	}
	book, err := s.playbook(opts.what)
	if err != nil {
		return o, err
	}
	p, w, err := s.plan(ctx, book, &opts.subject)
	if err != nil {
		return o, err
	}
	if err := opts.f.lacking(s, p, w); err != nil {
		return o, err
	}
	o.opened.Since, o.opened.SinceWhy = w.scene.Exposure.Since, w.scene.Exposure.Why
	o.plan = p
	o.bytes, err = plan.Encode(p)
	return o, err
}

// sit runs a sitting and tells how it ended.
func (t *sitting) sit(ctx context.Context, format string, nonInteractive bool, ndjson *stream) error {
	return t.with(ctx, t.person(nonInteractive), format, ndjson, func(*respond.State) error { return nil })
}

// with runs a sitting with somebody who answers. more says what else the end means.
func (t *sitting) with(ctx context.Context, person drive.Responder, format string, ndjson *stream, more func(*respond.State) error) (err error) {
	defer func() { err = errors.Join(err, t.log.Close(), ndjson.err) }()
	state, err := t.run(ctx, person)
	if err != nil {
		return err
	}
	return errors.Join(t.finish(format, state), ended(state), more(state))
}

// finish tells where the incident stands, and prints the checkpoint.
func (t *sitting) finish(format string, s *respond.State) error {
	if err := t.f.result(format, s); err != nil {
		return err
	}
	return errors.Join(t.checkpoint(), t.f.handedNow(s))
}
