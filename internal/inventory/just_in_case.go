package inventory

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// RuleJustInCase tells of a secret that is handed to something that has no use for it.
// It is told only where that is certain: a called workflow's file that never names it,
// or steps of known actions that read no such variable.
const RuleJustInCase = "just-in-case-secret"

func (b *builder) justInCase(m *Model, w *ModelWorkflow) {
	for i := range w.Jobs {
		j := &w.Jobs[i]
		if j.Call != nil {
			b.passedForNothing(m, w, j)
			continue
		}
		idle := idleSteps(j)
		for _, r := range j.Refs {
			if r.Kind != workflow.Secret || r.How != workflow.HowEnv || r.As == "" {
				continue
			}
			switch {
			case r.Step < 0 && r.Level == "job" && len(j.Steps) > 0 && !slices.Contains(idle, false) && !mentions(j.Steps, r.As):
				b.found(m, w, j, r, "job "+j.ID+" puts secret "+r.Name+" into the environment as "+r.As+", and none of its steps reads it")
			case r.Step >= 0 && r.Step < len(idle) && idle[r.Step] && !mentions(j.Steps[r.Step:r.Step+1], r.As):
				b.found(m, w, j, r, "secret "+r.Name+" is in the environment of "+j.Steps[r.Step].Uses+", which reads no "+r.As)
			}
		}
	}
}

func (b *builder) found(m *Model, w *ModelWorkflow, j *workflow.Job, r workflow.Ref, message string) {
	b.findings = append(b.findings, Finding{
		Rule: RuleJustInCase, Severity: "low", Repository: m.Repository, Folder: m.Folder, Path: w.Path, Branches: w.Branches, Line: r.Line, Column: r.Column, Job: j.ID,
		Message: message, Fix: "take it out: what nothing uses can only be stolen",
	})
}

// idleSteps says of each step whether it is sure to read no variable of its environment:
// the plain actions that fetch code, keep caches and hand artifacts on.
func idleSteps(j *workflow.Job) []bool {
	out := make([]bool, len(j.Steps))
	for i := range j.Steps {
		s := &j.Steps[i]
		if s.Uses == "" {
			continue
		}
		if k, ok := workflow.KnownAction(s.Uses); ok && strings.HasPrefix(k.Uses, "actions/") {
			switch k.Kind {
			case workflow.Checkout, workflow.Restore, workflow.Save, workflow.Upload, workflow.Download:
				out[i] = true
			case workflow.Caches:
				out[i] = strings.HasPrefix(k.Uses, "actions/cache")
			}
		}
	}
	return out
}

// mentions says whether steps name a variable in their inputs.
func mentions(steps []workflow.Step, name string) bool {
	for i := range steps {
		for _, v := range steps[i].With {
			if strings.Contains(strings.ToUpper(v.Value), name) {
				return true
			}
		}
		if strings.Contains(strings.ToUpper(steps[i].If), name) {
			return true
		}
	}
	return false
}

// passedForNothing tells of secrets passed one by one to a workflow of the same
// repository whose file does not name them.
func (b *builder) passedForNothing(m *Model, w *ModelWorkflow, j *workflow.Job) {
	if j.Call.Local == "" || j.Call.Inherit || len(j.Call.Secrets) == 0 {
		return
	}
	var named map[string]bool
	first, _ := slices.BinarySearchFunc(m.Workflows, j.Call.Local, func(x ModelWorkflow, path string) int { return strings.Compare(x.Path, path) })
	for i := first; i < len(m.Workflows) && m.Workflows[i].Path == j.Call.Local; i++ { // sorted by path
		x := &m.Workflows[i]
		if !together(x.Branches, w.Branches) {
			continue
		}
		if x.Broken || !x.names(&named) {
			return
		}
	}
	if named == nil {
		return
	}
	for _, r := range j.Refs {
		if r.Kind == workflow.Secret && r.How == workflow.HowPassed && r.As != "" && !named[r.As] {
			b.found(m, w, j, r, "job "+j.ID+" passes secret "+r.Name+" to "+j.Call.Local+" as "+r.As+", which does not use it")
		}
	}
}

// names collects the secrets a file names; false where it may name any.
func (w *ModelWorkflow) names(into *map[string]bool) bool {
	if *into == nil {
		*into = map[string]bool{}
	}
	any := func(refs []workflow.Ref) bool {
		for _, r := range refs {
			switch r.Kind {
			case workflow.Secret:
				(*into)[r.Name] = true
			case workflow.All, workflow.Dynamic, workflow.Inherit:
				return true
			}
		}
		return false
	}
	if any(w.Refs) {
		return false
	}
	for i := range w.Jobs {
		if any(w.Jobs[i].Refs) {
			return false
		}
	}
	return true
}
