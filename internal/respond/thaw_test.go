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
