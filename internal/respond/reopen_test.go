package respond_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// What was shut as a whole is opened again only when each workflow under response is shut
// by something else, and that holds now; then nobody shuts it again.
func TestReopensOnlyOverClosedDoors(t *testing.T) {
	door := []string{"workflow:acme/shop/.github/workflows/ci.yml", "workflow:acme/shop/.github/workflows/other.yml"}
	stop, reopen, disable := action("stop", plan.Contain, plan.Read), action("reopen", plan.Reopen, plan.Read), action("disable", plan.Contain, plan.Read)
	stop.Target.ID, reopen.Target.ID = "actions", "actions"
	stop.Target.Name = reopen.Target.Name
	stop.Doors, reopen.Doors, disable.Doors, reopen.After = door, door, door[:1], []string{"stop"}
	p := one(stop)
	p.Subjects = []string{"acme/shop/.github/workflows/ci.yml"}

	p.Actions = []plan.Action{stop, reopen}
	b := open(t, respond.Opened{}, p)
	b.held("stop", plan.P1)
	asks := slices.DeleteFunc(b.d.Commands(), func(c respond.Command) bool { _, is := c.(respond.Ask); return !is })
	if len(asks) != 1 || !strings.Contains(strings.Join(asks[0].(respond.Ask).Why, " "), "nothing else in the plan shuts it") {
		t.Fatalf("asks %+v", asks)
	}

	p.Actions = []plan.Action{stop, reopen, disable}
	b = open(t, respond.Opened{}, p)
	b.held("stop", plan.P1)
	b.want("verify disable", "wait 10m0s")
	b.held("disable", plan.P1)
	b.want("verify reopen", "wait 10m0s")
	b.held("reopen", plan.P1)
	for _, a := range b.d.State().Actions {
		if a.Action.ID == "stop" && a.Phase != respond.Finished {
			t.Errorf("the stop is %s", a.Phase)
		}
	}
	b.want("stop")
}
