package plan

import (
	"errors"
	"fmt"
	"slices"
)

// Validate checks what Decode cannot see: that ids are unique, that everything named
// exists, that nothing waits for itself, and that every value is exactly one thing.
// A plan from Compile is always valid; one from a file need not be. The error joins
// every mistake.
func Validate(p *Plan) error {
	v := validator{actions: make(map[string]*Action, len(p.Actions))}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.ID == "" || v.actions[a.ID] != nil {
			v.complain("action %d: the id %q is empty or given twice", i+1, a.ID)
		}
		v.actions[a.ID] = a
	}
	for i := range p.Actions {
		v.action(&p.Actions[i], p)
	}
	for _, c := range p.Closings {
		for _, id := range c.Actions {
			v.known("closing "+c.Credential, id)
		}
		if len(c.Actions) == 0 && c.Open == "" {
			v.complain("closing %s: no action closes it and no reason says why", c.Credential)
		}
	}
	if p.FirstIrreversible != "" {
		v.known("first irreversible action", p.FirstIrreversible)
	}
	v.circles(p.Actions)
	return errors.Join(v.problems...)
}

type validator struct {
	actions  map[string]*Action
	problems []error
}

func (v *validator) complain(format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf(format, args...))
}

func (v *validator) known(who, id string) {
	if v.actions[id] == nil {
		v.complain("%s: there is no action %q", who, id)
	}
}

func (v *validator) action(a *Action, p *Plan) {
	if !slices.Contains(Steps(), a.Step) {
		v.complain("action %s: unknown step %q", a.ID, a.Step)
	}
	if a.Effect.Rank() < 0 {
		v.complain("action %s: unknown effect %q", a.ID, a.Effect)
	}
	if a.Proof.Rank() < 0 {
		v.complain("action %s: unknown proof %q", a.ID, a.Proof)
	}
	if !slices.Contains([]Lost{ResendSafe, Detectable, Undetectable}, a.Lost) && a.Effect != Read {
		v.complain("action %s: it does not say what a lost call is (%q)", a.ID, a.Lost)
	}
	for _, id := range a.Needs() {
		v.known("action "+a.ID, id)
	}
	if len(a.Until) > 0 && a.Deadline <= 0 {
		v.complain("action %s: it waits with until, but without a deadline", a.ID)
	}
	for _, g := range a.Gates {
		ours := slices.Contains(Gates(), Gate(g))
		if !ours && !slices.ContainsFunc(p.Gates, func(c Condition) bool { return c.Name == g }) {
			v.complain("action %s: unknown gate %q", a.ID, g)
		}
	}
	for name, in := range a.Inputs {
		n := 0
		for _, set := range []bool{in.Literal != nil, in.Output != nil, in.Held != ""} {
			if set {
				n++
			}
		}
		if n != 1 {
			v.complain("action %s: the input %q must be a literal, an output or a held value", a.ID, name)
		}
	}
}

// circles reports each action which, over others, waits for itself.
func (v *validator) circles(actions []Action) {
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(id string) bool
	visit = func(id string) bool {
		switch state[id] {
		case open:
			return true
		case done:
			return false
		}
		state[id] = open
		defer func() { state[id] = done }()
		a := v.actions[id]
		return a != nil && slices.ContainsFunc(a.Needs(), visit)
	}
	for _, a := range actions {
		if visit(a.ID) {
			v.complain("action %s: it waits for itself", a.ID)
			return
		}
	}
}
