package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/view"
)

type statusOptions struct {
	f        *Factory
	incident string
}

func newCmdStatus(f *Factory, runF func(*statusOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "status [INCIDENT]",
		Short: "Show where an incident stands",
		Long:  "Show where an incident stands, from its journal alone. Without INCIDENT, and with several, list them.",
		Args:  maybeOne("the incident"),
		RunE: func(_ *cobra.Command, args []string) error {
			opts := &statusOptions{f, first(args)}
			if runF != nil {
				return runF(opts)
			}
			return statusRun(opts)
		},
	}
}

func statusRun(opts *statusOptions) error {
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
		if len(all) > 1 && format == "human" {
			return listIncidents(f, all)
		}
	}
	dir, err := f.incident(opts.incident)
	if err != nil {
		return err
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
	switch format {
	case "json":
		return view.JSON(f.IO.Out, picture(d))
	case "ndjson":
		return view.Events(f.IO.Out, f.Version, r.Opened.Incident, r.Events)
	}
	return view.Status(f.IO.Out, f.IO.OutStyle(), picture(d))
}

func listIncidents(f *Factory, all []listedIncident) error {
	t := view.Table{Style: f.IO.OutStyle(), Head: []string{"INCIDENT", "STATE"}}
	for _, x := range all {
		t.Add(view.Line(x.Incident), x.State)
	}
	return t.Write(f.IO.Out)
}
