package boundary

import (
	"maps"
	"slices"
	"strconv"
)

// writeForEveryJob: a permission at the top is every job's, also of the one that only
// runs other people's tests.
//
// Source: GitHub Docs, "Workflow syntax", jobs.<job_id>.permissions.
var writeForEveryJob = Rule{
	ID:    "write-for-every-job",
	Why:   "A write permission at the top of a workflow is given to jobs that have no use for it.",
	Fix:   "take it from the top and give it to the jobs that use it",
	Order: OrderToken,
	judgeFile: func(f *file) []hit {
		if f.Permissions == nil || f.Permissions.All != "" || len(f.Jobs) < 2 {
			return nil
		}
		var hits []hit
		for _, scope := range slices.Sorted(maps.Keys(f.Permissions.Scopes)) {
			s := f.Permissions.Scopes[scope]
			if s.Value != "write" || scope == "id-token" {
				continue
			}
			idle := f.idle(func(r *run) bool { return !r.needed().Uses(scope) })
			if len(idle) > 0 {
				hits = append(hits, hit{Pos: s.Pos, severity: Medium, message: scope + ": write is given to every job; " + listed("job", idle) + " no step that uses it"})
			}
		}
		return hits
	},
}

// idle lists the jobs with the workflow's own permissions of which every instance is idle.
func (f *file) idle(is func(*run) bool) []string {
	var out []string
	busy := map[string]bool{}
	for _, r := range f.runs {
		if r.Top.Permissions != nil || busy[r.Top.ID] {
			continue
		}
		if !is(r) {
			busy[r.Top.ID] = true
			out = slices.DeleteFunc(out, func(id string) bool { return id == r.Top.ID })
		} else if !slices.Contains(out, r.Top.ID) {
			out = append(out, r.Top.ID)
		}
	}
	return out
}

func count(n int) string { return strconv.Itoa(n) }
