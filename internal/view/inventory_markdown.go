package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// InventoryMarkdown writes the authority graph as Markdown.
func InventoryMarkdown(w io.Writer, inv *inventory.Inventory) error {
	var b strings.Builder
	by := index(inv)
	b.WriteString("# Authority inventory\n")
	for _, r := range inv.Repositories {
		title := r.Repository
		if title == "" {
			title = r.Path
		}
		fmt.Fprintf(&b, "\n## %s\n", Markdown(title))
		for _, wf := range r.Workflows {
			workflowMarkdown(&b, &wf, by)
		}
	}
	if len(inv.Findings) > 0 {
		b.WriteString("\n## Findings\n\n| where | rule | what | fix |\n|---|---|---|---|\n")
	}
	for _, f := range inv.Findings {
		where := fmt.Sprintf("%s:%d:%d", f.Path, f.Line, f.Column)
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", Markdown(where), Markdown(f.Rule), Markdown(f.Message), Markdown(f.Fix))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func workflowMarkdown(b *strings.Builder, wf *inventory.Workflow, by map[string]entry) {
	fmt.Fprintf(b, "\n### %s\n\n", Markdown(wf.Path))
	for _, t := range wf.Triggers {
		fmt.Fprintf(b, "- on %s: %s\n", Markdown(t.Event), Markdown(t.Trust))
	}
	b.WriteString("\n| job | reaches | how | systems | authority | owner |\n|---|---|---|---|---|---|\n")
	for _, j := range wf.Jobs {
		for _, x := range j.Reaches {
			e := by[x.Credential]
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", Markdown(j.ID), Markdown(x.Name), Markdown(x.How),
				Markdown(e.systems), Markdown(e.authority), Markdown(e.ownerText(Style{})))
		}
	}
	lists := answers(wf)
	if len(lists) > 0 {
		b.WriteByte('\n')
	}
	for _, l := range lists {
		for _, a := range l.list {
			fmt.Fprintf(b, "- **%s**: %s\n", l.verb, Markdown(a.Sentence))
		}
	}
}
