package view

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// InventoryMarkdown writes the inventory for a ticket: the table workflow → secrets and
// identities → external systems → rotation owner, what each workflow can do, and the
// findings as they are ordered.
func InventoryMarkdown(w io.Writer, inv inventory.Inventory) error {
	var b strings.Builder
	several := len(inv.Repositories) > 1
	b.WriteString("# Authority inventory\n\n| workflow | secrets and identities | external systems | rotation owner |\n|---|---|---|---|\n")
	for _, r := range inventory.Summary(inv) {
		name := r.Workflow
		if several {
			name = r.Repository + " " + name
		}
		owners := Markdown(strings.Join(r.Owners, ", "))
		if owners == "" && len(r.Names) > 0 {
			owners = "**unknown**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", Markdown(name), orNone(r.Names), orNone(r.Systems), cmp.Or(owners, "none"))
	}
	for _, r := range inv.Repositories {
		for i := range r.Workflows {
			name := r.Workflows[i].Path
			if several {
				name = cmp.Or(r.Repository, r.Path) + " " + name
			}
			answersMarkdown(&b, name, &r.Workflows[i])
		}
	}
	findingsMarkdown(&b, inv.Findings)
	_, err := io.WriteString(w, b.String())
	return err
}

func orNone(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return Markdown(strings.Join(all, ", "))
}

// findingsMarkdown lists the open findings, then those that somebody lets stand.
func findingsMarkdown(b *strings.Builder, all []inventory.Finding) {
	var open, accepted strings.Builder
	for _, f := range all {
		if f.Accepted == nil {
			fmt.Fprintf(&open, "| %s | %s | %s | %s | %s |\n", Markdown(placed(f)), Markdown(f.Severity), Markdown(f.Rule), Markdown(f.Message), Markdown(f.Fix))
		} else {
			fmt.Fprintf(&accepted, "| %s | %s | %s | %s | %s | %s |\n", Markdown(placed(f)), Markdown(f.Rule), Markdown(f.Message), Markdown(day(f.Accepted.Expires)), Markdown(f.Accepted.Owner), Markdown(f.Accepted.Reason))
		}
	}
	if open.Len() > 0 {
		b.WriteString("\n## Findings\n\nIn the order to mend them:\n\n| where | severity | rule | what | fix |\n|---|---|---|---|---|\n" + open.String())
	}
	if accepted.Len() > 0 {
		b.WriteString("\n## Accepted\n\n| where | rule | what | until | owner | reason |\n|---|---|---|---|---|---|\n" + accepted.String())
	}
}

func answersMarkdown(b *strings.Builder, name string, wf *inventory.Workflow) {
	lists := answers(wf)
	if len(lists) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## What %s can do\n\n", Markdown(name))
	for _, l := range lists {
		for _, a := range l.list {
			fmt.Fprintf(b, "- **%s**: %s\n", l.verb, Markdown(a.Sentence))
		}
	}
	for _, id := range wf.Answers.MustRotate {
		fmt.Fprintf(b, "- after a suspicious run, rotate %s\n", Markdown(id))
	}
}
