package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// hold plans each action of a plan file anew. What a person types and reads is the
// action's target, and what is changed is what its inputs name: a file in which they
// are two would have the one agreed to and the other done. It also finds what would end
// our own credential where the file does not say so any more. What cannot be looked at
// now is not held against anything: its action cannot be carried out either. unheld says
// why nothing could be looked at at all.
func (s *site) hold(ctx context.Context, p *plan.Plan) (unheld, err error) {
	repositories, subjects := about(&respond.State{Plans: []respond.Planned{{Plan: p}}})
	since := time.Time{}
	if p.Exposure != nil {
		since = p.Exposure.Since
	}
	l, err := s.look(ctx, repositories, subjects, always(since))
	if err != nil {
		return err, ctx.Err()
	}
	who := s.selves(ctx)
	s.asked = &who
	var problems []error
	for i := range p.Actions {
		a := &p.Actions[i]
		c, ok := s.replan(ctx, a, &l)
		switch {
		case !ok:
			continue
		case !fits(a, c.Target):
			problems = append(problems, fmt.Errorf("action %s: its inputs name %s %s %q (%s), the plan says %s %s %q (%s)", a.ID,
				c.Target.Provider, c.Target.Kind, c.Target.Name, c.Target.ID, a.Target.Provider, a.Target.Kind, a.Target.Name, a.Target.ID))
		case a.Target.ID != c.Target.ID: // which object it is has changed, and with it what it is about
		case unsaid(c.Doors, a.Doors) != "":
			problems = append(problems, fmt.Errorf("action %s: it is about %s, which the plan does not say", a.ID, unsaid(c.Doors, a.Doors)))
		case unsaid(c.Evidence, a.Evidence) != "":
			problems = append(problems, fmt.Errorf("action %s: it needs %s, which the plan does not say", a.ID, unsaid(c.Evidence, a.Evidence)))
		}
		for _, k := range c.Kills {
			if slices.Contains(who.kills, k) && !slices.Contains(a.Kills, k) {
				problems = append(problems, fmt.Errorf("action %s: it would end firebreak's own credential %s, and the plan does not say so", a.ID, k))
			}
		}
	}
	if len(problems) == 0 {
		return nil, nil
	}
	return nil, &Fault{Stale, fmt.Errorf("the plan does not fit what is there now, or somebody changed it:\n%w", errors.Join(problems...)), "make it again with firebreak plan"}
}

// replan plans an action, surveying what the look lacks; not ok where it cannot be.
func (s *site) replan(ctx context.Context, a *plan.Action, l *look) (plan.Change, bool) {
	action, known := s.catalogue.Action(a.Use)
	for n := 1; known && n <= rounds; n++ {
		c, err := action.Plan(adapters.Inputs(a.Inputs), l.snapshot)
		var missing *adapters.Missing
		if !errors.As(err, &missing) {
			return c, err == nil
		}
		more := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: s.clock.Now().UTC()}
		if s.survey(ctx, missing.Scope, more) != nil {
			break
		}
		l.snapshot = snapshot.Merge(l.snapshot, more)
	}
	return plan.Change{}, false
}

// fits reports whether the plan's target is what the inputs name. Where they name none
// (the only token of a user), which object it is may have changed since, and an attacker
// may have seen to that: the reading before the call tells, and asks again.
func fits(a *plan.Action, now plan.Target) bool {
	was := a.Target
	if was.Provider != now.Provider || was.Kind != now.Kind {
		return false
	}
	if was.ID == now.ID {
		return was.Name == now.Name && was.Selector == now.Selector
	}
	switch {
	case now.Selector && was.Selector:
		return false
	case now.Selector:
		return within(was.ID) == strings.TrimSuffix(now.ID, "/?")
	case was.Selector:
		return within(now.ID) == strings.TrimSuffix(was.ID, "/?") && !namedBy(a.Inputs, now.ID)
	}
	return within(now.ID) == within(was.ID) && !namedBy(a.Inputs, now.ID)
}

// namedBy reports whether an input says which object is meant.
func namedBy(inputs map[string]plan.Value, id string) bool {
	object := id[strings.LastIndex(id, "/")+1:]
	for _, v := range inputs {
		if text, _ := v.Literal.(string); text != "" && strings.Contains(text, object) {
			return true
		}
	}
	return false
}

// within is what an object of an id lies in: "acme/7" is in "acme".
func within(id string) string { return id[:max(0, strings.LastIndex(id, "/"))] }

// unsaid gives the first of want that have does not have, "" when it has all.
func unsaid(want, have []string) string {
	for _, x := range want {
		if !slices.Contains(have, x) {
			return x
		}
	}
	return ""
}
