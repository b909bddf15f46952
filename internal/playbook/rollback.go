package playbook

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// Reversal is what taking back one action that was done would be.
type Reversal struct {
	Action *plan.Action
	By     *plan.Action // the action that takes it back; nil where none does
	Why    string       // why none does, or what a person does instead
	Person bool         // a person may take it back by hand, as Why says
}

// Rollback compiles the way back of what was done, oldest first, into a further plan
// of the incident whose first plan is given: inverses in reverse order of what they
// take back. An old secret and a loose trust never come back; what opens a door again
// has a role that waits for gate 5. ids are those the incident has already. The plan
// is nil where nothing is left to take back. With only, no other actions are taken back. The error is *Incomplete where the
// snapshot lacks something.
func Rollback(r Request, first *plan.Plan, done []*plan.Action, ids []string, only ...string) (*plan.Plan, []Reversal, error) {
	c := &compiler{book: &Playbook{}, request: r, waits: map[string]string{}}
	b := &rollback{c: c, done: done, ids: ids}
	out := make([]Reversal, 0, len(done))
	for i := len(done) - 1; i >= 0; i-- {
		if len(only) > 0 && !slices.Contains(only, done[i].ID) {
			continue
		}
		if done[i].Effect == plan.Read || done[i].Role == plan.Listing || done[i].Role == plan.Notify || done[i].Role == plan.Export {
			continue // it changed nothing at a provider
		}
		x, err := b.reverse(i)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, x)
	}
	if len(c.missing) > 0 {
		return nil, nil, &Incomplete{Missing: c.missing}
	}
	if len(c.actions) == 0 {
		return nil, out, nil
	}
	b.order(out)
	p, err := b.plan(first)
	return p, out, err
}

type rollback struct {
	c    *compiler
	done []*plan.Action
	ids  []string
}

func (b *rollback) reverse(i int) (Reversal, error) {
	a := b.done[i]
	x := Reversal{Action: a}
	switch {
	case a.Role == plan.Kill || a.Role == plan.Mint || a.Role == plan.Deliver || a.Role == plan.Test || a.Role == plan.Destroy:
		x.Why = "an old secret never comes back; rotate again for another new value"
	case b.takenBack(i) != nil:
		x.Why = "taken back already by " + b.takenBack(i).Use
	case b.takesBack(i) != nil:
		x.Why = "it is itself the way back of " + b.takesBack(i).Use
	case a.Inverse == nil:
		x.Why = "there is no way back"
	case a.Inverse.Use == "manual.task":
		text, _ := a.Inverse.With["instructions"].Literal.(string)
		x.Person, x.Why = true, text
	default:
		return x, b.inverse(&x)
	}
	return x, nil
}

// takenBack gives the later action that was the inverse of the one at i.
func (b *rollback) takenBack(i int) *plan.Action {
	if b.done[i].Inverse == nil {
		return nil
	}
	for _, later := range b.done[i+1:] {
		if later.Use == b.done[i].Inverse.Use && sameTarget(later, b.done[i]) {
			return later
		}
	}
	return nil
}

// takesBack gives the earlier action whose inverse the one at i was.
func (b *rollback) takesBack(i int) *plan.Action {
	for _, before := range b.done[:i] {
		if before.Inverse != nil && before.Inverse.Use == b.done[i].Use && sameTarget(before, b.done[i]) {
			return before
		}
	}
	return nil
}

func sameTarget(a, b *plan.Action) bool {
	return a.Target.Provider == b.Target.Provider && a.Target.Kind == b.Target.Kind && a.Target.ID == b.Target.ID
}

// inverse plans the action that takes x back.
func (b *rollback) inverse(x *Reversal) error {
	a := x.Action
	action, ok := b.c.request.Catalogue.Action(a.Inverse.Use)
	if !ok {
		x.Why = "nothing carries out " + a.Inverse.Use + "; use the firebreak version that planned it"
		return nil
	}
	spec := action.Spec()
	if opens(a) && spec.Role != plan.Enable && spec.Role != plan.Lift && spec.Role != plan.Reopen {
		x.Why = a.Inverse.Use + " would open a door without waiting for the boundary; do it by hand, once it is fixed"
		return nil
	}
	with := b.with(a, spec)
	change, err := action.Plan(adapters.Inputs(with), b.c.request.Snapshot)
	var missing *adapters.Missing
	switch {
	case errors.As(err, &missing):
		b.c.missing = append(b.c.missing, missing)
		return nil
	case err != nil:
		return fmt.Errorf("plan the way back of %s: %w", a.ID, err)
	case len(change.Calls) == 0 && change.Assisted == nil:
		x.Why = "it is so again already"
		return nil
	}
	y := b.c.build(draft{step: plan.Restore, spec: spec, inputs: with, credential: a.Credential, owner: a.Owner, contact: a.Contact}, change)
	y.ID = b.id(y)
	b.ids = append(b.ids, y.ID)
	b.c.actions = append(b.c.actions, y)
	x.By = y
	return nil
}

// with are the inputs of a's inverse: what the plan says, and over it what a gave when
// it was carried out (the exact state before it, the id of what it made).
func (b *rollback) with(a *plan.Action, spec plan.Spec) map[string]plan.Value {
	out := map[string]plan.Value{}
	maps.Copy(out, a.Inverse.With)
	for _, f := range spec.Inputs {
		if o, ok := b.c.request.Outputs[a.ID][f.Name]; ok && o.Value != "" {
			out[f.Name] = plan.Value{Literal: typed(o.Value, f.Type)}
		}
	}
	return out
}

// opens reports whether taking a back opens a door.
func opens(a *plan.Action) bool {
	return a.Role == plan.Contain || a.Role == plan.Cut || a.Role == plan.Isolate || a.Role == plan.Freeze
}

// id is rollback/action/target, with a number where an earlier rollback had it.
func (b *rollback) id(a *plan.Action) string {
	base := plan.RollbackPrefix + a.Use + "/" + a.Target.ID
	id := base
	for n := 2; slices.Contains(b.ids, id); n++ {
		id = fmt.Sprintf("%s~%d", base, n)
	}
	return id
}

// order makes the inverse of what came first wait for the inverse of what came after it.
func (b *rollback) order(all []Reversal) {
	for _, x := range all {
		for _, y := range all {
			if x.By != nil && y.By != nil && slices.Contains(y.Action.After, x.Action.ID) {
				x.By.After = merged(x.By.After, []string{y.By.ID})
			}
		}
	}
}

func (b *rollback) plan(first *plan.Plan) (*plan.Plan, error) {
	r := b.c.request
	p := &plan.Plan{
		Schema: plan.Schema, Playbook: plan.Source{Name: "rollback", Digest: first.Playbook.Digest},
		Inventory: digest(canonical(r.Inventory)), Snapshot: snapshotDigest(r.Snapshot),
		Inputs: first.Inputs, Subjects: first.Subjects, Builders: first.Builders, Gaps: b.c.sortedGaps(),
	}
	if len(b.c.waits) > 0 {
		p.Waits = b.c.waits
	}
	for _, a := range b.c.actions {
		p.Actions = append(p.Actions, *a)
		if a.Effect == plan.Irreversible && p.FirstIrreversible == "" {
			p.FirstIrreversible = a.ID
		}
	}
	plan.Order(p.Actions)
	if err := plan.Validate(p); err != nil {
		return nil, fmt.Errorf("the way back does not hold together: %w", err)
	}
	return p, nil
}
