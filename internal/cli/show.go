package cli

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/view"
)

type showOptions struct {
	f    *Factory
	what string
}

func newCmdShow(f *Factory, runF func(*showOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "show PLAN or INCIDENT",
		Short: "Show what a plan would do, or what an incident did",
		Args:  oneArg("a plan file or an incident"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts := &showOptions{f, args[0]}
			if runF != nil {
				return runF(opts)
			}
			return showRun(cmd.Context(), opts)
		},
	}
}

func showRun(ctx context.Context, opts *showOptions) error {
	if !isPlanFile(opts.what) {
		return statusRun(ctx, &statusOptions{f: opts.f, incident: opts.what, table: true})
	}
	format, err := opts.f.format("human", "json")
	if err != nil {
		return err
	}
	p, b, err := readPlan(opts.what)
	if err != nil {
		return err
	}
	if format == "json" {
		return opts.f.writeFile("", b)
	}
	return view.Plan(opts.f.IO.Out, opts.f.IO.OutStyle(), p, plan.Digest(b))
}

// isPlanFile tells a plan's file name from a playbook's or an incident's.
func isPlanFile(name string) bool {
	if strings.HasSuffix(name, ".json") {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && !isPlaybookFile(name)
}

func isPlaybookFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}
