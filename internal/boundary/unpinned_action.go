package boundary

import (
	"strings"

	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

// unpinnedAction: whoever can move a tag writes code that runs in the job. In March
// 2025 every tag of an action that 23,000 repositories used was moved.
//
// Source: GitHub Docs, "Security hardening for GitHub Actions", using third-party actions.
var unpinnedAction = Rule{
	ID:  "unpinned-action",
	Why: "A tag or branch of somebody else's action can be moved to other code at any time.",
	Fix: "name the commit in full, with the tag in a comment behind it",
	judgeFile: func(f *file) []hit {
		var hits []hit
		for i := range f.Jobs {
			j := &f.Jobs[i]
			if j.Call != nil {
				hits = f.unpinned(hits, hit{Pos: j.Call.Pos, job: j.ID}, "job "+j.ID+" calls", j.Call.Uses)
			}
			for k := range j.Steps {
				hits = f.unpinned(hits, hit{Pos: j.Steps[k].UsesPos, job: j.ID}, "job "+j.ID+" uses", j.Steps[k].Uses)
			}
		}
		f.inner(func(action, uses string, at workflow.Pos) {
			hits = f.unpinned(hits, hit{Pos: at, path: action}, "the action uses", uses)
		})
		return hits
	},
}

func (f *file) unpinned(hits []hit, h hit, who, uses string) []hit {
	if uses == "" || strings.HasPrefix(uses, "./") || strings.HasPrefix(uses, "docker://") || strings.Contains(uses, "${{") {
		return hits
	}
	name, ref, ok := strings.Cut(uses, "@")
	if !ok || isCommit(ref) || sameOwner(f.model.Repository, name) {
		return hits
	}
	h.severity = Medium
	if owner, _, _ := cut(name); owner == "actions" || owner == "github" {
		h.severity = Low // GitHub's own
	}
	h.message = who + " " + short(name) + " by " + short(ref) + ", which can be moved"
	return append(hits, h)
}

func sameOwner(repository, name string) bool {
	ours, _, ok := cut(repository)
	theirs, _, _ := cut(name)
	return ok && strings.EqualFold(ours, theirs)
}

func isCommit(ref string) bool { return snapshot.IsCommit(ref) }
