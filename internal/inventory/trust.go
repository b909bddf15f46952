package inventory

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// trust narrows what the table of events says by what is known of this
// repository: a push that only protected branches can cause is trusted, and a
// reusable workflow is trusted as little as the least trusted of its callers.
func (b *builder) trust(m *Model, w *ModelWorkflow, t workflow.Trigger) workflow.Trust {
	switch t.Name {
	case "push":
		if b.protected(m, t) {
			return workflow.Trusted
		}
	case "workflow_call":
		return b.callers(m, w, t.Trust, map[string]bool{})
	}
	return t.Trust
}

func (b *builder) protected(m *Model, t workflow.Trigger) bool {
	r := b.repos[m.Repository]
	if r == nil || len(t.Branches) == 0 || len(t.Tags) > 0 || len(t.TagsIgnore) > 0 {
		return false
	}
	for _, name := range t.Branches {
		found := false
		for _, branch := range r.Branches {
			found = found || branch.Name == name && branch.Protected
		}
		if !found {
			return false
		}
	}
	return true
}

func (b *builder) callers(m *Model, w *ModelWorkflow, least workflow.Trust, seen map[string]bool) workflow.Trust {
	if seen[w.Path] {
		return least
	}
	seen[w.Path] = true
	for _, i := range b.callersOf(m)[w.Path] {
		c := &m.Workflows[i]
		if !together(c.Branches, w.Branches) {
			continue
		}
		for _, t := range c.Triggers {
			trust := t.Trust
			if t.Name == "workflow_call" {
				trust = b.callers(m, c, least, seen)
			}
			if trust.Rank() < least.Rank() {
				least = trust
			}
		}
	}
	return least
}

// callersOf lists, by the path of a reusable workflow, the workflows of the repository
// that call it.
func (b *builder) callersOf(m *Model) map[string][]int {
	if b.calling == m {
		return b.calls
	}
	b.calling, b.calls = m, map[string][]int{}
	for i := range m.Workflows {
		for k := range m.Workflows[i].Jobs {
			c := m.Workflows[i].Jobs[k].Call
			if c == nil || c.Local == "" {
				continue
			}
			if l := b.calls[c.Local]; len(l) == 0 || l[len(l)-1] != i {
				b.calls[c.Local] = append(l, i)
			}
		}
	}
	return b.calls
}

// events names a file's events for a sentence.
func events(f *workflow.File) string {
	var names []string
	for _, t := range f.Triggers {
		names = append(names, t.Name)
	}
	if len(names) == 0 {
		return "no event"
	}
	return strings.Join(names, ", ")
}

// SelfHosted says whether a runner is, or by its labels must be taken for, one
// that the organization runs itself and that outlives the job.
// Source: GitHub Docs, "Using self-hosted runners in a workflow": the label is
// added by default but may be left out; GitHub's own labels are the names below.
func SelfHosted(r workflow.Runner) bool {
	if slices.ContainsFunc(r.Labels, func(l string) bool { return strings.EqualFold(l, "self-hosted") }) {
		return true
	}
	for _, l := range r.Labels {
		l = strings.ToLower(l)
		hosted := strings.HasPrefix(l, "ubuntu-") || strings.HasPrefix(l, "windows-") || strings.HasPrefix(l, "macos-") || strings.Contains(l, "${{")
		if !hosted {
			return r.Group == "" && !strings.Contains(l, "ubuntu") && !strings.Contains(l, "windows") && !strings.Contains(l, "macos")
		}
	}
	return false
}
