package cli

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/drive/local"
	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

type handoverOptions struct {
	f        *Factory
	incident string
	to       string
	note     string
}

func newCmdHandover(f *Factory, runF func(*handoverOptions) error) *cobra.Command {
	opts := &handoverOptions{f: f}
	cmd := &cobra.Command{
		Use:   "handover [INCIDENT]",
		Short: "Give a paused incident to somebody else",
		Long: `Record, signed and with a checkpoint, that somebody else goes on with an incident
which nobody carries out at the moment, and print a message for them. From then on
only they may resume it, or whoever takes it over with a reason (resume --take-over).
Nothing is sent to any provider.

In a running incident every question has the same as a choice. People are known by the
name they log in with, or by FIREBREAK_OPERATOR.`,
		Example: "  firebreak handover --to carol --note \"the publish token is next\"",
		Args:    maybeOne("the incident"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.incident = first(args)
			if runF != nil {
				return runF(opts)
			}
			return handoverRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.to, "to", "", "the `name` of who goes on")
	cmd.Flags().StringVar(&opts.note, "note", "", "what they should know; stands in the report")
	return cmd
}

func handoverRun(ctx context.Context, opts *handoverOptions) (err error) {
	f := opts.f
	format, err := f.format("human", "json")
	if err != nil {
		return err
	}
	t, err := f.outside(opts.incident)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.log.Close()) }()
	s := t.log.State()
	if s.Phase == "closed" {
		return fault(Usage, "firebreak report "+s.Opened.Incident, "the incident is closed; there is nothing to hand over")
	}
	if err := opts.ask(ctx); err != nil {
		return err
	}
	if opts.to = strings.TrimSpace(opts.to); opts.to == s.Owner {
		return fault(Usage, "name somebody else with --to", "the incident is %s's already", s.Owner)
	}
	if err := t.log.HandOver(respond.HandedOver{From: f.operator(), To: opts.to, Epoch: s.Epoch + 1, Note: opts.note}); err != nil {
		return err
	}
	s = t.log.State()
	if err := durable.WriteFile(filepath.Join(t.dir, "checkpoint"), []byte(s.Handed.Checkpoint), 0o600); err != nil {
		return err
	}
	if format == "json" {
		return f.result(format, s)
	}
	return f.tellHandOver(f.IO.Out, s)
}

// ask asks for what was left out, where there is a terminal.
func (opts *handoverOptions) ask(ctx context.Context) (err error) {
	if opts.to != "" {
		return nil
	}
	if !opts.f.IO.CanAsk() {
		return fault(Usage, "name them with --to", "it is not said who goes on")
	}
	if opts.to, err = opts.f.IO.Line(ctx, "To whom? (the name they log in with)", needed); err != nil || opts.note != "" {
		return err
	}
	opts.note, err = opts.f.IO.Line(ctx, "What should they know? (may stay empty; stands in the report)", nil)
	return err
}

func needed(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("something is needed here; Ctrl-C goes back")
	}
	return nil
}

// outside opens an incident for a word from outside a sitting.
func (f *Factory) outside(name string) (*sitting, error) {
	dir, err := f.incident(name)
	if err != nil {
		return nil, err
	}
	if phase(dir) == notBegun {
		return nil, fault(Usage, "begin it again, with firebreak run or rehearse", "%s was cut short before it had a plan; nothing was sent", filepath.Base(dir))
	}
	r, err := journal.Read(dir)
	if err != nil {
		return nil, err
	}
	clock := drive.Clock(still{})
	if r.Opened.Mode != "rehearsal" {
		if clock, err = realClock(f.Environ); err != nil {
			return nil, err
		}
	}
	t := &sitting{f: f, site: &site{clock: clock}, dir: dir}
	t.log, err = local.Open(t.parts(nil), f.operator())
	return t, err
}

// still is the clock of a rehearsal that nobody carries out: its world's time stands,
// and what is recorded now has the time of the last record.
type still struct{ wall }

// Now implements drive.Clock.
func (still) Now() time.Time { return time.Time{} }

// tellHandOver prints what the one who goes on has to know, to be copied and sent.
func (f *Factory) tellHandOver(w io.Writer, s *respond.State) error {
	_, err := io.WriteString(w, view.HandOver(s, *s.Handed, f.spelled("firebreak resume "+s.Opened.Incident)))
	return err
}

// handedNow prints that message where the sitting has just ended with a hand-over.
func (f *Factory) handedNow(s *respond.State) error {
	if s.Handed == nil || s.Pause == nil || !strings.HasPrefix(s.Pause.Reason, "handed over to ") {
		return nil
	}
	return f.tellHandOver(f.IO.Err, s)
}
