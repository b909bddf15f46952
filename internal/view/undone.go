package view

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/evidence"
	"github.com/firebreak/firebreak/internal/respond"
)

// undoings says how often something was undone and by whom, as far as the provider's own
// log tells. It is untrusted text.
func undoings(times int, all []evidence.Undoing) string {
	var by, silent []string
	nobody := max(0, times-len(all))
	for _, u := range all {
		for _, d := range u.By {
			by = append(by, d.Who+" ("+d.Event+", "+stamp(d.At)+")")
		}
		switch {
		case u.Unknown != "" && !slices.Contains(silent, u.Unknown):
			silent = append(silent, u.Unknown)
		case u.Unknown == "" && len(u.By) == 0:
			nobody++
		}
	}
	out := []string{"undone by somebody " + Count(times, "time") + " and done again"}
	if len(by) > 0 {
		out = append(out, "the provider's log names "+strings.Join(by, ", "))
	}
	out = append(out, silent...)
	if nobody > 0 {
		out = append(out, "of "+Count(nobody, "time")+" it is not known by whom; look into the provider's audit log")
	}
	return strings.Join(out, "; ")
}

func undoneOf(a *respond.ActionState) string {
	if a.Undone == 0 {
		return ""
	}
	return undoings(a.Undone, evidence.Undoings(a.Undoings))
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}
