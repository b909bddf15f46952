package github_test

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

// choosing lets Actions run in some repositories alone, with some actions alone.
func choosing(s *fake.Seed) {
	s.OwnerActions, s.OwnerChosen, s.OwnerSelected = &fake.OwnerActions{Repositories: "selected", Pinning: true}, []int64{42}, &chosen
}

const (
	everywhere = `{"permissions":{"allowed_actions":"all","enabled_repositories":"all","sha_pinning_required":false}}`
	somewhere  = `{"permissions":{"allowed_actions":"selected","enabled_repositories":"selected","sha_pinning_required":true},"repositories":[42],"selected":{"github_owned_allowed":true,"patterns_allowed":["acme/*"],"verified_allowed":false}}`
)

func TestOrgActionsStop(t *testing.T) {
	for name, change := range map[string]func(*fake.Seed){"all": nil, "selected": choosing} {
		t.Run(name, func(t *testing.T) {
			s := suite("github.org_actions.stop", change, func(s *fake.Server) bool {
				a, _, _ := s.OwnerActionsNow()
				return a.Repositories == "none" && !s.WorkflowActive(checks)
			})
			s.Inputs = inputs("organization", "acme")
			s.Quirks.Blind = true // no survey reads the switch
			conforms(t, s)
		})
	}
}

func TestOrgActionsReopen(t *testing.T) {
	off := func(s *fake.Seed) { s.OwnerActions = &fake.OwnerActions{Repositories: "none"} }
	s := suite("github.org_actions.reopen", off, func(s *fake.Server) bool { return s.WorkflowActive(checks) })
	s.Inputs = inputs("organization", "acme", "earlier", everywhere)
	s.Quirks.Blind = true
	conforms(t, s)
}

// Where Actions was on before it is on again, and nowhere else, also where GitHub forgot
// what was selected; what somebody changed meanwhile is left alone.
func TestActionsOfAnOrganizationComeBackWhereTheyWere(t *testing.T) {
	w, s := start(t, world.Options{}, choosing)
	in := map[string]any{"organization": "acme"}
	was := drive(t, w, "github.org_actions.stop", in).until(t).Outputs["earlier"].Value
	if s.WorkflowActive(checks) || was != somewhere {
		t.Fatalf("earlier is %s", was)
	}
	if r := drive(t, w, "github.actions.stop", map[string]any{"repository": shop}).look(); r.State != plan.Held {
		t.Errorf("its repositories do not show that they are stopped: %+v", r)
	}
	s.ForgetOwnerChoice()
	drive(t, w, "github.org_actions.reopen", map[string]any{"organization": "acme", "earlier": was}).until(t)
	if a, ids, selected := s.OwnerActionsNow(); a.Repositories != "selected" || a.Allowed != "selected" || !a.Pinning || ids != "[42]" || !strings.Contains(selected, `"acme/*"`) {
		t.Errorf("after: %+v, %s, %s", a, ids, selected)
	}
	r := drive(t, w, "github.org_actions.reopen", map[string]any{"organization": "acme", "earlier": everywhere}).look()
	if r.State != plan.Broken || !r.Final || len(r.Next) > 0 {
		t.Errorf("what is otherwise than before: %+v", r)
	}
}

// The plan says what the hammer costs, and does not guess.
func TestWhatAStopOfAnOrganizationCosts(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) { s.Further = 11 })
	a := drive(t, w, "github.org_actions.stop", nil).action
	snap := shown(t, w)
	c, err := a.Plan(inputs("organization", "Acme"), snap)
	if err != nil || !strings.Contains(c.Breaks, "12 repositories, of which 1 with 2 workflows were surveyed") || len(c.Doors) != 2 || c.Target.ID != "acme/actions" {
		t.Errorf("%+v, %v", c, err)
	}
	snap.Organizations = nil
	if c, err = a.Plan(inputs("organization", "acme"), snap); err != nil || !strings.Contains(c.Breaks, "does not know") {
		t.Errorf("%+v, %v", c, err)
	}
	for _, name := range []string{"other", ""} {
		if _, err := a.Plan(inputs("organization", name), snap); err == nil {
			t.Errorf("planned for %q", name)
		}
	}
}

// An answer that does not say where Actions is on is neither.
func TestOrgActionsSwitchWithoutAState(t *testing.T) {
	c := &canned{answers: map[string]reply{"GET /api/v3/orgs/acme/actions/permissions": {200, nil, `{"allowed_actions":"all"}`}}}
	for _, name := range []string{"github.org_actions.stop", "github.org_actions.reopen"} {
		r := over(t, c)[name].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"organization": "acme", "earlier": everywhere}, Now: noon})
		if r.State != plan.Unknown || !strings.Contains(r.Detail, "does not say") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
