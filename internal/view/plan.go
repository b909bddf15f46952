package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
)

// Plan writes a plan for a person: step by step what would be done, to what, on
// which evidence, and where the way back ends.
func Plan(w io.Writer, st Style, p *plan.Plan, digest string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", st.Strong("Plan"), digest)
	fmt.Fprintf(&b, "playbook %s, %s\n", Line(p.Playbook.Name), Count(len(p.Actions), "action"))
	for _, s := range p.Subjects {
		fmt.Fprintf(&b, "workflow under response: %s\n", Line(s))
	}
	for _, step := range plan.Steps() {
		writeStep(&b, st, p, step)
	}
	b.WriteByte('\n')
	for _, c := range p.Closings {
		how := "closed by " + Count(len(c.Actions), "action")
		if c.Open != "" {
			how = st.Bad("STAYS OPEN: " + Line(c.Open))
		}
		fmt.Fprintf(&b, "%s %s: %s\n", Line(c.Kind), st.Strong(Line(c.Name)), how)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Waits)) {
		fmt.Fprintf(&b, "%s %s waits %s instead of the provider's figure\n", st.Warn("override:"), Line(name), Line(p.Waits[name]))
	}
	for _, g := range p.Gaps {
		fmt.Fprintf(&b, "%s %s: %s\n", st.Warn("gap:"), Line(g.What), Line(g.Why))
	}
	if p.FirstIrreversible != "" {
		fmt.Fprintf(&b, "No way back from: %s\n", st.Bad(Line(p.FirstIrreversible)))
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

func writeStep(b *strings.Builder, st Style, p *plan.Plan, step plan.Step) {
	head := false
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Step != step {
			continue
		}
		if !head {
			fmt.Fprintf(b, "\n%s\n", st.Strong(string(step)))
			head = true
		}
		fmt.Fprintf(b, "  %s  %s  %s, proof %s\n", Line(a.Use), st.Strong(Line(TargetName(a))), effect(st, a.Effect), a.Proof)
		for _, c := range a.Calls {
			fmt.Fprintf(b, "      %s %s\n", Line(c.Verb), Line(c.Object))
		}
		if len(a.Calls) == 0 && a.Effect != plan.Read && a.Assisted == nil {
			fmt.Fprintf(b, "      %s\n", st.Faint("decided when its turn comes, or nothing to do"))
		}
		if a.Assisted != nil {
			fmt.Fprintf(b, "      by a person: %s\n", Line(a.Assisted.Instructions))
		}
		if a.Deadline > 0 {
			fmt.Fprintf(b, "      old value kept until the new one is tested, at most %s\n", a.Deadline.D())
		}
		if a.Breaks != "" {
			fmt.Fprintf(b, "      breaks: %s\n", Line(a.Breaks))
		}
		if a.Shortfall != "" {
			fmt.Fprintf(b, "      %s\n", st.Warn("proof ends there: "+Line(a.Shortfall)))
		}
	}
}

// TargetName is what a person calls an action's target. It is untrusted text.
func TargetName(a *plan.Action) string {
	if a.Target.Name != "" {
		return a.Target.Name
	}
	return a.Target.ID
}

func effect(st Style, e plan.Effect) string {
	//exhaustive:enforce
	switch e {
	case plan.Irreversible:
		return st.Bad(string(e))
	case plan.Disruptive:
		return st.Warn(string(e))
	case plan.Read, plan.Reversible:
	}
	return string(e)
}
