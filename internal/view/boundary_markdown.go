package view

import (
	"fmt"
	"io"
	"strings"
)

// BoundaryMarkdown writes findings for a ticket.
func BoundaryMarkdown(w io.Writer, b Boundary) error {
	var out strings.Builder
	fmt.Fprintf(&out, "# Boundary\n\n%s in %s.\n", Count(b.Open, "open finding"), Count(b.Workflows, "workflow file"))
	if b.Open > 0 {
		out.WriteString("\nIn the order to mend them:\n\n| where | severity | rule | what | fix | fingerprint |\n|---|---|---|---|---|---|\n")
	}
	for _, f := range b.Findings[:b.Open] {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", Markdown(Place(f.Finding)), Markdown(f.Severity), Markdown(f.Rule), Markdown(f.Message), Markdown(f.Fix), f.Fingerprint)
	}
	if b.Open < len(b.Findings) {
		out.WriteString("\n## Accepted\n\n| where | rule | what | until | owner | reason |\n|---|---|---|---|---|---|\n")
	}
	for _, f := range b.Findings[b.Open:] {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", Markdown(Place(f.Finding)), Markdown(f.Rule), Markdown(f.Message), Markdown(day(f.Accepted.Expires)), Markdown(f.Accepted.Owner), Markdown(f.Accepted.Reason))
	}
	if len(b.Rules) > 0 {
		out.WriteString("\n## Why\n\n")
	}
	for _, r := range b.Rules {
		fmt.Fprintf(&out, "- **%s**: %s\n", Markdown(r.ID), Markdown(r.Why))
	}
	_, err := io.WriteString(w, out.String())
	return err
}
