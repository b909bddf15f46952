package respond_test

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// A freeze that was taken back is not put in force again when what comes after it looks
// whether the freezes hold.
func TestLiftedFreezeStaysLifted(t *testing.T) {
	freeze, lift, enable := action("freeze", plan.Freeze, plan.Reversible), action("rollback/lift", plan.Lift, plan.Read), action("rollback/enable", plan.Enable, plan.Read)
	freeze.Target.ID, lift.Target = "tags", freeze.Target
	lift.Target.ID, enable.After = "tags", []string{lift.ID}
	p := one(freeze)
	p.Actions = []plan.Action{freeze, lift, enable}
	b := open(t, respond.Opened{}, p)
	b.held(freeze.ID, plan.P1)
	b.want("survey boundary")
	b.see(respond.Surveyed{Scope: "boundary"})
	b.want("verify rollback/lift")
	b.held(lift.ID, plan.P1)
	b.pass(time.Hour) // so that what was read before is too old for a gate
	if got := b.keys(); slices.Contains(got, "verify freeze") || !slices.Contains(got, "survey boundary") {
		t.Errorf("wants %v", got)
	}
}

// What was taken away and stands again by the way back it named is not taken away once
// more. Another denial on the same target holds on, and is looked at.
func TestWhatStandsAgainIsNotTakenAwayAgain(t *testing.T) {
	remove, deny := action("remove", plan.Contain, plan.Read), action("deny", plan.Contain, plan.Read)
	restore, enable := action("restore", plan.Lift, plan.Read), action("rollback/enable", plan.Enable, plan.Read)
	remove.Inverse = &plan.Inverse{Use: restore.Use}
	remove.Target.ID, deny.Target.ID, restore.Target.ID, enable.After = "it", "it", "it", []string{restore.ID}
	p := one(remove)
	p.Actions = []plan.Action{remove, deny, restore, enable}
	b := open(t, respond.Opened{}, p)
	b.held(remove.ID, plan.P1)
	b.held(deny.ID, plan.P1)
	b.want("survey boundary", "wait 10m0s")
	b.see(respond.Surveyed{Scope: "boundary"})
	b.want("verify restore", "wait 10m0s")
	b.held(restore.ID, plan.P1)
	b.pass(time.Hour) // so that what was read before is too old for a gate
	if got := b.keys(); slices.Contains(got, "verify remove") || !slices.Contains(got, "verify deny") {
		t.Errorf("wants %v", got)
	}
}
