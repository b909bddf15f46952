package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/view"
)

type inventoryOptions struct {
	f        *Factory
	reading  reading
	workflow string
	job      string
	baseline string
	since    string
}

func newCmdInventory(f *Factory, runF func(*inventoryOptions) error) *cobra.Command {
	opts := &inventoryOptions{f: f, reading: reading{f: f}}
	cmd := &cobra.Command{
		Use:   "inventory [PATH or OWNER/REPO]...",
		Short: "Show what each workflow reaches, what that can do, and who rotates it",
		Long: `Show workflow → secrets and identities → external systems → rotation owner, and the
findings. A folder is read as it lies there; a repository is surveyed; --snapshot
works offline. With --workflow, and --job, it is the blast radius. With --baseline it
tells what came, went or changed since, and nothing else.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.reading.what = args
			if runF != nil {
				return runF(opts)
			}
			return inventoryRun(cmd.Context(), opts)
		},
	}
	fl := cmd.Flags()
	opts.reading.addFlag(cmd)
	fl.StringVar(&opts.workflow, "workflow", "", "only this workflow `file`")
	fl.StringVar(&opts.baseline, "baseline", "", "tell what is another than in this `file`, an earlier inventory as JSON; exit code 3 if anything is")
	fl.StringVar(&opts.since, "added-since", "", "tell what was added, changed or removed since this snapshot `file`")
	fl.StringVar(&opts.job, "job", "", "only this `job` of the workflow")
	return cmd
}

func inventoryRun(ctx context.Context, opts *inventoryOptions) error {
	f := opts.f
	format, err := f.format("human", "json", "markdown", "html", "sarif", "mermaid")
	if err != nil {
		return err
	}
	if opts.since != "" {
		return addedRun(ctx, opts, format)
	}
	var baseline inventory.Inventory
	if opts.baseline != "" {
		if format == "sarif" || format == "mermaid" || format == "html" {
			return fault(Usage, "use human, json or markdown", "--output %s has no form for drift", format)
		}
		if baseline, err = readBaseline(opts.baseline); err != nil {
			return err
		}
	}
	opts.reading.lines = format == "sarif"
	read, err := opts.reading.read(ctx, "inventory")
	if err != nil {
		return err
	}
	inv := read.inventory
	if opts.workflow != "" {
		about := subject{workflows: []string{opts.workflow}}
		if err := about.complete(""); err != nil {
			return err
		}
		inv = inventory.ForWorkflow(inv, about.workflows[0], opts.job)
		if len(inv.Repositories) == 0 {
			return fault(Usage, "firebreak inventory lists every workflow", "there is no workflow %s", opts.workflow)
		}
	} else if opts.job != "" {
		return fault(Usage, "name the workflow too, with --workflow", "--job alone does not say of which workflow")
	}
	if err := read.acceptances(f); err != nil {
		return err
	}
	if opts.baseline != "" {
		return driftRun(f, format, opts, baseline, inv)
	}
	switch format {
	case "json":
		return inventory.Write(f.IO.Out, inv)
	case "sarif":
		return view.SARIF(f.IO.Out, f.Version, read.boundary(inv.Findings, f))
	case "mermaid":
		return view.Mermaid(f.IO.Out, inv)
	}
	inv.Findings = boundary.InOrder(inv.Findings)
	switch format {
	case "markdown":
		return view.InventoryMarkdown(f.IO.Out, inv)
	case "html":
		return view.InventoryHTML(f.IO.Out, inv)
	}
	if opts.workflow != "" {
		return view.Radius(f.IO.Out, f.IO.OutStyle(), inv)
	}
	return view.Inventory(f.IO.Out, f.IO.OutStyle(), inv)
}

func readBaseline(file string) (inventory.Inventory, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return inventory.Inventory{}, &Fault{Usage, fmt.Errorf("read baseline: %w", err), "make one with firebreak inventory --output json"}
	}
	inv, err := inventory.Decode(b)
	if err != nil {
		return inv, &Fault{Usage, fmt.Errorf("%s: %w", file, err), "make it again with firebreak inventory --output json"}
	}
	return inv, nil
}

// driftRun compares with a baseline, narrowed as the inventory is.
func driftRun(f *Factory, format string, opts *inventoryOptions, baseline, inv inventory.Inventory) error {
	if opts.workflow != "" {
		about := subject{workflows: []string{opts.workflow}}
		if err := about.complete(""); err != nil {
			return err
		}
		baseline = inventory.ForWorkflow(baseline, about.workflows[0], opts.job)
	}
	d := inventory.Compare(baseline, inv)
	var err error
	switch format {
	case "json":
		err = view.JSON(f.IO.Out, d)
	case "markdown":
		err = view.DriftMarkdown(f.IO.Out, d)
	default:
		err = view.Drift(f.IO.Out, f.IO.OutStyle(), d)
	}
	if err == nil && !d.Empty() {
		err = fault(Findings, "", "the inventory is another than the baseline: %d added, %d removed, %d changed", len(d.Added), len(d.Removed), len(d.Changed))
	}
	return err
}
