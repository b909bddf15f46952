package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

// As a responder would try: an AWS role, an access key in two stores, a database password,
// a deploy key, an organization's secret shared by three repositories, npm tokens of one
// account of which one did not leak, and a secret nobody declared. Nothing stays open
// silently, and the wrong twin lives.
func TestOneOfEach(t *testing.T) {
	s := newStageIn(t, setting{scenario: "testdata/responder.yaml"})
	r, err := s.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	open := []string{}
	for _, c := range r.State.Closings {
		if !c.Closed {
			open = append(open, c.Name)
			if !strings.Contains(c.Why, "nobody declared who issues") {
				t.Errorf("%s is open: %s", c.Name, c.Why)
			}
		}
	}
	if !slices.Equal(open, []string{"PARTNER_API"}) || len(r.State.Closings) < 7 {
		t.Errorf("open: %v of %d", open, len(r.State.Closings))
	}
	told := view.NewIncident(r.State, "").Open
	if !slices.ContainsFunc(told, func(o view.OpenItem) bool { return strings.Contains(o.ID, "PARTNER_API") }) {
		t.Errorf("nobody is told of it: %+v", told)
	}
	if len(r.State.Found) > 0 {
		t.Errorf("what we made ourselves is shown as somebody's: %+v", r.State.Found)
	}
	end := s.projection()
	for name, want := range map[string]string{
		"NPM_TOKEN": "dead", "SHARED_NPM": "dead", "DEPLOY_KEY_ID": "", "DATABASE_URL": "dead", "NPM_TWIN": "alive", "DEPLOY_TWIN": "alive", "npm-responder": "alive", "postgres-responder": "alive",
	} {
		if got := end["credential "+name]; got != want && want != "" {
			t.Errorf("%s is %q", name, got)
		}
	}
	for k, v := range end {
		if strings.Contains(k, "consumer") && v == "broken" {
			t.Errorf("%s: %s", k, v)
		}
	}
	i := slices.IndexFunc(r.State.Actions, func(a respond.ActionState) bool {
		return a.Action.Role == plan.Deliver && a.Action.Target.Name == "SHARED_NPM"
	})
	if i < 0 || !strings.Contains(r.State.Actions[i].Action.Breaks, "3 repositories of acme get the new value") {
		t.Errorf("nobody is told whom the shared secret reaches: %+v", r.State.Actions[max(i, 0)].Action.Breaks)
	}
}
