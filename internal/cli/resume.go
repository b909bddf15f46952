package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/journal"
)

type resumeOptions struct {
	f              *Factory
	incident       string
	nonInteractive bool
	auto           bool
	speed          float64
	takeOver       string
	approval       string
}

func newCmdResume(f *Factory, runF func(*resumeOptions) error) *cobra.Command {
	opts := &resumeOptions{f: f}
	cmd := &cobra.Command{
		Use:   "resume [INCIDENT]",
		Short: "Go on with an incident after a crash or a pause",
		Long: `Read the journal, find out what became of every call that was under way, and go on.
Endpoints and accounts must be those the incident was begun with. A rehearsal goes on
in its own world.

An approval of the incident's plan may be brought now; firebreak show INCIDENT --plan
prints the file to approve.

What was handed over goes on with the one it was handed to. Anybody else says with
--take-over why; that is recorded, and fences the one before.`,
		Args: maybeOne("the incident"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.incident = first(args)
			if runF != nil {
				return runF(opts)
			}
			return resumeRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.nonInteractive, "non-interactive", false, "ask nobody")
	cmd.Flags().StringVar(&opts.approval, "approval", "", "approval `file` of the incident's plan, see firebreak approve")
	cmd.Flags().StringVar(&opts.takeOver, "take-over", "", "go on with what was handed to somebody else, for this `reason`")
	cmd.Flags().BoolVar(&opts.auto, "auto", false, "in a rehearsal, let the scenario's team answer")
	cmd.Flags().Float64Var(&opts.speed, "speed", 0, "in a rehearsal, world seconds per second")
	return cmd
}

func resumeRun(ctx context.Context, opts *resumeOptions) error {
	f := opts.f
	dir, err := f.incident(opts.incident)
	if err != nil {
		return err
	}
	if phase(dir) == notBegun {
		return fault(Usage, "begin it again, with firebreak run or rehearse", "%s was cut short before it had a plan; nothing was sent", filepath.Base(dir))
	}
	r, err := journal.Read(dir)
	if err != nil {
		return err
	}
	if r.Opened.Mode == "rehearsal" {
		return rehearseAgain(ctx, opts, dir)
	}
	if opts.auto {
		return fault(Usage, "firebreak resume "+filepath.Base(dir), "only a rehearsal has a team that answers; this incident is real")
	}
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	s, err := f.realSite(ctx, f.agent("incident "+r.Opened.Incident), false)
	if err != nil {
		return err
	}
	approved, err := f.judgeLater(s, dir, opts.approval)
	if err != nil {
		return err
	}
	watching, ndjson := f.observers(format)
	ndjson.seq = len(r.Events)
	t, err := f.resumeSitting(ctx, s, dir, place{takeOver: opts.takeOver}, watching)
	if err != nil {
		return err
	}
	if err := t.approve(approved); err != nil {
		return errors.Join(err, t.log.Close())
	}
	return t.with(ctx, t.person(opts.nonInteractive), format, ndjson, narrow)
}
