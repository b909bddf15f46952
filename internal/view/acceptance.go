package view

import (
	"fmt"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/diag"
)

// NewNotes puts into words what a person has to know of the acceptances. rules are
// the ids of all rules there are.
func NewNotes(n boundary.Notes, rules []string, now time.Time) []NoteTold {
	out := []NoteTold{}
	add := func(note string, a boundary.Acceptance, text string) {
		out = append(out, NoteTold{note, a.Line, text})
	}
	for _, a := range n.Expired {
		add("expired", a, fmt.Sprintf("ended on %s: what it let stand (%s) counts again; mend it, or ask %s", lastDay(a.Expires), a.Rule, a.Owner))
	}
	for _, a := range n.Expiring {
		days := int(a.Expires.Sub(now).Hours()) / 24
		add("expiring", a, fmt.Sprintf("ends on %s, %s: then %s counts again; owner %s", lastDay(a.Expires), inDays(days), a.Rule, a.Owner))
	}
	for _, a := range n.Unused {
		text := "lets nothing stand: no finding of " + a.Rule + " fits its repository, path, job and fingerprint; take it out, or correct it"
		if !slices.Contains(rules, a.Rule) {
			text = "lets nothing stand: there is no rule " + a.Rule
			if near := diag.Nearest(a.Rule, rules); near != "" {
				text += "; did you mean " + near + "?"
			}
		}
		add("unused", a, text)
	}
	return out
}

func lastDay(end time.Time) string { return day(end.UTC().Format(time.RFC3339)) }

func inDays(n int) string {
	switch n {
	case 0:
		return "within a day"
	case 1:
		return "in a day"
	}
	return fmt.Sprintf("in %d days", n)
}
