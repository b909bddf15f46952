package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/checkout"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

type inventoryOptions struct {
	f        *Factory
	what     []string
	snapshot string
	workflow string
	job      string
}

func newCmdInventory(f *Factory, runF func(*inventoryOptions) error) *cobra.Command {
	opts := &inventoryOptions{f: f}
	cmd := &cobra.Command{
		Use:   "inventory [PATH or OWNER/REPO]...",
		Short: "Show what each workflow reaches, what that can do, and who rotates it",
		Long: `Show workflow → secrets and identities → external systems → rotation owner, and the
findings. A folder is read as it lies there; a repository is surveyed; --snapshot
works offline. With --workflow, and --job, it is the blast radius.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args
			if runF != nil {
				return runF(opts)
			}
			return inventoryRun(cmd.Context(), opts)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&opts.snapshot, "snapshot", "", "read this snapshot `file` instead of surveying")
	fl.StringVar(&opts.workflow, "workflow", "", "only this workflow `file`")
	fl.StringVar(&opts.job, "job", "", "only this `job` of the workflow")
	return cmd
}

func inventoryRun(ctx context.Context, opts *inventoryOptions) error {
	f := opts.f
	format, err := f.format("human", "json", "markdown")
	if err != nil {
		return err
	}
	inv, err := opts.build(ctx)
	if err != nil {
		return err
	}
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
	switch format {
	case "json":
		b, err := inventory.Encode(inv)
		if err != nil {
			return err
		}
		return f.writeFile("", b)
	case "markdown":
		return view.InventoryMarkdown(f.IO.Out, inv)
	}
	return view.Inventory(f.IO.Out, f.IO.OutStyle(), inv)
}

func (opts *inventoryOptions) build(ctx context.Context) (inventory.Inventory, error) {
	f := opts.f
	cfg, err := f.readConfig()
	if err != nil {
		return inventory.Inventory{}, err
	}
	local := &site{config: cfg}
	if opts.snapshot != "" {
		b, err := os.ReadFile(opts.snapshot)
		if err != nil {
			return inventory.Inventory{}, &Fault{Usage, fmt.Errorf("read snapshot: %w", err), "make one with firebreak survey"}
		}
		snap, err := snapshot.Decode(b)
		if err != nil {
			return inventory.Inventory{}, &Fault{Usage, fmt.Errorf("%s: %w", opts.snapshot, err), "make it again with firebreak survey"}
		}
		return local.understand(snap).inventory, nil
	}
	if len(opts.what) == 0 {
		opts.what = []string{"."}
	}
	var folders, remote []string
	for _, w := range opts.what {
		if info, err := os.Stat(w); err == nil && info.IsDir() {
			folders = append(folders, w)
		} else {
			remote = append(remote, w)
		}
	}
	return opts.both(ctx, local, folders, remote)
}

// both builds one inventory from folders and surveyed repositories.
func (opts *inventoryOptions) both(ctx context.Context, s *site, folders, remote []string) (inventory.Inventory, error) {
	var models []inventory.Model
	var snap *snapshot.Snapshot
	if len(remote) > 0 {
		about := subject{repos: remote}
		if err := about.complete(s.config.GitHub.Owner); err != nil {
			return inventory.Inventory{}, err
		}
		real, err := opts.f.realSite(ctx, opts.f.agent("inventory"), true)
		if err != nil {
			return inventory.Inventory{}, err
		}
		l, err := real.look(ctx, about.repos, nil)
		if err != nil {
			return inventory.Inventory{}, err
		}
		models, snap = l.models, l.snapshot
	}
	for _, folder := range folders {
		src, skipped, err := checkout.Read(folder, "")
		if err != nil {
			return inventory.Inventory{}, &Fault{Usage, err, "name a folder with a .github folder in it"}
		}
		for _, x := range skipped {
			if _, err := fmt.Fprintf(opts.f.IO.Err, "not read: %s: %s\n", view.Line(x.Path), view.Line(x.Why)); err != nil {
				return inventory.Inventory{}, err
			}
		}
		models = append(models, inventory.Parse([]inventory.Source{src})...)
	}
	inv := inventory.Build(models, snap, &s.config)
	return inv.WithFindings(boundary.Check(models, inv)), nil
}
