package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// Inventory writes the authority graph as a table: workflow → what it reaches →
// external systems → who rotates it; then the answers and the findings.
func Inventory(w io.Writer, st Style, inv inventory.Inventory) error {
	var b strings.Builder
	if workflows(inv) == 0 {
		b.WriteString("There is no workflow: nothing below .github/workflows was found.\n")
	}
	t := Table{Style: st, Head: []string{"WORKFLOW", "JOB", "TRUST", "REACHES", "HOW", "SYSTEMS", "AUTHORITY", "OWNER"}}
	for _, r := range inventory.Rows(inv) {
		t.Add(Line(r.Workflow), Line(r.Job), trust(st, r.Trust), Line(r.Name), Line(how(r)), Line(list(r.Systems)), Line(list(r.Authority)), ownerText(st, r))
	}
	if len(t.Rows) > 0 {
		if err := t.Write(&b); err != nil {
			return err
		}
	} else if workflows(inv) > 0 {
		b.WriteString("No workflow reaches a credential or an identity.\n")
	}
	for _, r := range inv.Repositories {
		for _, wf := range r.Workflows {
			writeAnswers(&b, st, &wf)
		}
	}
	if len(inv.Findings) > 0 {
		b.WriteString("\n" + st.Strong("Findings") + "\n")
	}
	for _, f := range inv.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", st.Strong(fmt.Sprintf("%s:%d:%d", Line(f.Path), f.Line, f.Column)), st.Bad(Line(f.Rule)), Line(f.Message))
		if f.Accepted != nil {
			fmt.Fprintf(&b, "      accepted until %s by %s: %s\n", Line(day(f.Accepted.Expires)), Line(f.Accepted.Owner), Line(f.Accepted.Reason))
		}
		if len(f.Branches) > 0 {
			fmt.Fprintf(&b, "      on %s\n", Line(strings.Join(f.Branches, ", ")))
		}
		if f.Fix != "" {
			fmt.Fprintf(&b, "      = %s\n", Line(f.Fix))
		}
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

func workflows(inv inventory.Inventory) (n int) {
	for _, r := range inv.Repositories {
		n += len(r.Workflows)
	}
	return n
}

func writeAnswers(b *strings.Builder, st Style, wf *inventory.Workflow) {
	lists := answers(wf)
	if len(lists) == 0 && len(wf.Answers.MustRotate) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", st.Strong("What "+Line(wf.Path)+" can do"))
	for _, l := range lists {
		for _, a := range l.list {
			fmt.Fprintf(b, "  %-10s %s %s\n", l.verb, Line(a.Sentence), st.Faint(fmt.Sprintf("(%s:%d, job %s)", Line(a.Path), a.Line, Line(a.Job))))
		}
	}
	if len(wf.Answers.ExposedIn) > 0 {
		fmt.Fprintf(b, "  exposed in %s\n", Line(strings.Join(wf.Answers.ExposedIn, ", ")))
	}
	if len(wf.Answers.MustRotate) > 0 {
		fmt.Fprintf(b, "  after a suspicious run, rotate %s\n", Line(strings.Join(wf.Answers.MustRotate, ", ")))
	}
}

type answerList struct {
	verb string
	list []inventory.Answer
}

// answers gives the non-empty lists in the order of the questions.
func answers(wf *inventory.Workflow) []answerList {
	a := &wf.Answers
	var out []answerList
	for _, l := range []answerList{
		{"deploy", a.Deploy},
		{"publish", a.Publish},
		{"rotate", a.Rotate},
		{"read", a.Read},
		{"exfiltrate", a.Exfiltrate},
		{"sign", a.Sign},
		{"escalate", a.Escalate},
	} {
		if len(l.list) > 0 {
			out = append(out, l)
		}
	}
	return out
}

func how(r inventory.Row) string {
	s := strings.Join(r.How, ", ")
	if r.Unused {
		s += " (not used)"
	}
	return s
}

func trust(st Style, t string) string {
	if t == "untrusted" {
		return st.Bad(t)
	}
	return Line(t)
}

func ownerText(st Style, r inventory.Row) string {
	switch {
	case r.Owner == "" && !r.Declared:
		return st.Bad("UNKNOWN (not declared)")
	case r.Owner == "":
		return st.Bad("UNKNOWN")
	}
	return Line(strings.TrimSpace(r.Owner + " " + r.Contact))
}

func list(s []string) string {
	if len(s) == 0 {
		return "unknown"
	}
	return strings.Join(s, ", ")
}
