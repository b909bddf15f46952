package respond

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// State gives a picture of the incident as it is now. Nobody changes it.
func (d *Decider) State() *State {
	if d.pictured == nil {
		d.pictured = d.paint()
	}
	return d.pictured
}

func (d *Decider) paint() *State {
	s := &State{
		Opened: d.opened, Now: d.now, Plans: slices.Clone(d.plans), Closings: d.closings(), Boundary: d.surveys["boundary"].last,
		Found: d.unaccounted(), Held: maps.Clone(d.held), Phase: d.phase(), Pause: d.paused, Overrides: slices.Clone(d.overrides),
		Owner: d.owner, Epoch: d.epoch, Handed: d.handed,
	}
	for _, k := range slices.Sorted(maps.Keys(d.listed)) {
		s.Listed = append(s.Listed, d.listed[k])
	}
	for _, c := range d.Commands() {
		if v, ok := c.(Stop); ok {
			s.Stop = &v
		}
	}
	wanted := map[plan.Gate]*GateState{}
	for _, a := range d.acts {
		s.Actions = append(s.Actions, d.picture(a, wanted))
		if s.Step == "" && !a.closed() {
			s.Step = a.p.Step
		}
	}
	if s.Step == "" {
		s.Step = plan.Close
	}
	for _, g := range plan.Gates() {
		if st := wanted[g]; st != nil {
			s.Gates = append(s.Gates, *st)
		}
	}
	return s
}

// unaccounted is what was found that none of our own actions made: one mint of an account
// sees what another made there before it can know whose it is.
func (d *Decider) unaccounted() []plan.Found {
	return slices.DeleteFunc(slices.Clone(d.found), func(f plan.Found) bool {
		return slices.ContainsFunc(d.acts, func(a *action) bool {
			made := a.outputs["id"].Value
			return a.p.Role == plan.Mint && made != "" && made == f.Target
		})
	})
}

func (d *Decider) phase() string {
	switch {
	case d.closed:
		return "closed"
	case d.paused != nil || d.pausing != nil:
		return "paused"
	}
	return "open"
}

func (d *Decider) picture(a *action, gates map[plan.Gate]*GateState) ActionState {
	st := ActionState{
		Action: a.p, Proof: a.proof, Required: d.required(a), Shortfall: a.p.Shortfall, Outputs: maps.Clone(a.outputs), Reading: a.reading,
		ReadAt: a.readAt, Started: a.started, Ended: a.ended, Reason: a.skipped, Amended: d.amended(a), Undone: a.undone, Undoings: slices.Clone(a.undoings),
	}
	switch fell := st.Required != a.p.Proof; {
	case fell && st.Shortfall == "":
		st.Shortfall = "the old value could not be had: dead by id"
	case !fell && a.p.ProofWithout != "":
		st.Shortfall = "" // it speaks of a value that could be had
	}
	for _, t := range a.attempts {
		st.Attempts = append(st.Attempts, t.Attempt)
	}
	switch {
	case a.done:
		st.Phase, st.Outcome = Finished, plan.Done
	case a.skipped != "":
		st.Phase, st.Outcome = Finished, plan.Skipped
	case a.doubt() != nil, a.reading != nil && a.reading.State == plan.Unknown:
		st.Phase, st.Outcome = Doubtful, plan.Unknown
	case a.refused != "":
		st.Phase, st.Outcome, st.Reason = Stuck, plan.Refused, a.refused
	case !d.free(a):
		st.Phase = Pending
	default:
		st.Phase = d.readiness(a, &st, gates)
	}
	if st.Phase != Finished && a.flying() {
		st.Outcome = plan.Unknown // whoever reads this after the process died has nothing else to go by
	}
	return st
}

// readiness says how an action stands that nothing comes before, and files what
// its gates say.
func (d *Decider) readiness(a *action, st *ActionState, gates map[plan.Gate]*GateState) Phase {
	for _, g := range gatesOf(a.p) {
		v, o := d.judge(g, a), d.overridden(g, a)
		if gates[g] == nil {
			gates[g] = &GateState{Gate: g, Wanted: true, Holds: true, Fresh: true, Override: o}
		}
		gs := gates[g]
		gs.Fresh = gs.Fresh && len(v.look) == 0 && v.survey == ""
		if o == nil && !v.holds() {
			gs.Holds = false
			for _, y := range v.why {
				if !slices.Contains(gs.Why, y) {
					gs.Why = append(gs.Why, y)
				}
			}
			st.Gates = append(st.Gates, g)
		}
	}
	switch {
	case len(st.Gates) > 0:
		return Pending
	case a.reading != nil && len(a.reading.Next) > 0 && a.p.Effect != plan.Read && !a.agreed && !d.covered(a, a.p.Effect), a.p.Assisted != nil && a.reading != nil && a.reading.State == plan.Broken:
		return Asking
	case a.reading != nil && d.now.Before(a.lookAfter):
		return Waiting
	}
	return Ready
}

// amended reports whether the first call went out on another before-image than planned.
func (d *Decider) amended(a *action) bool {
	return len(a.attempts) > 0 && len(a.p.Before) > 0 && a.strayed
}

// closings judges every credential and identity (invariant I8).
func (d *Decider) closings() []ClosingState {
	var merged []plan.Closing
	for n, p := range d.plans {
		for _, c := range p.Plan.Closings {
			if c.Open != "" && len(c.Actions) == 0 && d.treated(n, c) {
				continue
			}
			i := slices.IndexFunc(merged, func(m plan.Closing) bool { return m.Credential == c.Credential })
			if i < 0 {
				merged = append(merged, c)
				continue
			}
			merged[i] = merge(merged[i], c)
		}
	}
	out := make([]ClosingState, 0, len(merged))
	for _, c := range merged {
		out = append(out, d.closing(c))
	}
	return out
}

// treated reports whether a whole plan came after partial plan n which is about the
// same workflows at least, says nothing of credential c and yet works on it by its name:
// what plan n left open is in its closings under another id, because what is declared by
// then makes one credential of two. What no plan names any more is not treated: a workflow
// that was mended reaches a stolen credential no longer, and the credential still lives.
func (d *Decider) treated(n int, c plan.Closing) bool {
	if d.plans[n].Plan.Partial == "" {
		return false
	}
	whole := false
	for _, p := range d.plans[n+1:] {
		if speaks(p.Plan, c) {
			return false // merged with what that says
		}
		whole = whole || goesOn(p.Plan, d.plans[n].Plan) && names(p.Plan, c.Name)
	}
	return whole
}

func speaks(p *plan.Plan, c plan.Closing) bool {
	return slices.ContainsFunc(p.Closings, func(x plan.Closing) bool { return x.Credential == c.Credential })
}

// names reports whether an action of p has the name among its inputs, as a delivery has
// the name of the secret it writes.
func names(p *plan.Plan, name string) bool {
	return slices.ContainsFunc(p.Actions, func(a plan.Action) bool {
		for _, v := range a.Inputs {
			if v.Literal == any(name) || strings.HasSuffix(v.Held, "/"+name) {
				return true
			}
		}
		return false
	})
}

// goesOn reports whether p is a whole plan about all that partial is about. The way back
// of a rollback is none.
func goesOn(p, partial *plan.Plan) bool {
	back := len(p.Actions) > 0 && !slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return !a.TakesBack() })
	return p.Partial == "" && !back && !slices.ContainsFunc(partial.Subjects, func(x string) bool { return !slices.Contains(p.Subjects, x) })
}

// Leaves says what the incident's plans leave to a further one, in the words of the last
// that leaves something; "" where whole plans are about everything.
func (s *State) Leaves() string { return leaves(s.Plans) }

func leaves(plans []Planned) string {
	for _, p := range slices.Backward(plans) {
		if p.Plan.Partial != "" && !slices.ContainsFunc(plans, func(w Planned) bool { return goesOn(w.Plan, p.Plan) }) {
			return p.Plan.Partial
		}
	}
	return ""
}

// merge joins what two plans of one incident say of a credential: everything either
// wants done, and open only while neither knows a way to close it.
func merge(earlier, later plan.Closing) plan.Closing {
	m := later
	m.Actions = slices.Clone(earlier.Actions)
	for _, id := range later.Actions {
		if !slices.Contains(m.Actions, id) {
			m.Actions = append(m.Actions, id)
		}
	}
	if earlier.Open == "" && len(earlier.Actions) > 0 {
		m.Open = ""
	}
	return m
}

func (d *Decider) closing(c plan.Closing) ClosingState {
	s := ClosingState{Closing: c, Closed: c.Open == "" && len(c.Actions) > 0}
	var missing []string
	if c.Open != "" {
		missing = append(missing, c.Open)
	} else if len(c.Actions) == 0 {
		missing = append(missing, "nothing in the plan closes it")
	}
	for _, id := range c.Actions {
		a := d.byID[id]
		if a == nil || !a.done || a.proof.Rank() < d.required(a).Rank() {
			s.Closed = false
			missing = append(missing, wanting(id, a))
			continue
		}
		s.Claimed = later(s.Claimed, a.ended)
		if ends(a.p.Role) && (s.Proof == "" || a.proof.Rank() < s.Proof.Rank()) {
			s.Proof = a.proof
		}
	}
	s.Dead = d.dead(c)
	if !s.Closed {
		s.Claimed = time.Time{}
	}
	for i := range d.opened.Exceptions {
		e := &d.opened.Exceptions[i]
		if (e.Credential == c.Credential || e.Credential == c.Name) && d.now.Before(e.Expires) {
			s.Exception = e
		}
	}
	s.Why = strings.Join(missing, "; ")
	return s
}

func ends(r plan.Role) bool {
	return r == plan.Kill || r == plan.Destroy || r == plan.Cut || r == plan.Contain
}

// dead is since when we claim the old credential no longer works: for a
// credential the first action that killed it, for an identity the last that cut it.
// Zero while we do not claim it.
func (d *Decider) dead(c plan.Closing) time.Time {
	var first, last time.Time
	open := false
	for _, id := range c.Actions {
		a := d.byID[id]
		if a == nil || !ends(a.p.Role) {
			continue
		}
		if !a.done {
			open = true
			continue
		}
		last = later(last, a.ended)
		if first.IsZero() || a.ended.Before(first) {
			first = a.ended
		}
	}
	if c.Kind == "identity" {
		if open {
			return time.Time{}
		}
		return last
	}
	return first
}

func wanting(id string, a *action) string {
	switch {
	case a == nil:
		return id + " is not in the plan"
	case a.skipped != "":
		return a.p.Use + " was skipped: " + a.skipped
	case a.refused != "":
		return a.p.Use + " was refused: " + a.refused
	case a.doubt() != nil:
		return "the outcome of " + a.p.Use + " is unknown"
	}
	return a.p.Use + " on " + a.p.Target.Name + " is not proven yet"
}
