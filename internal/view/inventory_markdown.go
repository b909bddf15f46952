package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// InventoryMarkdown writes the authority graph as Markdown.
func InventoryMarkdown(w io.Writer, inv inventory.Inventory) error {
	var b strings.Builder
	b.WriteString("# Authority inventory\n\n| repository | workflow | job | trust | reaches | how | systems | authority | owner |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range inventory.Rows(inv) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", Markdown(r.Repository), Markdown(r.Workflow), Markdown(r.Job), Markdown(r.Trust),
			Markdown(r.Name), Markdown(how(r)), Markdown(list(r.Systems)), Markdown(list(r.Authority)), Markdown(ownerText(Style{}, r)))
	}
	for _, r := range inv.Repositories {
		for i := range r.Workflows {
			answersMarkdown(&b, &r.Workflows[i])
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

func answersMarkdown(b *strings.Builder, wf *inventory.Workflow) {
	lists := answers(wf)
	if len(lists) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## What %s can do\n\n", Markdown(wf.Path))
	for _, l := range lists {
		for _, a := range l.list {
			fmt.Fprintf(b, "- **%s**: %s\n", l.verb, Markdown(a.Sentence))
		}
	}
	for _, id := range wf.Answers.MustRotate {
		fmt.Fprintf(b, "- after a suspicious run, rotate %s\n", Markdown(id))
	}
}
