package github_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// farm gives the repository and its organization a runner with a file that asks for one.
func farm(s *fake.Seed) {
	s.Branches[0].Files[".github/workflows/mac.yml"] = "on: push\njobs: { a: { runs-on: [self-hosted, linux], steps: [ { run: make } ] } }\n"
	s.OwnerRunners = []fake.Runner{{Name: "pool-1", Status: "online", Labels: []string{"self-hosted", "linux"}}}
}

func TestRunnerRemove(t *testing.T) {
	for name, in := range map[string]adapters.Inputs{
		"mac-1":  inputs("repository", shop, "runner", "mac-1"),
		"pool-1": inputs("repository", shop, "runner", "pool-1", "organization", "acme"),
	} {
		s := suite("github.runner.remove", farm, func(s *fake.Server) bool { return s.RunnerStatus(name) == "" })
		s.Inputs = in
		conforms(t, s)
	}
}

func TestRunnerIsolate(t *testing.T) {
	s := suite("github.runner.isolate", farm, nil)
	s.Inputs = inputs("repository", shop, "runner", "mac-1")
	s.Quirks.NotByWorld = true // a person does it
	conforms(t, s)
}

func surveyOf(t *testing.T, w *worldtest.World) *snapshot.Snapshot {
	t.Helper()
	s := &snapshot.Snapshot{}
	if err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// plannedFrom is an action, planned from a survey.
func plannedFrom(t *testing.T, w *worldtest.World, name string, pairs ...string) (*act, plan.Change) {
	t.Helper()
	s := surveyOf(t, w)
	in := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		in[pairs[i]] = pairs[i+1]
	}
	a := drive(t, w, name, in)
	c, err := a.action.Plan(inputs(pairs...), s)
	if err != nil {
		t.Fatal(err)
	}
	a.task.Action.Before = c.Before
	return a, c
}

// A runner is isolated when GitHub hears nothing of it. One that is gone shows nothing,
// but for an ephemeral one, which goes by itself.
func TestARunnerIsIsolatedWhenItIsSilent(t *testing.T) {
	w, s := start(t, world.Options{}, func(s *fake.Seed) {
		farm(s)
		s.Runners = append(s.Runners, fake.Runner{Name: "once", Status: "online", Labels: []string{"self-hosted"}, Ephemeral: true})
	})
	do := func(f func()) {
		t.Helper()
		if err := w.Do(func(world.Core) { f() }); err != nil {
			t.Fatal(err)
		}
	}
	for name, pairs := range map[string][]string{
		"mac-1": {"repository", shop, "runner", "mac-1"}, "pool-1": {"repository", shop, "runner", "pool-1", "organization", "acme"},
	} {
		a, c := plannedFrom(t, w, "github.runner.isolate", pairs...)
		if c.Assisted == nil || len(c.Calls) > 0 || len(c.Hosts) != 1 || !strings.HasSuffix(c.Hosts[0], ":runner:"+name) || strings.Contains(c.Assisted.Instructions, "shared") != (name == "pool-1") {
			t.Errorf("%+v", c)
		}
		if r := a.look(); r.State != plan.Broken || r.Detail != "the runner is online" {
			t.Errorf("%s: %+v", name, r)
		}
		do(func() { s.Disconnect(name) })
		if r := a.look(); r.State != plan.Held || r.Proof != plan.P1 {
			t.Errorf("%s: %+v", name, r)
		}
		r, _ := plannedFrom(t, w, "github.runner.remove", pairs...)
		if o := r.send(r.look().Next[0]); o.State != plan.Done {
			t.Errorf("%s: %+v", name, o)
		}
		if r := a.look(); r.State != plan.Unknown || !strings.Contains(r.Detail, "override") {
			t.Errorf("%s is gone: %+v", name, r)
		}
	}
	a, _ := plannedFrom(t, w, "github.runner.isolate", "repository", shop, "runner", "once")
	r, _ := plannedFrom(t, w, "github.runner.remove", "repository", shop, "runner", "once")
	r.send(r.look().Next[0])
	if r := a.look(); r.State != plan.Held {
		t.Errorf("an ephemeral one: %+v", r)
	}
}

// A runner in the middle of a job is not taken out; it is when the job has ended.
func TestABusyRunnerIsTakenOutLater(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		s.Runners[0].Busy = true
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: checks, Status: "in_progress", Lasts: time.Minute})
	})
	r, c := plannedFrom(t, w, "github.runner.remove", "repository", shop, "runner", "mac-1")
	if o := r.send(c.Calls[0]); o.State != plan.Refused || !o.Temporary || !strings.Contains(o.Detail, "middle of a job") {
		t.Errorf("%+v", o)
	}
	w.Clock.Advance(2 * time.Minute)
	if o := r.send(c.Calls[0]); o.State != plan.Done {
		t.Errorf("%+v", o)
	}
	if x := r.look(); x.State != plan.Held {
		t.Errorf("%+v", x)
	}
}

// A token that may not see runners gets the same 404 as for one that is gone.
func TestAHiddenRunnerIsNotGone(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	for _, name := range []string{"github.runner.isolate", "github.runner.remove"} {
		a, c := plannedFrom(t, w, name, "repository", shop, "runner", "mac-1")
		wire := w.Wire()
		wire.Transport = hides{wire.Transport}
		for _, x := range provider(t, w, wire).Actions() {
			if x.Spec().Name == name {
				a.action = x
			}
		}
		if r := a.look(); r.State != plan.Unknown {
			t.Errorf("%s: %+v", name, r)
		}
		if len(c.Calls) > 0 {
			a.task.Now = w.Clock.Now()
			if s := a.action.Settle(t.Context(), a.task, c.Calls[0]); s.Happened != "unknown" {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// hides answers 404 for runners, and 403 for the list of them.
type hides struct{ next http.RoundTripper }

func (h hides) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := h.next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "/actions/runners") {
		resp.StatusCode = http.StatusNotFound
		if strings.HasSuffix(r.URL.Path, "/runners") {
			resp.StatusCode = http.StatusForbidden
		}
	}
	return resp, err
}
