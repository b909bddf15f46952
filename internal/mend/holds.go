package mend

import (
	"errors"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Why a change is not kept. Each would be a defect in a fixer, or a case that it
// does not understand: either way nobody is offered it.
var (
	errStays  = errors.New("the change that is known for it does not make it go away here")
	errWorse  = errors.New("the change that is known for it brings another finding here")
	errReach  = errors.New("the change that is known for it lets a job reach more here")
	errBroken = errors.New("the change that is known for it breaks the file here")
)

// holds judges a change by what was found before and after it.
func holds(was, is view, findings []inventory.Finding) error {
	if mistakes(is) > mistakes(was) {
		return errBroken
	}
	left := map[key]bool{}
	for _, f := range is.findings {
		left[keyOf(f)] = true
	}
	worst := len(weights)
	for _, f := range findings {
		if left[keyOf(f)] {
			return errStays
		}
		worst = min(worst, slices.Index(weights, f.Severity))
	}
	if grows(count(was.findings), count(is.findings), worst) {
		return errWorse
	}
	if !within(was.inv, is.inv) {
		return errReach
	}
	return nil
}

// weights are the severities from least to most; what is not known may be anything.
var weights = []string{boundary.Low, boundary.Medium, boundary.High, boundary.Critical, boundary.Unknown}

// mistakes counts what the parsers find wrong with the files.
func mistakes(v view) (n int) {
	for i := range v.model.Workflows {
		w := &v.model.Workflows[i]
		n += len(w.Problems)
		if w.Broken {
			n += broken
		}
	}
	for i := range v.model.Actions {
		a := &v.model.Actions[i]
		n += len(a.Problems)
		if a.Broken {
			n += broken
		}
	}
	return n
}

// broken weighs more than all mistakes together.
const broken = 1 << 20

// about is what a finding is about. What it says may change with what is mended (a
// job that holds less), so that findings are counted by this.
type about struct{ rule, severity, repository, folder, path, branch, workflow, job string }

func count(findings []inventory.Finding) map[about]int {
	out := map[about]int{}
	for _, f := range findings {
		branch := ""
		if len(f.Branches) > 0 {
			branch = f.Branches[0]
		}
		out[about{f.Rule, f.Severity, f.Repository, f.Folder, f.Path, branch, f.Workflow, f.Job}]++
	}
	return out
}

// grows says whether there is more of something that is as bad as worst. A finding
// that only changed its severity for the better does not count.
func grows(was, is map[about]int, worst int) bool {
	for a, n := range is {
		if slices.Index(weights, a.severity) < worst || n <= was[a] {
			continue
		}
		better := a
		for w := slices.Index(weights, a.severity) + 1; w < len(weights) && n > 0; w++ {
			better.severity = weights[w]
			n -= max(was[better]-is[better], 0)
		}
		if n > was[a] {
			return true
		}
	}
	return false
}

// within says whether no job reaches a credential or identity, or holds a right, that
// it did not before.
func within(was, is inventory.Inventory) bool {
	before := map[string]bool{}
	each(was, func(job, name string) { before[job+name] = true })
	ok := true
	each(is, func(job, name string) {
		ok = ok && (before[job+name] || before[job+workflow.Unknown] && slices.Contains(workflow.Scopes, strings.Split(name, ":")[0]) && name != "id-token:write")
	})
	return ok
}

// each tells what every job reaches, and what its token may do.
func each(inv inventory.Inventory, f func(job, name string)) {
	for _, r := range inv.Repositories {
		for _, w := range r.Workflows {
			for _, j := range w.Jobs {
				job := strings.Join([]string{w.Path, strings.Join(w.Branches, " "), j.ID, ""}, "\x00")
				for _, x := range j.Reaches {
					f(job, x.Credential+" as "+x.Name)
				}
				for scope, v := range j.Permissions {
					switch {
					case scope == workflow.Unknown:
						f(job, scope)
					case v == "write":
						f(job, scope+":write")
						fallthrough // who may write may read
					default:
						f(job, scope+":read")
					}
				}
			}
		}
	}
}
