package boundary

import "strings"

// templateInjection: an expression is put into a script before the shell reads it, so
// that a title with a quote in it is code.
//
// Source: GitHub Docs, "Script injections"; the inputs are actionlint's list.
var templateInjection = Rule{
	ID:   "template-injection",
	Why:  "Text that an outsider writes is put into a script as code.",
	Fix:  "hand the text to the script in an environment variable, and quote the variable",
	Gate: true,
	judge: func(r *run) []hit {
		var hits []hit
		for i := range r.Steps {
			s := &r.Steps[i]
			for _, f := range s.Injections() {
				h := hit{Pos: r.at(s, f.Pos), severity: Low}
				h.message = "job " + r.Job.ID + " puts " + short(f.What) + " into a script"
				if events := unguarded(s.If, r.outsiders); len(events) > 0 {
					h.events = events
					h.severity = Medium
					if severity, what := r.authority(); what != "" {
						h.severity = severity
						h.message += " on " + strings.Join(events, ", ") + " while it holds " + what
					} else {
						h.message += " on " + strings.Join(events, ", ")
					}
				}
				hits = append(hits, h)
			}
		}
		return hits
	},
}
