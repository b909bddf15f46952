package respond_test

import (
	"slices"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// What ends the worst comes first, whatever the order of the steps; the door itself comes
// before all of it, and what ends nothing after.
func TestTheMostDangerousComesFirst(t *testing.T) {
	of := func(id string, role plan.Role, authority ...string) plan.Action {
		a := action(id, role, plan.Reversible)
		if len(authority) > 0 {
			a.Credential, a.Authority = "cred:"+id, authority
		}
		return a
	}
	p := one(plan.Action{})
	p.Actions = []plan.Action{
		of("export", plan.Export), of("reads", plan.Kill, "read"), of("session", plan.Cut, "deploy"), of("deploys", plan.Kill, "deploy", "read"),
		of("trust", plan.Contain, "deploy"), of("new", plan.Mint, "escalate"), of("publishes", plan.Kill, "publish"), of("workflow", plan.Contain),
		of("minter", plan.Kill, "escalate", "publish"), of("machine", plan.Isolate),
	}
	b := open(t, respond.Opened{}, p)
	got := []string{}
	for _, c := range b.d.Commands() {
		if v, is := c.(respond.Verify); is {
			got = append(got, v.Action.ID)
		}
	}
	if want := []string{"machine", "workflow", "minter", "publishes", "trust", "session", "deploys", "reads", "new", "export"}; !slices.Equal(got, want) {
		t.Errorf("%v, should be %v", got, want)
	}
}
