package boundary

import (
	"slices"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Severities, from worst to not known.
const (
	Critical = "critical"
	High     = "high"
	Medium   = "medium"
	Low      = "low"
	Unknown  = "unknown" // cannot be judged from what was read
)

// Rule is one rule as documentation and reports show it.
type Rule struct {
	ID  string
	Why string // one sentence
	Fix string
	// Gate: its findings hold gate 5.
	Gate  bool
	judge func(*run) []hit
}

// Rules lists every rule.
func Rules() []Rule {
	return []Rule{untrustedCheckout, idTokenBesideUntrusted, publishOutsideEnvironment}
}

// run is one job as one workflow starts it, with what the inventory knows of it.
type run struct {
	*inventory.Instance
	reaches     []inventory.Reach
	credentials map[string]inventory.Credential
}

// hit is where a rule found something.
type hit struct {
	workflow.Pos
	severity string
	message  string
	events   []string // the events by which it can happen
}

// Check gives the findings of every rule, sorted by place.
func Check(models []inventory.Model, inv inventory.Inventory) []inventory.Finding {
	creds := map[string]inventory.Credential{}
	for _, c := range inv.Credentials {
		creds[c.ID] = c
	}
	var out []inventory.Finding
	for i := range models {
		m := &models[i]
		for j := range m.Workflows {
			w := &m.Workflows[j]
			for _, in := range m.Instances(w) {
				r := &run{Instance: &in, reaches: reaches(inv, m, w, in.Top.ID), credentials: creds}
				for _, rule := range Rules() {
					for _, h := range rule.judge(r) {
						out = append(out, r.finding(rule, h))
					}
				}
			}
		}
	}
	return inventory.Inventory{}.WithFindings(out).Findings
}

func reaches(inv inventory.Inventory, m *inventory.Model, w *inventory.ModelWorkflow, job string) []inventory.Reach {
	for _, r := range inv.Repositories {
		if r.Repository != m.Repository || r.Path != m.Folder {
			continue
		}
		for _, x := range r.Workflows {
			if x.Path != w.Path || !slices.Equal(x.Branches, w.Branches) {
				continue
			}
			for _, j := range x.Jobs {
				if j.ID == job {
					return j.Reaches
				}
			}
		}
	}
	return nil
}

func (r *run) finding(rule Rule, h hit) inventory.Finding {
	f := inventory.Finding{
		Rule: rule.ID, Severity: h.severity, Repository: r.Model.Repository, Folder: r.Model.Folder, Path: r.File.Path, Branches: r.Start.Branches,
		Line: h.Line, Column: h.Column, Message: h.message, Fix: rule.Fix, Gate: rule.Gate, Job: r.Top.ID,
		Fires: fires(r.Model, r.Start, h.events),
	}
	if r.Start.Path != r.File.Path {
		f.Workflow = r.Start.Path
	}
	return f
}

// foreign is where an outsider's code is fetched and then may run, and by which events.
func (r *run) foreign(events []string) (found []workflow.Foreign, by [][]string) {
	for i := range r.Steps {
		s := &r.Steps[i]
		f, ok := s.FetchesForeign(s.Env...)
		if !ok {
			continue
		}
		var left []string
		for _, e := range events {
			if !workflow.Guarded(s.If, e) && r.executedAfter(i, e) {
				left = append(left, e)
			}
		}
		if len(left) == 0 {
			continue
		}
		if s.Path != r.File.Path {
			f.Pos = s.Shown
		}
		found, by = append(found, f), append(by, left)
	}
	return found, by
}

func (r *run) executedAfter(i int, event string) bool {
	// A script that fetches can also run what it fetched.
	if r.Steps[i].Run != "" {
		return true
	}
	for j := i + 1; j < len(r.Steps); j++ {
		if s := &r.Steps[j]; s.Executes() && !workflow.Guarded(s.If, event) {
			return true
		}
	}
	return false
}
