package mend

import (
	"maps"
	"strings"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// The judge of these tests finds fault in each way that can be mended, simply and
// wherever there is any: more often than the rules do. Its findings stand beside theirs.
var testWays = func() map[string]Way {
	all := Ways()
	maps.Copy(all, map[string]Way{"test-pin": Pin, "test-forget": ForgetToken, "test-least": LeastToken, "test-scope": ScopeSecret, "test-pass": PassAsVariable})
	return all
}()

func testJudge(models []inventory.Model, inv inventory.Inventory) []inventory.Finding {
	out := boundary.Check(models, inv)
	for i := range models {
		m := &models[i]
		for n := range m.Workflows {
			w := &m.Workflows[n]
			add := func(rule, job string, at workflow.Pos, message string) {
				out = append(out, inventory.Finding{
					Rule: rule, Severity: boundary.Medium, Repository: m.Repository, Folder: m.Folder, Path: w.Path, Branches: w.Branches,
					Line: at.Line, Column: at.Column, Job: job, Message: message,
				})
			}
			tokens(w, add)
			for _, v := range w.Env {
				secrets(v, "", add)
			}
			for j := range w.Jobs {
				steps(&w.Jobs[j], add)
			}
		}
	}
	return out
}

type adder func(rule, job string, at workflow.Pos, message string)

func tokens(w *inventory.ModelWorkflow, add adder) {
	p := w.Permissions
	switch {
	case p == nil && len(w.Jobs) > 0:
		add("test-least", "", workflow.Pos{Line: 1, Column: 1}, "no permissions")
	case p != nil && p.All != "":
		add("test-least", "", p.Pos, p.All)
	case p != nil && len(w.Jobs) > 1:
		for name, s := range p.Scopes {
			if s.Value == "write" {
				add("test-least", "", s.Pos, "every job has "+name+": write")
			}
		}
	}
}

func secrets(v workflow.Var, job string, add adder) {
	if len(workflow.SecretsIn(v.Value)) > 0 {
		add("test-scope", job, v.Pos, v.Name)
	}
}

func steps(j *workflow.Job, add adder) {
	for _, v := range j.Env {
		secrets(v, j.ID, add)
	}
	if p := j.Permissions; p != nil && p.All == "write-all" {
		add("test-least", j.ID, p.Pos, p.All)
	}
	if j.Call != nil && j.Call.Local == "" {
		unpinned(j.Call.Uses, j.ID, j.Call.Pos, add)
	}
	for i := range j.Steps {
		s := &j.Steps[i]
		if s.Uses != "" && !strings.HasPrefix(s.Uses, ".") && !strings.HasPrefix(s.Uses, "docker:") {
			unpinned(s.Uses, j.ID, s.UsesPos, add)
		}
		if k, known := workflow.KnownAction(s.Uses); known && k.Kind == workflow.Checkout {
			if v, _ := s.Input("persist-credentials"); v.Value != "false" {
				add("test-forget", j.ID, s.UsesPos, "the token stays")
			}
		}
		if f, ok := s.Injects(); ok && s.Run != "" {
			add("test-pass", j.ID, s.Pos, f.What)
		}
	}
}

func unpinned(uses, job string, at workflow.Pos, add adder) {
	if _, ref, _ := strings.Cut(uses, "@"); !commit(ref) {
		add("test-pin", job, at, uses)
	}
}

// judged gives the findings of a request's sources.
func judged(sources []inventory.Source) []inventory.Finding {
	models := inventory.Parse(sources)
	inv := inventory.Build(models, nil, nil)
	return inv.WithFindings(testJudge(models, inv)).Findings
}
