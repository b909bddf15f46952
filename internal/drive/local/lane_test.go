package local

import (
	"context"
	"sync"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// A provider that makes us wait holds up its own calls and reads, and nobody else's:
// the quick one's are begun while the slow one's fill every place there is for it.
func TestSlowProviderHoldsUpNoOther(t *testing.T) {
	of := func(provider, id string) *plan.Action {
		return &plan.Action{ID: id, Use: "x." + id, Target: plan.Target{Provider: provider}}
	}
	var all []respond.Command
	for _, id := range names(9) {
		all = append(all, respond.Apply{Action: of("slow", id), Call: plan.Call{Key: id}, Number: 1}, respond.Verify{Action: of("slow", "r"+id), Round: 1})
	}
	all = append(all, respond.Apply{Action: of("quick", "kill"), Call: plan.Call{Key: "kill"}, Number: 1}, respond.Verify{Action: of("quick", "look"), Round: 1})
	d := &script{want: func(s *script) []respond.Command {
		if s.count("outcome") == 10 && s.count("verified") == 10 {
			return []respond.Command{respond.Stop{Code: 5, Reason: "held"}}
		}
		return s.left(all)
	}}
	l := begin(t, parts(t, d))
	var quick sync.WaitGroup
	quick.Add(2)
	wait := func(provider string) {
		if provider == "slow" {
			quick.Wait()
		} else {
			quick.Done()
		}
	}
	_, err := Run(t.Context(), Options{Log: l, Workers: 2, Hands: hands{
		apply: func(_ context.Context, c respond.Apply) plan.Outcome {
			wait(c.Action.Target.Provider)
			return plan.Outcome{State: plan.Done}
		},
		verify: func(_ context.Context, c respond.Verify) plan.Reading {
			wait(c.Action.Target.Provider)
			return plan.Reading{State: plan.Held}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// left are the calls without an intent and the reads without an answer.
func (s *script) left(all []respond.Command) (out []respond.Command) {
	had := map[string]bool{}
	for _, e := range s.events {
		switch v := e.Data.(type) {
		case respond.Intended:
			had[v.Action] = true
		case respond.Verified:
			had[v.Action] = true
		}
	}
	for _, c := range all {
		switch v := c.(type) {
		case respond.Apply:
			if !had[v.Action.ID] {
				out = append(out, c)
			}
		case respond.Verify:
			if !had[v.Action.ID] {
				out = append(out, c)
			}
		}
	}
	return out
}
