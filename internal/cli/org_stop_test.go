package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// owner is where Actions runs in the world's organization.
func owner(s *stage) string {
	for k, v := range s.projection() {
		if strings.HasSuffix(k, "actions of the organization") {
			return v
		}
	}
	return ""
}

// The largest hammer falls before new values are delivered, and is taken back once each
// workflow under response is shut by itself: Actions runs again where it ran.
func TestAnOrganizationIsStoppedAndReopened(t *testing.T) {
	s := newStageIn(t, setting{scenario: pairs, playbook: "testdata/pairs/organization.yaml"})
	before := owner(s)
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.closed(r, "never killed")
	for _, use := range []string{"github.org_actions.stop", "github.org_actions.reopen"} {
		i := slices.IndexFunc(r.State.Actions, func(a respond.ActionState) bool { return a.Action.Use == use })
		if i < 0 || r.State.Actions[i].Outcome != plan.Done {
			t.Errorf("%s was not done", use)
		}
	}
	var order []string
	for _, e := range s.r.World.Entries() {
		if e.Kind == "request" && e.Call == "PUT organization actions permissions" {
			order = append(order, e.Call)
		}
	}
	if after := owner(s); len(order) != 2 || before == "" || after != before {
		t.Errorf("%d changes; it was %q and is %q", len(order), before, after)
	}
}
