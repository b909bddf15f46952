package view

import (
	"fmt"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
)

// Details is what a person reads before agreeing to an action: its calls, what it
// relies on, whom it concerns, and the way back.
func Details(a *plan.Action) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s\n", Line(a.Use), Line(TargetName(a)))
	fmt.Fprintf(&b, "  effect %s, proof wanted %s\n", a.Effect, a.Proof)
	for _, c := range a.Calls {
		fmt.Fprintf(&b, "  would %s %s\n", Line(c.Verb), Line(c.Object))
	}
	if len(a.Before) > 0 {
		fmt.Fprintf(&b, "  now: %s\n", Line(string(a.Before)))
	}
	if a.Owner != "" {
		fmt.Fprintf(&b, "  concerns %s %s\n", Line(a.Owner), Line(a.Contact))
	}
	if a.Breaks != "" {
		fmt.Fprintf(&b, "  breaks: %s\n", Line(a.Breaks))
	}
	if a.Shortfall != "" {
		fmt.Fprintf(&b, "  proof ends there: %s\n", Line(a.Shortfall))
	}
	switch {
	case a.Inverse != nil:
		fmt.Fprintf(&b, "  way back: %s\n", Line(a.Inverse.Use))
	case a.Effect == plan.Irreversible:
		b.WriteString("  no way back\n")
	}
	return b.String()
}
