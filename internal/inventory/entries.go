package inventory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// entries are the ways a job starts. What runs after other workflows is trusted as
// little as the least trusted of what starts those, where all of them are known.
func (m *Model) entries(w *ModelWorkflow, j *workflow.Job) []workflow.Entry {
	out := w.Entries(j)
	for i := range out {
		if e := &out[i]; e.Name == "workflow_run" && e.Trust == workflow.Untrusted && m.runsAfterInsiders(w) {
			e.Trust = workflow.Contributor
		}
	}
	return out
}

func narrowed(entries []workflow.Entry, f *workflow.File, j *workflow.Job) []workflow.Entry {
	var out []workflow.Entry
	for _, e := range entries {
		if e, ok := f.Narrow(e, j); ok {
			out = append(out, e)
		}
	}
	return out
}

// runsAfterInsiders says whether every workflow that a workflow_run waits for is among
// the files and none of them can be started by an outsider.
func (m *Model) runsAfterInsiders(w *ModelWorkflow) bool {
	i := slices.IndexFunc(w.Triggers, func(t workflow.Trigger) bool { return t.Name == "workflow_run" })
	if i < 0 || len(w.Triggers[i].Workflows) == 0 {
		return false
	}
	for _, name := range w.Triggers[i].Workflows {
		found := false
		for _, x := range m.named(name) {
			if !together(x.Branches, w.Branches) {
				continue
			}
			found = true
			if slices.ContainsFunc(x.Triggers, func(t workflow.Trigger) bool { return t.Trust == workflow.Untrusted }) {
				return false
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// named are the workflows of a name.
func (m *Model) named(name string) []*ModelWorkflow {
	return m.waitedFor([]string{name})
}

// waitedFor are the workflows of any of the names.
func (m *Model) waitedFor(names []string) []*ModelWorkflow {
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	var out []*ModelWorkflow
	for i := range m.Workflows {
		// One without a name is called by its path. Source: GitHub Docs, "Workflow syntax", name.
		if w := &m.Workflows[i]; wanted[cmp.Or(w.Name, w.Path)] || w.Name == "" && wanted[strings.TrimPrefix(w.Path, ".github/workflows/")] {
			out = append(out, w)
		}
	}
	return out
}

// Trust is the least trust in what starts the job, "" when nothing does.
func (in *Instance) Trust() workflow.Trust {
	least := workflow.Trust("")
	for _, e := range in.Entries {
		if least == "" || e.Trust.Rank() < least.Rank() {
			least = e.Trust
		}
	}
	return least
}

// Outsiders are the events by which somebody without write access starts the job with
// the repository's full authority.
func (in *Instance) Outsiders() []string {
	var out []string
	for i := range in.Entries {
		if in.Entries[i].Outsider() {
			out = append(out, in.Entries[i].Name)
		}
	}
	return out
}

// starts puts a job's entries into the inventory's words.
func (b *builder) starts(in *Instance) []Start {
	out := make([]Start, 0, len(in.Entries))
	for i := range in.Entries {
		e := &in.Entries[i]
		t := string(e.Trust)
		if e.Name == "push" && b.pushProtected(in.Model, in.Start) {
			t = string(workflow.Trusted)
		}
		out = append(out, Start{Event: e.Name, Trust: t, Authority: e.Authority, Refs: b.refs(in, e.Refs)})
	}
	return out
}

func (b *builder) pushProtected(m *Model, w *ModelWorkflow) bool {
	i := slices.IndexFunc(w.Triggers, func(t workflow.Trigger) bool { return t.Name == "push" })
	return i >= 0 && b.protected(m, w.Triggers[i])
}
