package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// worstShown is how many findings are told whole; boundary tells all.
const worstShown = 8

// namesShown is how many of a workflow's credentials are named in the table.
const namesShown = 6

// Inventory writes the table workflow → secrets and identities → external systems →
// rotation owner, a row for each workflow, and the first of the findings, which come in
// the order to mend them.
func Inventory(w io.Writer, st Style, inv inventory.Inventory) error {
	var b strings.Builder
	rows := inventory.Summary(inv)
	if len(rows) == 0 {
		b.WriteString("There is no workflow: nothing below .github/workflows was found.\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	several := len(inv.Repositories) > 1
	versions := map[string]int{} // of a file that differs between branches
	for _, r := range rows {
		versions[r.Repository+" "+r.Workflow]++
	}
	t := Table{Style: st, Width: st.width, Head: []string{"WORKFLOW", "SECRETS AND IDENTITIES", "EXTERNAL SYSTEMS", "ROTATION OWNER"}}
	for _, r := range rows {
		name := strings.TrimPrefix(r.Workflow, ".github/workflows/")
		if several {
			name = r.Repository + " " + name
		}
		if versions[r.Repository+" "+r.Workflow] > 1 {
			name += " on " + strings.Join(r.Branches, ", ")
		}
		owners := Line(strings.Join(r.Owners, ", "))
		if owners == "" && len(r.Names) > 0 {
			owners = st.Bad("UNKNOWN")
		}
		t.Add(Line(name), Line(first(r.Names, namesShown, "none")), Line(first(r.Systems, namesShown, "-")), owners)
	}
	if err := t.Write(&b); err != nil {
		return err
	}
	writeWorst(&b, st, inv.Findings)
	b.WriteString("\nOne workflow's blast radius: firebreak inventory --workflow FILE\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// first names the first of many, and how many more there are.
func first(all []string, n int, none string) string {
	switch {
	case len(all) == 0:
		return none
	case len(all) <= n:
		return strings.Join(all, ", ")
	}
	return strings.Join(all[:n-1], ", ") + fmt.Sprintf(" and %d more", len(all)-n+1)
}

func writeWorst(b *strings.Builder, st Style, findings []inventory.Finding) {
	counts := map[string]int{}
	var open []inventory.Finding
	for _, f := range findings {
		if f.Accepted == nil {
			counts[f.Severity]++
			open = append(open, f)
		}
	}
	if len(findings) == 0 {
		return
	}
	var parts []string
	for _, s := range []string{"critical", "high", "unknown", "medium", "low"} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	if n := len(findings) - len(open); n > 0 {
		parts = append(parts, fmt.Sprintf("%d accepted", n))
	}
	fmt.Fprintf(b, "\n%s %s\n", st.Strong(Count(len(findings), "finding")+":"), strings.Join(parts, ", "))
	var text strings.Builder
	for i, f := range open {
		if i == worstShown {
			break
		}
		writeFinding(&text, st, f)
	}
	if len(open) > worstShown {
		fmt.Fprintf(&text, "and %d more, in the order to mend them: firebreak boundary\n", len(open)-worstShown)
	}
	b.WriteString(st.fit(text.String()))
}

// Radius writes the blast radius of the workflows in an inventory: the questions, each
// with one sentence per credential, the doors, what must be rotated, and the findings.
func Radius(w io.Writer, st Style, inv inventory.Inventory) error {
	var b strings.Builder
	for _, r := range inv.Repositories {
		for i := range r.Workflows {
			writeRadius(&b, st, inv, r.Repository, &r.Workflows[i])
			writeFlows(&b, st, r.Flows, r.Workflows[i].Path)
		}
	}
	if len(inv.Findings) > 0 {
		b.WriteString("\n" + st.Strong("Findings") + "\n")
	}
	for _, f := range inv.Findings {
		writeFinding(&b, st, f)
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

func writeFinding(b *strings.Builder, st Style, f inventory.Finding) {
	fmt.Fprintf(b, "%s %s: %s\n", st.Strong(placed(f)), st.Bad(Line(f.Severity+" "+f.Rule)), Line(f.Message))
	if f.Accepted != nil {
		fmt.Fprintf(b, "      accepted until %s by %s: %s\n", Line(day(f.Accepted.Expires)), Line(f.Accepted.Owner), Line(f.Accepted.Reason))
	}
	if len(f.Branches) > 0 {
		fmt.Fprintf(b, "      on %s\n", Line(strings.Join(f.Branches, ", ")))
	}
	if f.Fix != "" {
		fmt.Fprintf(b, "      = %s\n", Line(f.Fix))
	}
}

// placed is where a finding stands; a folder that is the only one read is not named.
func placed(f inventory.Finding) string {
	if f.Folder == "." {
		f.Folder = ""
	}
	return Place(f)
}

// questions are what the mission asks, with the word for each and whether its silence
// is an answer too.
var questions = []struct {
	verb, ask string
	always    bool
}{
	{"deploy", "What can it deploy?", true},
	{"publish", "Where can it publish?", true},
	{"rotate", "What can it rotate?", true},
	{"read", "What can it read?", true},
	{"exfiltrate", "What can it exfiltrate?", true},
	{"sign", "What can it sign?", false},
	{"escalate", "How can it go further?", false},
}

func writeRadius(b *strings.Builder, st Style, inv inventory.Inventory, repository string, wf *inventory.Workflow) {
	name := wf.Path
	if repository != "" {
		name = repository + " " + name
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "%s\n", st.Strong(Line(name)))
	if len(wf.Branches) > 0 {
		fmt.Fprintf(b, "  on %s\n", Line(strings.Join(wf.Branches, ", ")))
	}
	lists := map[string][]inventory.Answer{}
	for _, l := range answers(wf) {
		lists[l.verb] = l.list
	}
	for _, q := range questions {
		if len(lists[q.verb]) == 0 && !q.always {
			continue
		}
		fmt.Fprintf(b, "\n%s\n", st.Strong(q.ask))
		if len(lists[q.verb]) == 0 {
			b.WriteString("  Nothing that is known.\n")
		}
		for _, a := range lists[q.verb] {
			fmt.Fprintf(b, "  %s %s\n", Line(a.Sentence), st.Faint(fmt.Sprintf("(%s:%d)", Line(a.Path), a.Line)))
		}
	}
	fmt.Fprintf(b, "\n%s\n", st.Strong("Who starts it"))
	for _, j := range wf.Jobs {
		writeStarts(b, st, &j)
	}
	writeIdentities(b, st, inv)
	if len(wf.Answers.ExposedIn) > 0 {
		fmt.Fprintf(b, "\n%s\n  %s\n", st.Strong("Where values appear"), Line(strings.Join(wf.Answers.ExposedIn, "; ")))
	}
	writeRotations(b, st, inv, wf)
}

// writeFlows tells what of a workflow's others run with, and what of others it runs with.
func writeFlows(b *strings.Builder, st Style, flows []inventory.Flow, workflow string) {
	var out []string
	for _, f := range flows {
		name := "the " + f.Kind
		if f.Name != "" {
			name += " " + f.Name
		}
		for _, r := range f.Readers {
			for _, w := range f.Writers {
				if r.Workflow == w.Workflow && r.Job == w.Job || r.Workflow != workflow && w.Workflow != workflow {
					continue
				}
				line := fmt.Sprintf("job %s of %s restores %s that job %s of %s writes (", Line(r.Job), Line(bareName(r.Workflow)), Line(name), Line(w.Job), Line(bareName(w.Workflow)))
				out = append(out, line+trust(st, w.Trust)+")")
			}
		}
	}
	if len(out) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", st.Strong("What goes on by caches and artifacts"))
	for i, l := range out {
		if i == flowsShown {
			fmt.Fprintf(b, "  and %d more, in --output json\n", len(out)-flowsShown)
			break
		}
		b.WriteString("  " + l + "\n")
	}
}

// flowsShown is how many caches and artifacts are told.
const flowsShown = 12

func bareName(workflow string) string { return strings.TrimPrefix(workflow, ".github/workflows/") }

func writeStarts(b *strings.Builder, st Style, j *inventory.Job) {
	var parts []string
	for _, s := range j.Starts {
		text := Line(s.Event) + " (" + trust(st, s.Trust)
		if s.Trust == "untrusted" && !s.Authority {
			text += ", without secrets"
		}
		parts = append(parts, text+")")
	}
	if len(parts) == 0 {
		parts = []string{"nothing: its conditions refuse every event"}
	}
	fmt.Fprintf(b, "  job %s: %s\n", Line(j.ID), strings.Join(parts, ", "))
}

func writeIdentities(b *strings.Builder, st Style, inv inventory.Inventory) {
	if len(inv.Identities) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", st.Strong("What it can become"))
	for _, i := range inv.Identities {
		fmt.Fprintf(b, "  %s: %s\n", Line(i.Name), Line(i.Verdict))
		if i.Witness != "" {
			fmt.Fprintf(b, "    by %s\n", Line(i.Witness))
		}
		for _, o := range i.OpenTo {
			fmt.Fprintf(b, "    open to %s\n", Line(o))
		}
	}
}

func writeRotations(b *strings.Builder, st Style, inv inventory.Inventory, wf *inventory.Workflow) {
	if len(wf.Answers.MustRotate) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", st.Strong("After a suspicious run, rotate"))
	by := map[string]*inventory.Credential{}
	for i := range inv.Credentials {
		by[inv.Credentials[i].ID] = &inv.Credentials[i]
	}
	for _, id := range wf.Answers.MustRotate {
		c := by[id]
		if c == nil {
			fmt.Fprintf(b, "  %s\n", Line(id))
			continue
		}
		owner := Line(strings.TrimSpace(c.Owner + " " + c.Contact))
		if owner == "" {
			owner = st.Bad("nobody is named")
		}
		fmt.Fprintf(b, "  %s (%s): %s\n", Line(strings.Join(c.Names, ", ")), Line(c.Scope), owner)
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

func trust(st Style, t string) string {
	if t == "untrusted" {
		return st.Bad(t)
	}
	return Line(t)
}
