package evidence

import (
	"cmp"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// actions fills the table of actions, the steps, and what is unknown, short of
// proof or left of each action.
func (r *Report) actions(s *respond.State) {
	steps := map[plan.Step]*Step{}
	for _, st := range s.Actions {
		a := st.Action
		r.Actions = append(r.Actions, Action{
			ID: a.ID, Step: a.Step, Use: a.Use, Target: a.Target, Effect: a.Effect, Outcome: st.Outcome,
			Proof: st.Proof, Required: st.Required, Shortfall: st.Shortfall, Reason: st.Reason, Owner: a.Owner,
			Calls: len(st.Attempts), Started: st.Started, Ended: st.Ended, Amended: st.Amended, Undone: st.Undone, Undoings: Undoings(st.Undoings), Assisted: a.Assisted != nil, Gates: st.Gates,
		})
		if steps[a.Step] == nil {
			steps[a.Step] = &Step{Step: a.Step}
		}
		steps[a.Step].take(st)
		r.judge(st)
		for _, t := range st.Attempts {
			r.Calls[answer(t)]++
		}
	}
	for _, name := range plan.Steps() {
		if s := steps[name]; s != nil {
			r.Steps = append(r.Steps, *s)
		}
	}
}

// answer is what became of a call. One without an outcome was settled, or is unknown.
func answer(t plan.Attempt) plan.State {
	switch {
	case t.Settlement != nil && t.Settlement.Happened == "yes":
		return plan.Done
	case t.Settlement != nil && t.Settlement.Happened == "no":
		return plan.Refused
	case t.Outcome != nil:
		return t.Outcome.State
	}
	return plan.Unknown
}

func (s *Step) take(st respond.ActionState) {
	s.Actions++
	if !st.Started.IsZero() && (s.Started.IsZero() || st.Started.Before(s.Started)) {
		s.Started = st.Started
	}
	if st.Phase != respond.Finished {
		s.Open++
		s.Ended = time.Time{}
		return
	}
	if s.Open == 0 && st.Ended.After(s.Ended) {
		s.Ended = st.Ended
	}
}

func (r *Report) judge(st respond.ActionState) {
	a := st.Action
	about := Open{About: a.ID, Name: a.Target.Name, Owner: a.Owner}
	if st.Outcome == plan.Unknown {
		about.Why = "it is not known whether it took effect"
		if st.Reading != nil {
			about.Why = cmp.Or(st.Reading.Detail, about.Why)
		}
		r.Unknowns = append(r.Unknowns, about)
	}
	if st.Shortfall != "" {
		about.Why = st.Shortfall
		r.Shortfalls = append(r.Shortfalls, about)
	}
	switch {
	case st.Outcome == plan.Skipped:
		about.Why = a.Use + " was skipped: " + st.Reason
	case st.Outcome == plan.Refused:
		about.Why = a.Use + " was refused: " + st.Reason
	case st.Phase != respond.Finished:
		about.Why = a.Use + " is not done" + waitsFor(st.Phase)
	default:
		return
	}
	r.Left = append(r.Left, about)
}

// waitsFor says what an action that is not done waits for.
func waitsFor(p respond.Phase) string {
	//exhaustive:enforce
	switch p {
	case respond.Asking, respond.Stuck:
		return ": it waits for an answer"
	case respond.Waiting:
		return ": its proof is waited for"
	case respond.Doubtful:
		return ": it is not known whether it took effect"
	case respond.Pending, respond.Ready, respond.Finished:
	}
	return " yet"
}
