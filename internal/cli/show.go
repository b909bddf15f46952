package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/view"
)

type showOptions struct {
	f    *Factory
	what string
	plan bool
}

func newCmdShow(f *Factory, runF func(*showOptions) error) *cobra.Command {
	opts := &showOptions{f: f}
	cmd := &cobra.Command{
		Use:   "show PLAN or INCIDENT",
		Short: "Show what a plan would do, or what an incident did",
		Args:  oneArg("a plan file or an incident"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			if runF != nil {
				return runF(opts)
			}
			return showRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.plan, "plan", false, "of an incident: print its last plan's file, for firebreak approve")
	return cmd
}

func showRun(ctx context.Context, opts *showOptions) error {
	if opts.plan {
		return showPlanOf(opts)
	}
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

// showPlanOf prints the file of an incident's last plan, byte for byte as its digest
// names it.
func showPlanOf(opts *showOptions) error {
	dir, err := opts.f.incident(opts.what)
	if err != nil {
		return err
	}
	_, d, err := readIncident(dir)
	if err != nil {
		return err
	}
	plans := d.State().Plans
	if len(plans) == 0 {
		return fault(Usage, "begin it again, with firebreak run", "%s has no plan", filepath.Base(dir))
	}
	last := plans[len(plans)-1]
	b, err := plan.Encode(last.Plan)
	if err != nil {
		return err
	}
	if plan.Digest(b) != last.Digest {
		return fault(Unverified, "firebreak verify "+filepath.Base(dir), "the plan in %s is not the one its digest names", filepath.Base(dir))
	}
	return opts.f.writeFile("", b)
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
