package respond_test

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Who undid it is asked for the time between our own call and the reading that showed it,
// by the provider's clock; what the provider said once stays said.
func TestUndoingIsTold(t *testing.T) {
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
	b.pass(10 * time.Minute)
	undoings := func() []respond.Undoing {
		i := slices.IndexFunc(b.d.State().Actions, func(a respond.ActionState) bool { return a.Action.ID == "disable" })
		return b.d.State().Actions[i].Undoings
	}
	skewed := b.d.State().Now.Add(time.Hour)
	b.see(respond.Verified{Action: "disable", Reading: plan.Reading{State: plan.Broken, Server: skewed, Next: []plan.Call{{Key: "disable"}}}})
	u := undoings()
	if len(u) != 1 || !u[0].Open() || u[0].Until.Before(skewed) || !u[0].After.After(skewed.Add(-11*time.Minute)) || !u[0].After.Before(skewed.Add(-9*time.Minute)) {
		t.Fatalf("%+v, seen %v", u, skewed)
	}
	who := func(n int, by string) {
		b.see(respond.Verified{Action: "disable", Reading: plan.Reading{State: plan.Held, Proof: plan.P1, Undone: []plan.Undone{{Number: n, By: []plan.Doer{{Who: by}}}}}})
	}
	who(2, "nobody")
	if u = undoings(); !u[0].Open() {
		t.Fatalf("%+v", u)
	}
	who(1, "mallory")
	who(1, "bob")
	if u = undoings(); len(u[0].By) != 1 || u[0].By[0].Who != "mallory" {
		t.Fatalf("%+v", u)
	}
	b.see(respond.Verified{Action: "disable", Reading: plan.Reading{State: plan.Broken, Next: []plan.Call{{Key: "disable"}}}})
	if u = undoings(); len(u) != 2 || u[1].Open() {
		t.Errorf("a provider without a time: %+v", u)
	}
}

// A call whose answer nobody saw is no older than the reading that showed its effect: what
// came between our call before it and then undid an earlier time, and is not told of a later one.
func TestAnUndoingIsNotOlderThanOurLastCall(t *testing.T) {
	disable, assist := action("disable", plan.Contain, plan.Reversible), action("assist", plan.Notify, plan.Read)
	disable.Doors, assist.Assisted = []string{"door"}, &plan.Assisted{Instructions: "tell them"}
	p := one(disable)
	p.Actions = append(p.Actions, assist)
	b := open(t, respond.Opened{}, p)
	b.broken("disable", "disable")
	b.broken("assist")
	b.answer("confirm/disable/reversible#1", "go")
	open := func() {
		b.see(respond.Verified{Action: "disable", Reading: plan.Reading{State: plan.Broken, Server: b.d.State().Now, Next: []plan.Call{{Key: "disable"}}}})
	}
	b.see(respond.Intended{Action: "disable", Call: plan.Call{Key: "disable"}, Number: 1})
	b.see(respond.Outcome{Action: "disable", Number: 1, Outcome: plan.Outcome{State: plan.Done}})
	b.held("disable", plan.P1)
	b.pass(10 * time.Minute)
	open()
	first := b.d.State().Now
	b.see(respond.Intended{Action: "disable", Call: plan.Call{Key: "disable"}, Number: 2})
	b.see(respond.Settled{Action: "disable", Number: 2, Settlement: plan.Settlement{Happened: "yes"}}) // the process died in between
	b.pass(time.Minute)
	b.held("disable", plan.P1)
	b.pass(10 * time.Minute)
	open()
	i := slices.IndexFunc(b.d.State().Actions, func(a respond.ActionState) bool { return a.Action.ID == "disable" })
	if u := b.d.State().Actions[i].Undoings; len(u) != 2 || !u[1].After.After(first) {
		t.Errorf("%+v, undone first by %v", u, first)
	}
}
