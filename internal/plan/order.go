package plan

import (
	"cmp"
	"slices"
	"strings"
)

// Order sorts actions for reading: by step, within a step by dependency, then by id.
// It gives the same order whatever order they came in. Actions which depend on each
// other in a circle come last in their step; Validate refuses them.
func Order(actions []Action) {
	steps := Steps()
	slices.SortFunc(actions, func(a, b Action) int {
		return cmp.Or(cmp.Compare(slices.Index(steps, a.Step), slices.Index(steps, b.Step)), cmp.Compare(a.ID, b.ID))
	})
	for from := 0; from < len(actions); {
		to := from
		for to < len(actions) && actions[to].Step == actions[from].Step {
			to++
		}
		orderStep(actions[from:to])
		from = to
	}
}

// orderStep takes, again and again, the first action by id whose predecessors within
// the step are all placed.
func orderStep(in []Action) {
	open := make(map[string]bool, len(in))
	for _, a := range in {
		open[a.ID] = true
	}
	rest, out := slices.Clone(in), make([]Action, 0, len(in))
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(a Action) bool {
			return !slices.ContainsFunc(a.Needs(), func(id string) bool { return open[id] && id != a.ID })
		})
		if i < 0 {
			out = append(out, rest...)
			break
		}
		delete(open, rest[i].ID)
		out = append(out, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	copy(in, out)
}

// Needs lists every action this one waits for or takes an output of, sorted.
func (a Action) Needs() []string {
	out := slices.Concat(a.After, a.Until)
	for _, v := range a.Inputs {
		if v.Output != nil {
			out = append(out, v.Output.Action)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// RollbackPrefix begins the id of an action that takes another one back. No step has
// this name, so no other action's id begins so.
const RollbackPrefix = "rollback/"

// TakesBack reports whether the action is the way back of another one.
func (a Action) TakesBack() bool { return strings.HasPrefix(a.ID, RollbackPrefix) }
