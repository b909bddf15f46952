package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// tokenWriteByDefault: what nobody wrote down, nobody decided. A workflow without a
// permissions key has whatever the repository gives.
//
// Source: GitHub Docs, "Automatic token authentication", permissions for the GITHUB_TOKEN.
var tokenWriteByDefault = Rule{
	ID:    "token-write-by-default",
	Why:   "A job without a permissions key has whatever the repository gives its token, which may be write access to everything.",
	Fix:   "write permissions: contents: read at the top of the workflow, and what a job needs beyond that at that job",
	Order: OrderToken,
	judgeFile: func(f *file) []hit {
		if p := f.Permissions; p != nil {
			if p.All != "write-all" {
				return nil
			}
			return []hit{{Pos: p.Pos, severity: High, message: "permissions: write-all gives every job's token write access to everything"}}
		}
		if f.OnlyCalled() {
			return nil // what calls it caps it, and is judged itself
		}
		var without []string
		var at workflow.Pos
		outsiders := false
		for _, r := range f.runs {
			if r.Top.Permissions != nil || len(without) > 0 && without[len(without)-1] == r.Top.ID {
				continue
			}
			if len(without) == 0 {
				at = r.Top.Pos
			}
			without = append(without, r.Top.ID)
			outsiders = outsiders || len(r.outsiders) > 0
		}
		if len(without) == 0 {
			return nil
		}
		severity, what := Unknown, "what the repository gives by default was not read"
		switch f.model.DefaultPermissions {
		case "read":
			return nil
		case "write":
			severity, what = Medium, "the repository's default may write everything"
			if outsiders {
				severity, what = High, what+", and outsiders start it"
			}
		}
		return []hit{{Pos: at, severity: severity, message: listed("job", without) + " no permissions key, and " + what}}
	},
}

// listed writes "job a has" or "jobs a, b and 3 more have".
func listed(what string, ids []string) string {
	if len(ids) == 1 {
		return what + " " + ids[0] + " has"
	}
	shown := ids
	more := ""
	if len(ids) > 4 {
		shown, more = ids[:3], " and "+count(len(ids)-3)+" more"
	}
	return what + "s " + strings.Join(shown, ", ") + more + " have"
}
