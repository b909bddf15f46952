package view

import (
	"fmt"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Event is one event in a sentence, "" for those a person need not see go by.
// verbose adds them.
func Event(st Style, e respond.Event, s *respond.State, verbose bool) string {
	switch d := e.Data.(type) {
	case respond.Opened:
		return st.Strong("incident "+Line(d.Incident)) + " opened, " + Line(d.Mode)
	case respond.Planned:
		return planned(d, s)
	case respond.Approved:
		return "approved by " + Line(d.Signer)
	case respond.Answered:
		return answered(d)
	case respond.Intended:
		a := find(s, d.Action)
		return fmt.Sprintf("%s %s: %s %s", step(a), name(a, d.Action), Line(d.Call.Verb), Line(d.Call.Object))
	case respond.Outcome:
		return outcome(st, d, find(s, d.Action), verbose)
	case respond.Settled:
		a := find(s, d.Action)
		if d.By != "" {
			return fmt.Sprintf("%s %s: %s by %s, by word alone: call %d happened: %s (%s)", step(a), name(a, d.Action), st.Warn("SETTLED"), Line(d.By), d.Number, settled(st, d.Settlement.Happened), Line(d.Reason))
		}
		return fmt.Sprintf("%s %s: looked whether call %d happened: %s", step(a), name(a, d.Action), d.Number, settled(st, d.Settlement.Happened))
	case respond.Verified:
		return verified(st, e, d, find(s, d.Action), verbose)
	case respond.Surveyed:
		return fmt.Sprintf("surveyed (%s): %s, %d unknown", Line(d.Scope), Count(len(d.Findings), "finding"), len(d.Unknown))
	case respond.Overridden:
		return st.Bad("gate "+Line(string(d.Gate))+" OVERRIDDEN") + " by " + Line(d.By) + " for " + Line(overridden(s, d)) + ": " + Line(d.Reason)
	case respond.Resumed:
		return "resumed by " + Line(d.Operator)
	case respond.HandedOver:
		return st.Warn("handed over") + " to " + handed(&d)
	case respond.Paused:
		return st.Warn("paused: ") + Line(d.Reason)
	case respond.Closed:
		return st.Good("incident closed")
	case respond.Fired:
		if verbose {
			return st.Faint("time reached")
		}
	}
	return ""
}

func outcome(st Style, d respond.Outcome, a *respond.ActionState, verbose bool) string {
	if d.Outcome.State == plan.Done && !verbose {
		return ""
	}
	s := fmt.Sprintf("%s %s: %s", step(a), name(a, d.Action), State(st, d.Outcome.State))
	if d.Outcome.Detail != "" {
		s += " (" + Line(d.Outcome.Detail) + ")"
	}
	if d.Outcome.Permission != "" {
		s += ", missing permission " + Line(d.Outcome.Permission)
	}
	return s
}

func verified(st Style, e respond.Event, d respond.Verified, a *respond.ActionState, verbose bool) string {
	finished := a != nil && a.Phase == respond.Finished && a.Ended.Equal(e.Time)
	switch {
	case finished:
		s := fmt.Sprintf("%s %s: %s at %s", step(a), name(a, d.Action), State(st, a.Outcome), st.Good(string(a.Proof)))
		if a.Shortfall != "" {
			s += " (" + Line(a.Shortfall) + ")"
		}
		return s
	case d.Reading.State == plan.Unknown:
		return fmt.Sprintf("%s %s: reading %s (%s)", step(a), name(a, d.Action), State(st, plan.Unknown), Line(d.Reading.Detail))
	case verbose:
		return fmt.Sprintf("%s %s: reading %s %s %s", step(a), name(a, d.Action), State(st, d.Reading.State), d.Reading.Proof, Line(d.Reading.Detail))
	}
	return ""
}

func answered(d respond.Answered) string {
	ask, _, _ := strings.Cut(strings.TrimPrefix(d.Ask, "old/"), "#")
	s := Line(d.By) + " answered " + Line(d.Choice) + " to " + Line(ask)
	if d.Reason != "" {
		s += ": " + Line(d.Reason)
	}
	return s
}

func settled(st Style, happened string) string {
	if happened == string(plan.Unknown) {
		return st.Bad("UNKNOWN")
	}
	return Line(happened)
}

func find(s *respond.State, id string) *respond.ActionState {
	if s == nil {
		return nil
	}
	for i := range s.Actions {
		if s.Actions[i].Action.ID == id {
			return &s.Actions[i]
		}
	}
	return nil
}

func step(a *respond.ActionState) string {
	if a == nil {
		return fmt.Sprintf("%-10s", "")
	}
	return fmt.Sprintf("%-10s", a.Action.Step)
}

func name(a *respond.ActionState, id string) string {
	if a == nil {
		return Line(id)
	}
	return Line(a.Action.Use) + " " + Line(TargetName(a.Action))
}

func planned(d respond.Planned, s *respond.State) string {
	what := "plan"
	if s != nil && len(s.Plans) > 1 {
		what = "amendment"
	}
	return fmt.Sprintf("%s %.12s with %s", what, Line(d.Digest), Count(count(d.Plan), "action"))
}

// overridden says for which actions a gate was overridden.
func overridden(s *respond.State, d respond.Overridden) string {
	ids := d.Actions
	if d.Action != "" {
		ids = append([]string{d.Action}, ids...)
	}
	if len(ids) == 0 {
		return "every action"
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		if a := find(s, id); a != nil {
			names[i] = a.Action.Use + " on " + TargetName(a.Action)
		}
	}
	return strings.Join(names, ", ")
}

func count(p *plan.Plan) int {
	if p == nil {
		return 0
	}
	return len(p.Actions)
}
