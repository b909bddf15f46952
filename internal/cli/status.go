package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

type statusOptions struct {
	f        *Factory
	incident string
	watch    bool
	table    bool // every action, as show has it
}

func newCmdStatus(f *Factory, runF func(*statusOptions) error) *cobra.Command {
	opts := &statusOptions{f: f}
	cmd := &cobra.Command{
		Use:   "status [INCIDENT]",
		Short: "Show where an incident stands",
		Long: `Show on one screen where an incident stands: what is happening, what is proven, what is
still open, what comes next. It is read from the journal alone, without its lock, so it
disturbs nobody. Without INCIDENT, and with several, list them. Every action by itself
is shown by firebreak show INCIDENT.

--watch shows it again whenever the journal grows, until the incident is closed.`,
		Args: maybeOne("the incident"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.incident = first(args)
			if runF != nil {
				return runF(opts)
			}
			return statusRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.watch, "watch", false, "show it again whenever something happens; ends when the incident is closed")
	return cmd
}

func statusRun(ctx context.Context, opts *statusOptions) error {
	f := opts.f
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	if opts.incident == "" {
		all, err := f.incidents()
		if err != nil {
			return err
		}
		if len(all) > 1 && format == "human" && !opts.watch {
			return listIncidents(f, all)
		}
	}
	dir, err := f.incident(opts.incident)
	if err != nil {
		return err
	}
	if opts.watch && format == "json" {
		return fault(Usage, "firebreak status --watch --output ndjson", "--watch shows many pictures, which is no one JSON document")
	}
	if opts.watch {
		return f.watch(ctx, dir, format)
	}
	r, d, err := readIncident(dir)
	if err != nil {
		return err
	}
	if r.Torn != "" {
		if _, err := fmt.Fprintln(f.IO.Err, "journal:", r.Torn); err != nil {
			return err
		}
	}
	switch {
	case format == "json":
		return view.JSON(f.IO.Out, picture(d))
	case format == "ndjson":
		return view.Events(f.IO.Out, f.Version, r.Opened.Incident, r.Events)
	case opts.table:
		v := picture(d)
		v.Next = f.spelled(fromOutside(dir, d.State()))
		return view.Status(f.IO.Out, f.IO.OutStyle(), v)
	}
	s := d.State()
	if err := f.where(dir, s); err != nil || len(view.Doubts(s)) == 0 {
		return err
	}
	_, err = io.WriteString(f.IO.Out, "         or, who knows what became of what is UNKNOWN: "+f.spelled("firebreak settle "+s.Opened.Incident)+"\n")
	return err
}

// where shows an incident on one screen to somebody who does not carry it out.
func (f *Factory) where(dir string, s *respond.State) error {
	return view.Where(f.IO.Out, f.IO.OutStyle(), s, "", f.spelled(fromOutside(dir, s)))
}

// fromOutside is the next step of somebody who does not carry the incident out. Who has
// its lock is read and not tried: trying would disturb them.
func fromOutside(dir string, s *respond.State) string {
	next := nextStep(s)
	if s.Phase != "open" {
		return next
	}
	if by, err := journal.HeldBy(dir); err == nil && by != (journal.Owner{}) {
		return "wait: it is carried out by " + by.String() + "; if that has died, " + next
	}
	return next
}

func listIncidents(f *Factory, all []listedIncident) error {
	t := view.Table{Style: f.IO.OutStyle(), Head: []string{"INCIDENT", "STATE", "KIND", "ABOUT"}}
	for _, x := range all {
		var about []string
		for _, w := range x.subjects {
			about = append(about, strings.Replace(w, "/.github/workflows/", " ", 1))
		}
		if n := len(about); n > 2 {
			about = append(about[:2], fmt.Sprintf("and %d more", n-2))
		}
		t.Add(view.Line(x.Incident), x.State, x.mode, view.Line(strings.Join(about, ", ")))
	}
	if err := t.Write(f.IO.Out); err != nil {
		return err
	}
	_, err := io.WriteString(f.IO.Out, "\nnext: "+f.spelled("firebreak status")+" INCIDENT\n")
	return err
}
