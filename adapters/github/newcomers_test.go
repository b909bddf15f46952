package github_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

// visited is a world in which an attacker has just added a deploy key and a webhook.
func visited(s *fake.Seed) {
	s.Keys = append(s.Keys, fake.Key{Title: "build cache", AddedBy: "mallory", Age: 10 * time.Minute})
	s.Hooks = append(s.Hooks, fake.Hook{URL: "https://evil.example/in", Active: true, Age: 10 * time.Minute})
}

const visitedSince = "2025-03-14T16:00:00Z"

func TestDeployKeysRemove(t *testing.T) {
	s := suite("github.deploy_keys.remove", visited, func(s *fake.Server) bool { return s.KeyTitles() == "ci" })
	s.Inputs = inputs("repository", shop, "since", visitedSince)
	conforms(t, s)
}

func TestHooksDeactivate(t *testing.T) {
	s := suite("github.hooks.deactivate", visited, func(s *fake.Server) bool {
		urls, bare := s.Listeners()
		return urls == "https://chat.example/services/T0/B0/token?x=secret" && bare == 0
	})
	s.Inputs = inputs("repository", shop, "since", visitedSince)
	conforms(t, s)
}

// What was there before the exposure stays; what came since, and what is pointed
// somewhere else later, is seen; a webhook keeps its secret.
func TestOnlyNewcomersAreCut(t *testing.T) {
	w, s := start(t, world.Options{}, visited)
	for name, kept := range map[string]string{"github.deploy_keys.remove": " ci", "github.hooks.deactivate": "https://chat.example"} {
		a, c := plannedFrom(t, w, name, "repository", shop, "since", visitedSince)
		if len(c.Calls) != 1 || c.Inverse == nil || strings.Contains(c.Calls[0].Object, kept) {
			t.Fatalf("%s: %+v", name, c)
		}
		r := a.look()
		if r.State != plan.Broken || len(r.Found) != 1 || !strings.Contains(r.Found[0].Why, "since the exposure began") {
			t.Errorf("%s: %+v", name, r)
		}
		if o := a.send(r.Next[0]); o.State != plan.Done {
			t.Errorf("%s: %+v", name, o)
		}
		if r := a.look(); r.State != plan.Held {
			t.Errorf("%s: %+v", name, r)
		}
		if _, err := a.action.Plan(inputs("repository", shop), surveyOf(t, w)); err == nil || !strings.Contains(err.Error(), "--since") {
			t.Errorf("%s without a time: %v", name, err)
		}
	}
	w.Clock.Advance(time.Hour)
	if err := w.Do(func(world.Core) { s.EditHook("attacker", s.FirstHook(), "https://evil.example") }); err != nil {
		t.Fatal(err)
	}
	a, _ := plannedFrom(t, w, "github.hooks.deactivate", "repository", shop, "since", visitedSince)
	if r := a.look(); r.State != plan.Broken || !strings.Contains(r.Found[0].Target, "evil.example") {
		t.Errorf("a webhook that was pointed somewhere else: %+v", r)
	}
}
