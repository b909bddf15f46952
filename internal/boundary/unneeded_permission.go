package boundary

import (
	"maps"
	"slices"

	"github.com/firebreak/firebreak/internal/workflow"
)

// unneededPermission: a permission that is there "just in case" is there for whoever
// gets into the job.
//
// Source: GitHub Docs, "Automatic token authentication", modifying the permissions.
var unneededPermission = Rule{
	ID:    "unneeded-permission",
	Why:   "A write permission that no step of the job uses serves only whoever gets into it.",
	Fix:   "take the permission away from this job",
	Order: OrderToken,
	judge: func(r *run) []hit {
		p := r.own()
		if p == nil || p.All != "" {
			return nil
		}
		var hits []hit
		for _, scope := range slices.Sorted(maps.Keys(p.Scopes)) {
			s := p.Scopes[scope]
			if s.Value != "write" || scope == "id-token" {
				continue
			}
			if !r.needed().Uses(scope) {
				hits = append(hits, hit{Pos: s.Pos, severity: Low, message: "job " + r.Job.ID + " has " + scope + ": write, and no step of it uses that"})
			}
		}
		return hits
	},
}

// own are the permissions that are the job's alone: its key, or the workflow's where
// it has one job. nil for a called workflow's job, whose caller decides, and for a call.
func (r *run) own() *workflow.Permissions {
	switch {
	case r.Call != nil || r.Remote != "":
		return nil
	case r.Job.Permissions != nil:
		return r.Job.Permissions
	case len(r.File.Jobs) == 1:
		return r.File.Permissions
	}
	return nil
}
