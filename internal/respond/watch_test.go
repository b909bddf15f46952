package respond_test

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// While a person reads, and no gate is near, the doors that were shut are looked at again;
// one that somebody opened is shut again without asking anew. It is no reason to stay.
func TestShutDoorsAreWatched(t *testing.T) {
	disable, assist := action("disable", plan.Contain, plan.Reversible), action("assist", plan.Notify, plan.Read)
	disable.Doors, assist.Assisted = []string{"door"}, &plan.Assisted{Instructions: "tell them"}
	p := one(disable)
	p.Actions = append(p.Actions, assist)
	b := open(t, respond.Opened{}, p)
	b.broken("disable", "disable")
	b.broken("assist")
	b.answer("confirm/disable/reversible#1", "go")
	b.see(respond.Intended{Action: "disable", Call: plan.Call{Key: "disable"}, Number: 1})
	b.see(respond.Outcome{Action: "disable", Number: 1, Outcome: plan.Outcome{State: plan.Done}})
	b.held("disable", plan.P1)
	wait := slices.IndexFunc(b.d.Commands(), func(c respond.Command) bool { _, is := c.(respond.Wait); return is })
	if wait < 0 || !b.d.Commands()[wait].(respond.Wait).Idle {
		t.Fatalf("wants %v", b.keys())
	}
	b.pass(10 * time.Minute)
	if !slices.Contains(b.keys(), "verify disable") {
		t.Fatalf("wants %v", b.keys())
	}
	b.broken("disable", "disable")
	if !slices.Contains(b.keys(), "apply disable disable") {
		t.Errorf("wants %v", b.keys())
	}
	b.held("disable", plan.P1)
	b.see(respond.Answered{Ask: b.ask("assist/assist#1").ID, Choice: "done", By: "alice"})
	b.held("assist", plan.P1)
	b.want("stop") // nothing else is wanted, so nothing is watched for
}
