package github_test

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
)

// An environment that was deleted takes its secrets with it: a lift makes none anew.
func TestALiftMakesNoEnvironment(t *testing.T) {
	w, _ := start(t, world.Options{}, deployments)
	w.Around = nil // 404 is documented once for all endpoints, not per operation
	was := drive(t, w, "github.environment.freeze", map[string]any{"repository": shop, "environment": "open"}).until(t).Outputs["earlier"].Value
	r := drive(t, w, "github.environment.lift", map[string]any{"repository": shop, "environment": "gone", "earlier": was}).look()
	if r.State != plan.Broken || !r.Final || len(r.Next) > 0 || !strings.Contains(r.Detail, "not there any more") {
		t.Errorf("%+v", r)
	}
}

// A pattern that is gone already, or there already, is what was wanted.
func TestPatternsThatAreSoAlready(t *testing.T) {
	w, _ := start(t, world.Options{}, deployments)
	w.Around = nil // 404 is documented once for all endpoints, not per operation
	freeze := drive(t, w, "github.environment.freeze", map[string]any{"repository": shop, "environment": "prod/eu"})
	next := freeze.look().Next
	if len(next) != 3 {
		t.Fatalf("%+v", next)
	}
	for range 2 {
		if o := freeze.send(next[0]); o.State != plan.Done {
			t.Errorf("removed twice: %+v", o)
		}
	}
	was := freeze.until(t).Outputs["earlier"].Value
	lift := drive(t, w, "github.environment.lift", map[string]any{"repository": shop, "environment": "prod/eu", "earlier": was})
	next = lift.look().Next
	for range 2 {
		if o := lift.send(next[0]); o.State != plan.Done {
			t.Errorf("added twice: %+v", o)
		}
	}
	lift.until(t)
}
