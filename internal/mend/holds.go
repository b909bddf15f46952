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
	before, after := count(was.findings), count(is.findings)
	worst := len(weights)
	gone := map[about]int{}
	for _, f := range findings {
		gone[aboutOf(f)]++
		worst = min(worst, slices.Index(weights, f.Severity))
	}
	for a, n := range gone {
		if total(after[a]) > total(before[a])-n {
			return errStays
		}
	}
	if grows(before, after, worst) {
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
type about struct {
	origin
	rule, path, branch, workflow, job string
}

func aboutOf(f inventory.Finding) about {
	a := about{origin: origin{f.Repository, f.Folder}, rule: f.Rule, path: f.Path, workflow: f.Workflow, job: f.Job}
	if len(f.Branches) > 0 {
		a.branch = f.Branches[0]
	}
	return a
}

// counts is how many findings there are of each of the weights.
type counts [5]int

func count(findings []inventory.Finding) map[about]counts {
	out := map[about]counts{}
	for _, f := range findings {
		a := aboutOf(f)
		c := out[a]
		c[max(slices.Index(weights, f.Severity), 0)]++
		out[a] = c
	}
	return out
}

func total(c counts) (n int) {
	for _, x := range c {
		n += x
	}
	return n
}

// grows says whether there is more that is as bad as worst, or worse.
func grows(was, is map[about]counts, worst int) bool {
	for a, now := range is {
		before := was[a]
		for w := len(weights) - 1; w >= worst; w-- { // as bad as w or worse
			if total(above(now, w)) > total(above(before, w)) {
				return true
			}
		}
	}
	return false
}

// above are the counts of at least a weight.
func above(c counts, weight int) counts {
	for w := range weight {
		c[w] = 0
	}
	return c
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
