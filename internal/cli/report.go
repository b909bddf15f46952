package cli

import (
	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/evidence"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/view"
)

type reportOptions struct {
	f        *Factory
	incident string
}

func newCmdReport(f *Factory, runF func(*reportOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "report [INCIDENT]",
		Short: "Write what was done, with proof, and what stays open",
		Long:  "Write what was done, with proof, and what stays open, from the incident's folder alone. --output markdown (default) or json.",
		Args:  maybeOne("the incident"),
		RunE: func(_ *cobra.Command, args []string) error {
			opts := &reportOptions{f, first(args)}
			if runF != nil {
				return runF(opts)
			}
			return reportRun(opts)
		},
	}
}

func reportRun(opts *reportOptions) error {
	format, err := opts.f.format("markdown", "json")
	if err != nil {
		return err
	}
	dir, err := opts.f.incident(opts.incident)
	if err != nil {
		return err
	}
	proven, r, err := journal.Verify(dir, nil)
	if err != nil {
		return err
	}
	report := evidence.Build(r.Events, replay(r.Events).State())
	if format == "json" {
		return view.JSON(opts.f.IO.Out, report)
	}
	return view.ReportMarkdown(opts.f.IO.Out, report, proven)
}
