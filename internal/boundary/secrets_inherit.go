package boundary

import "strings"

// secretsInherit: what is inherited is chosen by the called workflow, not by the caller.
//
// Source: GitHub Docs, "Reusing workflows", passing secrets to nested workflows.
var secretsInherit = Rule{
	ID:  "secrets-inherit-across-trust",
	Why: "With secrets: inherit the called workflow takes what it likes, and somebody else can change what that is.",
	Fix: "pass the secrets it needs by name",
	judgeFile: func(f *file) []hit {
		var hits []hit
		for i := range f.Jobs {
			j := &f.Jobs[i]
			if j.Call == nil || !j.Call.Inherit {
				continue
			}
			h := hit{Pos: j.Call.InheritPos, job: j.ID, message: "job " + j.ID + " gives every secret to " + short(j.Call.Uses)}
			outsiders := f.outsiders(j.ID)
			switch {
			case len(outsiders) > 0:
				h.severity, h.events = High, outsiders
				h.message += ", and outsiders start it by " + strings.Join(outsiders, ", ")
			case j.Call.Local == "" && !sameOwner(f.model.Repository, j.Call.Uses):
				h.severity = Medium
				h.message += ", which is another repository's"
			default:
				continue
			}
			hits = append(hits, h)
		}
		return hits
	},
}
