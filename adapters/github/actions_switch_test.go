package github_test

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

var chosen = fake.Selected{GitHub: true, Patterns: []string{"acme/*"}}

func selecting(s *fake.Seed) { s.Selected = &chosen }

func runs(s *fake.Server) bool {
	a, _ := s.ActionsNow()
	return a.Enabled
}

func TestActionsStop(t *testing.T) {
	for name, change := range map[string]func(*fake.Seed){"all actions": nil, "selected actions": selecting} {
		t.Run(name, func(t *testing.T) {
			s := suite("github.actions.stop", change, func(s *fake.Server) bool { return !runs(s) })
			s.Inputs = inputs("repository", shop)
			conforms(t, s)
		})
	}
}

const (
	openedAll      = `{"enabled":true,"permissions":{"allowed_actions":"all","enabled":true,"sha_pinning_required":false}}`
	openedSelected = `{"enabled":true,"permissions":{"allowed_actions":"selected","enabled":true,"sha_pinning_required":false},"selected":{"github_owned_allowed":true,"patterns_allowed":["acme/*"],"verified_allowed":false}}`
)

func TestActionsReopen(t *testing.T) {
	off := func(s *fake.Seed) { s.ActionsOff = true }
	s := suite("github.actions.reopen", off, runs)
	s.Inputs = inputs("repository", shop, "earlier", openedAll)
	conforms(t, s)
}

// What was allowed before comes back with the switch, also where GitHub forgot the selection;
// what somebody changed meanwhile is left alone.
func TestActionsComeBackAsTheyWere(t *testing.T) {
	w, s := start(t, world.Options{}, selecting)
	was := drive(t, w, "github.actions.stop", map[string]any{"repository": shop}).until(t).Outputs["earlier"].Value
	if runs(s) || was != openedSelected {
		t.Fatalf("earlier is %s", was)
	}
	s.ForgetSelected()
	drive(t, w, "github.actions.reopen", map[string]any{"repository": shop, "earlier": was}).until(t)
	if a, selected := s.ActionsNow(); !a.Enabled || a.Allowed != "selected" || !strings.Contains(selected, `"acme/*"`) {
		t.Errorf("after: %+v, %s", a, selected)
	}
	r := drive(t, w, "github.actions.reopen", map[string]any{"repository": shop, "earlier": openedAll}).look()
	if r.State != plan.Broken || !r.Final || len(r.Next) > 0 {
		t.Errorf("what is otherwise than before: %+v", r)
	}
}

// An answer that does not say whether Actions is on is neither.
func TestActionsSwitchWithoutAState(t *testing.T) {
	c := &canned{answers: map[string]reply{"GET " + api + "/actions/permissions": {200, nil, `{"allowed_actions":"all"}`}}}
	for _, name := range []string{"github.actions.stop", "github.actions.reopen"} {
		r := over(t, c)[name].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop, "earlier": openedAll}, Now: noon})
		if r.State != plan.Unknown {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
