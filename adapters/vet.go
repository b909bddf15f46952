package adapters

import (
	"errors"
	"fmt"
	"slices"
	"strings"

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
	if named := p.Named(); !slices.Equal(named, slices.Sorted(slices.Values(p.Subjects))) {
		problems = append(problems, fmt.Errorf("its inputs name the workflows [%s], its subjects are [%s]", strings.Join(named, ", "), strings.Join(p.Subjects, ", ")))
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
		if !named(a) {
			complain(a, "its id is not that of %s on %s %q", a.Use, a.Target.Kind, a.Target.ID)
		}
		if weakest := least(spec); a.Proof.Rank() < weakest.Rank() && a.Shortfall == "" {
			complain(a, "it proves %s, the plan wants only %s and does not say why", weakest, a.Proof)
		}
		if floor := min(least(spec).Rank(), plan.P2.Rank()); a.ProofWithout != "" && a.ProofWithout.Rank() < floor {
			complain(a, "without the old value it still proves %s, the plan wants only %s", least(spec), a.ProofWithout)
		}
		if a.Settle != spec.Settle && a.Settle.D().String() != p.Waits[a.Use] {
			complain(a, "its wait is %s, the plan says %s and not that the configuration does", spec.Settle.D(), a.Settle.D())
		}
		if ends(a.Role) && a.Credential != "" && !counted(p, a) {
			complain(a, "it ends %s, and no closing of the plan waits for it", a.Credential)
		}
	}
	return errors.Join(problems...)
}

// named reports whether the id is the one a compiler gives: what a person reads in a
// question is the target, and what is journaled is the id.
func named(a *plan.Action) bool {
	for _, begin := range []string{string(a.Step), "rollback"} {
		if rest, ok := strings.CutPrefix(a.ID, begin+"/"+a.Use+"/"+a.Target.ID); ok && (rest == "" || strings.HasPrefix(rest, "~")) {
			return true
		}
	}
	return false
}

// least is the proof an action has where nothing is said to lower it.
func least(s plan.Spec) plan.Proof {
	if s.Without != "" && s.Without.Rank() < s.Proof.Rank() {
		return s.Without
	}
	return s.Proof
}

func ends(r plan.Role) bool { return r == plan.Kill || r == plan.Destroy || r == plan.Cut }

// counted reports whether the closing of what an action ends waits for it, or says
// itself that it stays open.
func counted(p *plan.Plan, a *plan.Action) bool {
	return slices.ContainsFunc(p.Closings, func(c plan.Closing) bool {
		return c.Credential == a.Credential && (c.Open != "" || slices.Contains(c.Actions, a.ID))
	})
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
