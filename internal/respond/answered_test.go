package respond_test

import (
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// A call may queue and hang: how long its effect may take is counted from when it
// was answered or given up.
func TestAttemptsKnowWhenTheyWereAnswered(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Contain, plan.Reversible)))
	b.broken("a", "shut")
	b.see(respond.Intended{Action: "a", Call: plan.Call{Key: "shut"}, Number: 1})
	b.pass(time.Minute)
	b.see(respond.Outcome{Action: "a", Number: 1, Outcome: plan.Outcome{State: plan.Unknown}})
	got := b.d.State().Actions[0].Attempts[0]
	if !got.At.Equal(start) || !got.Answered.Equal(start.Add(time.Minute)) {
		t.Errorf("asked %s, answered %s", got.At, got.Answered)
	}
}
