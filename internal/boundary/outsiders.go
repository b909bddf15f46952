package boundary

import (
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// outsiders are the events by which outsiders start a job, or what it calls.
func (f *file) outsiders(job string) []string {
	var out []string
	for _, r := range f.runs {
		if r.Top.ID == job {
			out = append(out, r.outsiders...)
		}
	}
	return compact(out)
}

func startedByOutsiders(w *inventory.ModelWorkflow) bool {
	for _, t := range w.Triggers {
		if t.Trust == workflow.Untrusted && t.Authority {
			return true
		}
	}
	return false
}

// unguarded are the events whose outsiders a step's condition does not keep out.
func unguarded(cond string, events []string) []string {
	if cond == "" {
		return events
	}
	var out []string
	for _, e := range events {
		if !workflow.Guarded(cond, e) {
			out = append(out, e)
		}
	}
	return out
}
