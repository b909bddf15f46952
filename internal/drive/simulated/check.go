package simulated

import (
	"maps"
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// check holds a call that is about to take effect against the provider's truth.
// The decider may be a reading behind, but never a whole gate.
func (m *Model) check(s *respond.State, c respond.Apply) {
	m.checkIntent(s, c)
	byRole := func(roles ...plan.Role) []respond.ActionState {
		var out []respond.ActionState
		for _, st := range s.Actions {
			if slices.Contains(roles, st.Action.Role) {
				out = append(out, st)
			}
		}
		return out
	}
	switch c.Action.Role {
	case plan.Deliver:
		for _, st := range byRole(plan.Contain, plan.Cut) {
			if m.object(st.Action.ID).runs == 0 {
				m.breach("I10: %s delivers before %s ever took effect", c.Action.ID, st.Action.ID)
			}
		}
	case plan.Build:
		for _, st := range byRole(plan.Purge) {
			if !m.object(st.Action.ID).wished {
				m.breach("I10: %s builds before %s", c.Action.ID, st.Action.ID)
			}
		}
	case plan.Lift:
		for _, st := range byRole(plan.Enable, plan.Canary) {
			if !m.object(st.Action.ID).wished {
				m.breach("I10: %s lifts before %s took effect", c.Action.ID, st.Action.ID)
			}
		}
	case plan.Enable:
		for _, st := range byRole(plan.Freeze) {
			if !m.object(st.Action.ID).wished && st.Outcome != plan.Skipped {
				m.breach("I10: %s enables while %s is not in force", c.Action.ID, st.Action.ID)
			}
		}
		if !m.Fixed {
			m.breach("I10: %s enables before the boundary is fixed", c.Action.ID)
		}
		for _, st := range byRole(plan.Kill, plan.Destroy, plan.Cut, plan.Promote) {
			if st.Action.Effect != plan.Read && !m.object(st.Action.ID).wished && st.Outcome != plan.Skipped {
				m.breach("I10: %s enables while %s has not taken effect", c.Action.ID, st.Action.ID)
			}
		}
	}
}

// checkIntent: a durable intent stands before every effect (I4), and no call in
// doubt is sent again without Settle in between (I7).
func (m *Model) checkIntent(s *respond.State, c respond.Apply) {
	for _, st := range s.Actions {
		if st.Action.ID != c.Action.ID {
			continue
		}
		mine := false
		for _, t := range st.Attempts {
			if t.Number == c.Number {
				mine = t.Outcome == nil && t.Settlement == nil
				continue
			}
			unknown := t.Outcome == nil || t.Outcome.State == plan.Unknown
			if unknown && t.Settlement == nil && c.Action.Lost != plan.ResendSafe {
				m.breach("I7: %s sends attempt %d while attempt %d is in doubt", c.Action.ID, c.Number, t.Number)
			}
		}
		if !mine {
			m.breach("I4: %s attempt %d has no open intent before it", c.Action.ID, c.Number)
		}
	}
}

// Projection is the end of an incident in the terms of invariant I5: what is
// dead, which consumers work, in which state objects are; ids aside.
func (m *Model) Projection(s *respond.State) map[string]string {
	out := map[string]string{}
	for _, st := range s.Actions {
		word := "untouched"
		if m.object(st.Action.ID).wished {
			word = "as wished"
		}
		if st.Action.Role == plan.Mint {
			word = m.mintWord(st)
		}
		out[st.Action.ID] = word + ", " + string(st.Outcome)
	}
	return out
}

// mintWord says what is left at the issuer: exactly one live object, sealed and in use, is right (I6).
func (m *Model) mintWord(st respond.ActionState) string {
	live, used := 0, false
	for _, id := range m.ids(st.Action.ID) {
		x := m.minted[id]
		if !x.dead {
			live++
			used = used || x.sealed && st.Outputs["value"].Sealed == "sealed:"+id
		}
	}
	switch {
	case live == 0:
		return "none"
	case live == 1 && used:
		return "one in use"
	}
	return "orphans"
}

// Effects is how many calls took effect.
func (m *Model) Effects() int { return m.effects }

// Names lists the actions the model has seen, sorted.
func (m *Model) Names() []string { return slices.Sorted(maps.Keys(m.objects)) }
