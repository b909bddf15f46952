package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// allSecrets: an inventory of such a job is the list of all secrets there are.
//
// Source: GitHub Docs, "Contexts", secrets context.
var allSecrets = Rule{
	ID:  "all-secrets-in-one-value",
	Why: "A job that takes every secret at once, or one by a name worked out at run time, holds all of them.",
	Fix: "name the secrets that are needed, one by one",
	judge: func(r *run) []hit {
		var hits []hit
		for _, x := range r.Job.Refs {
			if x.Kind != workflow.All && x.Kind != workflow.Dynamic || x.Kind == workflow.Dynamic && len(r.Folded(x)) > 0 || x.How == workflow.HowIf {
				continue
			}
			h := hit{Pos: x.Pos, severity: Medium, message: "job " + r.Job.ID + " takes every secret there is (" + x.How + ")"}
			if len(r.outsiders) > 0 {
				h.severity, h.events = High, r.outsiders
				h.message += ", and outsiders start it by " + strings.Join(r.outsiders, ", ")
			}
			hits = append(hits, h)
		}
		return hits
	},
}
