package adapters

import (
	"errors"
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
)

// Vet holds a plan that comes from a file against what the actions are. What decides
// who is asked, what may be sent twice and which gates hold (effect, lost call, role)
// belongs to the action, not to the file: a plan in which somebody wrote "read" over an
// irreversible action would be carried out without a question. The error joins every
// mistake.
func (c *Catalogue) Vet(p *plan.Plan) error {
	var problems []error
	complain := func(a *plan.Action, format string, args ...any) {
		problems = append(problems, fmt.Errorf("action %s: "+format, append([]any{a.ID}, args...)...))
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		spec, ok := c.Spec(a.Use)
		if !ok {
			complain(a, "this program has no action %q", a.Use)
			continue
		}
		if a.Effect != spec.Effect {
			complain(a, "its effect is %q, the plan says %q", spec.Effect, a.Effect)
		}
		if a.Lost != spec.Lost {
			complain(a, "a lost call of it is %q, the plan says %q", spec.Lost, a.Lost)
		}
		if !slices.Contains(rolesOf(spec), a.Role) {
			complain(a, "its role is %q, the plan says %q", spec.Role, a.Role)
		}
		if a.Proof.Rank() > spec.Proof.Rank() {
			complain(a, "it can prove %s at best, the plan wants %s", spec.Proof, a.Proof)
		}
		if a.Inverse != nil && a.Inverse.Use != spec.Revert {
			complain(a, "it is reverted by %q, the plan says %q", spec.Revert, a.Inverse.Use)
		}
	}
	return errors.Join(problems...)
}

// rolesOf are the roles a playbook may give an action: which of two it is depends on
// the order of a rotation, or on what a run is for.
func rolesOf(s plan.Spec) []plan.Role {
	for _, either := range [][]plan.Role{{plan.Kill, plan.Destroy}, {plan.Build, plan.Canary}} {
		if slices.Contains(either, s.Role) {
			return either
		}
	}
	if s.Role == plan.Notify {
		return []plan.Role{plan.Notify, plan.Mint} // a person makes what no adapter can
	}
	return []plan.Role{s.Role}
}
