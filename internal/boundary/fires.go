package boundary

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// fires gives those of the workflow's branches from which one of the events can
// start exactly this copy of it. A plain folder has no branches; an unknown
// default branch counts as every branch.
//
// Source: GitHub Docs, "Events that trigger workflows"; see workflow.Event.From.
// A pull_request_target on a base branch other than the default counts, see
// there: a stale branch whose copy was never mended must not slip through because
// a server is older than this program.
func fires(m *inventory.Model, w *inventory.ModelWorkflow, events []string) []string {
	var out []string
	for _, branch := range w.Branches {
		if slices.ContainsFunc(w.Triggers, func(t workflow.Trigger) bool {
			return slices.Contains(events, t.Name) && firesFrom(t, branch, m.DefaultBranch) && !stopped(m, t, branch)
		}) {
			out = append(out, branch)
		}
	}
	return out
}

// stopped says whether a freeze keeps the event from happening on a branch: nobody
// can push to it, and where a tag's push starts it too, nobody can make or move one.
// Only what a change of the ref itself raises is stopped. A frozen branch is still
// the base of a pull request, and can still be dispatched from.
func stopped(m *inventory.Model, t workflow.Trigger, branch string) bool {
	if t.Name != "push" || !slices.Contains(m.Frozen, branch) {
		return false
	}
	tagless := len(t.Tags) == 0 && (len(t.Branches) > 0 || len(t.BranchesIgnore) > 0)
	return tagless || m.TagsFrozen
}

func firesFrom(t workflow.Trigger, branch, byDefault string) bool {
	switch t.From {
	case workflow.FromDefault:
		return byDefault == "" || branch == byDefault
	case workflow.FromCaller:
		return false
	}
	switch t.Name {
	case "push":
		// With only tag filters a push of a branch does not start it, but a tag on the
		// branch's head does.
		if len(t.Branches) > 0 {
			return matches(t.Branches, branch) || len(t.Tags) > 0
		}
		if len(t.BranchesIgnore) > 0 {
			return !matches(t.BranchesIgnore, branch) || len(t.Tags) > 0
		}
	case "pull_request_target":
		if len(t.Branches) > 0 {
			return matches(t.Branches, branch)
		}
		if len(t.BranchesIgnore) > 0 {
			return !matches(t.BranchesIgnore, branch)
		}
	}
	return true
}

// matches applies a filter's patterns in order, "!" taking back what matched.
// Source: GitHub Docs, "Workflow syntax", filter pattern cheat sheet.
func matches(patterns []string, branch string) bool {
	ok := false
	for _, p := range patterns {
		if rest, not := strings.CutPrefix(p, "!"); not {
			ok = ok && !glob(rest, branch)
		} else {
			ok = ok || glob(p, branch)
		}
	}
	return ok
}

func glob(pattern, branch string) bool {
	if pattern == branch {
		return true
	}
	if !strings.Contains(pattern, "**") && !strings.ContainsAny(pattern, "+?[") {
		ok, err := path.Match(pattern, branch)
		return err != nil || ok // a pattern that cannot be read counts as matching
	}
	var re strings.Builder
	re.WriteString("^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			if i+1 < len(pattern) && pattern[i+1] == '*' {
				re.WriteString(".*")
				i++
			} else {
				re.WriteString("[^/]*")
			}
		case '?', '+', '[', ']': // as in regular expressions
			re.WriteByte(c)
		default:
			re.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	re.WriteString("$")
	compiled, err := regexp.Compile(re.String())
	return err != nil || compiled.MatchString(branch)
}
