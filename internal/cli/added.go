package cli

import (
	"context"

	"github.com/firebreak/firebreak/internal/view"
)

// addedRun compares an earlier snapshot with what is there now, or with a later
// snapshot: what an attacker added stands among it.
func addedRun(ctx context.Context, opts *inventoryOptions, format string) error {
	f := opts.f
	switch {
	case format == "sarif" || format == "mermaid" || format == "html":
		return fault(Usage, "use human, json or markdown", "--output %s has no form for what was added", format)
	case opts.baseline != "":
		return fault(Usage, "leave one of them out", "--added-since compares snapshots, --baseline inventories")
	case opts.workflow != "" || opts.job != "":
		return fault(Usage, "leave --workflow and --job out", "--added-since is about everything a survey lists, not about one workflow")
	}
	earlier, err := readSnapshot(opts.since)
	if err != nil {
		return err
	}
	read, err := opts.reading.read(ctx, "inventory")
	if err != nil {
		return err
	}
	if read.snapshot == nil {
		return fault(Usage, "name a repository, OWNER/REPO, or a later snapshot with --snapshot", "a folder has no survey to compare with")
	}
	a := view.NewAdded(earlier, read.snapshot)
	switch format {
	case "json":
		return view.JSON(f.IO.Out, a)
	case "markdown":
		return view.AddedMarkdown(f.IO.Out, a)
	}
	return view.WriteAdded(f.IO.Out, f.IO.OutStyle(), a)
}
