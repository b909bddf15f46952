package github_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// act is one action being driven by hand.
type act struct {
	t      *testing.T
	w      *worldtest.World
	action adapters.Action
	task   adapters.Task
}

func drive(t *testing.T, w *worldtest.World, action string, in map[string]any) *act {
	t.Helper()
	for _, a := range provider(t, w, w.Wire()).Actions() {
		if a.Spec().Name == action {
			return &act{t, w, a, adapters.Task{Inputs: in, Secrets: map[string]secret.Text{"value": secret.NewString(newNPM)}, Save: func(name string, _ []byte) (plan.Saved, error) {
				return plan.Saved{File: name, Digest: "d"}, nil
			}, SaveFrom: saveFrom}}
		}
	}
	t.Fatalf("no action %s", action)
	return nil
}

func (a *act) look() plan.Reading {
	a.task.Now = a.w.Clock.Now()
	return a.action.Verify(a.t.Context(), a.task)
}

func (a *act) send(c plan.Call) plan.Outcome {
	a.task.Now = a.w.Clock.Now()
	o := a.action.Apply(a.t.Context(), a.task, c).Outcome
	a.task.History = append(a.task.History, plan.Attempt{Call: c, Number: len(a.task.History) + 1, At: a.w.Clock.Now(), Outcome: &o})
	return o
}

// everything carries all actions out once.
func everything(t *testing.T, w *worldtest.World) {
	t.Helper()
	wf := map[string]any{"repository": shop, "workflow": checks}
	for _, x := range []struct {
		name string
		in   map[string]any
	}{
		{"github.workflow.disable", wf},
		{"github.runs.cancel", wf},
		{"github.logs.export", wf},
		{"github.artifacts.export", wf},
		{"github.access.review", map[string]any{"repository": shop}},
		{"github.secret.put", map[string]any{"repository": shop, "scope": "environment/prod/eu", "name": "DEPLOY_KEY"}},
		{"github.caches.purge", map[string]any{"repository": shop}},
		{"github.workflow.dispatch", map[string]any{"repository": shop, "workflow": build, "purpose": "rebuild"}},
		{"github.workflow.enable", wf},
	} {
		a := drive(t, w, x.name, x.in)
		r := a.look()
		for end := w.Clock.Now().Add(time.Hour); r.State != plan.Held && w.Clock.Now().Before(end); r = a.look() {
			for _, c := range r.Next {
				a.send(c)
			}
			w.Clock.Advance(10 * time.Second)
		}
		if r.State != plan.Held {
			t.Fatalf("%s: %+v", x.name, r)
		}
	}
}

// Cancel, a minute, force-cancel; not before, and not another cancel.
func TestCancelEscalatesAfterAMinute(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: checks, Status: "in_progress", IgnoresCancel: true, Lingers: 5 * time.Minute, Jobs: []string{"a", "b"}})
	})
	a := drive(t, w, "github.runs.cancel", map[string]any{"repository": shop, "workflow": checks})
	r := a.look()
	if len(r.Next) != 1 || r.Next[0].Verb != "cancel" {
		t.Fatalf("first: %+v", r)
	}
	if o := a.send(r.Next[0]); o.State != plan.Done {
		t.Fatalf("%+v", o)
	}
	if r = a.look(); len(r.Next) != 0 || r.Wait.D() != 10*time.Second {
		t.Fatalf("at once: %+v", r)
	}
	w.Clock.Advance(59 * time.Second)
	if r = a.look(); r.State != plan.Broken || len(r.Next) != 0 || r.Wait.D() != time.Second {
		t.Fatalf("after 59 s: %+v", r)
	}
	w.Clock.Advance(time.Second)
	if r = a.look(); len(r.Next) != 1 || r.Next[0].Verb != "force-cancel" {
		t.Fatalf("after a minute: %+v", r)
	}
	a.send(r.Next[0])
	w.Clock.Advance(30 * time.Second)
	if r = a.look(); r.State != plan.Broken {
		t.Fatalf("the run is over, its job is not: %+v", r)
	}
	w.Clock.Advance(6 * time.Minute)
	if r = a.look(); r.State != plan.Held || r.Proof != plan.P1 {
		t.Fatalf("all over: %+v", r)
	}
}

// All six live states count, whatever else may be going on.
func TestCancelFindsEveryLiveState(t *testing.T) {
	states := []string{"in_progress", "queued", "waiting", "pending", "requested", "action_required"}
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		for _, x := range states {
			s.Runs = append(s.Runs, fake.RunSeed{Workflow: checks, Status: x})
		}
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: build, Status: "in_progress"})
	})
	a := drive(t, w, "github.runs.cancel", map[string]any{"repository": shop, "workflow": checks})
	if r := a.look(); len(r.Next) != len(states) {
		t.Errorf("wants %d calls, there are %d live runs of this workflow: %+v", len(r.Next), len(states), r.Next)
	}
}

// A cache that comes back is deleted again; each listing is kept.
func TestPurgeSeesWhatComesBack(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	a := drive(t, w, "github.caches.purge", map[string]any{"repository": shop})
	r := a.look()
	if len(r.Next) != 2 || len(r.Saved) != 1 || r.Saved[0].Gap == "" || r.Saved[0].File == "" || r.Saved[0].Evidence != "caches:"+shop {
		t.Fatalf("%+v", r)
	}
	first := r.Saved[0].File
	for _, c := range r.Next {
		a.send(c)
	}
	if r = a.look(); r.State != plan.Held {
		t.Fatalf("%+v", r)
	}
	w.Clock.Advance(2 * time.Minute)
	if r = a.look(); r.State != plan.Broken || len(r.Next) != 1 || r.Saved[0].File == first {
		t.Fatalf("one came back: %+v", r)
	}
	a.send(r.Next[0])
	for range 2 {
		w.Clock.Advance(2 * time.Minute)
		if r = a.look(); r.State != plan.Held {
			t.Fatalf("%+v", r)
		}
	}
}

// A change of the secret from before the call proves nothing, also when clocks differ.
func TestPutNeedsAChangeAfterItsIntent(t *testing.T) {
	w, server := start(t, world.Options{}, nil)
	a := drive(t, w, "github.secret.put", map[string]any{"repository": shop, "name": "NPM_TOKEN"})
	r := a.look()
	if r.State != plan.Broken || len(r.Next) != 1 {
		t.Fatalf("%+v", r)
	}
	// The intent is there, the call never left; nothing changed.
	a.task.History = []plan.Attempt{{Call: r.Next[0], Number: 1, At: w.Clock.Now(), Outcome: &plan.Outcome{State: plan.Unknown}}}
	w.Clock.Advance(time.Minute)
	if r = a.look(); r.State != plan.Broken || len(r.Next) != 1 {
		t.Fatalf("an unchanged secret: %+v", r)
	}
	if o := a.send(r.Next[0]); o.State != plan.Done {
		t.Fatalf("%+v", o)
	}
	w.Clock.Advance(10 * time.Second)
	if r = a.look(); r.State != plan.Held || r.Proof != plan.P1 {
		t.Fatalf("%+v", r)
	}
	if err := w.Do(func(world.Core) {
		if got := server.SecretValue("repository", "NPM_TOKEN"); got != newNPM {
			t.Error("the world did not get the new value")
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// A rebuild by the compromised workflow is refused while planning.
func TestDispatchRefusesTheCompromisedBuilder(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	p := provider(t, w, w.Wire())
	s := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	a := drive(t, w, "github.workflow.dispatch", nil).action
	if _, err := a.Plan(inputs("repository", shop, "workflow", checks, "subject", checks), s); err == nil || !strings.Contains(err.Error(), "another, trusted builder") {
		t.Errorf("got %v", err)
	}
	if _, err := a.Plan(inputs("repository", shop, "workflow", checks, "subject", checks, "purpose", "canary"), s); err != nil {
		t.Errorf("a canary of it is what restore wants: %v", err)
	}
}

// A failed run is final: waiting does not help and nothing is sent by itself.
func TestDispatchThatFailsIsFinal(t *testing.T) {
	w, server := start(t, world.Options{}, nil)
	server.Works = func(string) bool { return false }
	a := drive(t, w, "github.workflow.dispatch", map[string]any{"repository": shop, "workflow": checks, "purpose": "canary"})
	a.send(a.look().Next[0])
	w.Clock.Advance(time.Minute)
	if r := a.look(); r.State != plan.Broken || !r.Final || len(r.Next) != 0 || r.Outputs["conclusion"].Value != "failure" {
		t.Errorf("%+v", r)
	}
}

// Logs that are gone are a gap by name; each attempt has its own.
func TestLogsAndTheirGaps(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	a := drive(t, w, "github.logs.export", map[string]any{"repository": shop, "workflow": checks})
	r := a.look()
	if r.State != plan.Held || len(r.Saved) != 4 {
		t.Fatalf("want the record, two attempts and a gap: %+v", r)
	}
	gaps := 0
	for _, s := range r.Saved {
		if s.Evidence != "logs:"+shop {
			t.Errorf("evidence is %q", s.Evidence)
		}
		if s.Gap != "" {
			gaps++
		}
	}
	if gaps != 1 {
		t.Errorf("%d gaps: %+v", gaps, r.Saved)
	}
}

// Logs of a run that lives come when it is over.
func TestLogsWaitForLiveRuns(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: checks, Status: "in_progress", Lasts: time.Minute})
	})
	a := drive(t, w, "github.logs.export", map[string]any{"repository": shop, "workflow": checks})
	if r := a.look(); r.State != plan.Broken || r.Wait == 0 {
		t.Fatalf("%+v", r)
	}
	w.Clock.Advance(2 * time.Minute)
	if r := a.look(); r.State != plan.Held {
		t.Fatalf("%+v", r)
	}
}

// Somebody else's change a second before our intent lies within the doubt of the
// clocks; that it was there before the call tells it apart.
func TestPutIsNotProvenByTheChangeBefore(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	a := drive(t, w, "github.secret.put", map[string]any{"repository": shop, "name": "NPM_TOKEN"})
	a.send(a.look().Next[0])
	w.Clock.Advance(time.Second)
	a.task.History = nil
	r := a.look()
	a.task.History = []plan.Attempt{{Call: r.Next[0], Number: 1, At: w.Clock.Now(), Outcome: &plan.Outcome{State: plan.Unknown}}}
	w.Clock.Advance(time.Minute)
	if r := a.look(); r.State != plan.Broken {
		t.Errorf("%+v", r)
	}
	if s := a.action.Settle(t.Context(), a.task, r.Next[0]); s.Happened != "no" {
		t.Errorf("%+v", s)
	}
}

// A dispatched run that was there before the call, or one of another event, is not
// taken for ours; two new ones cannot be told apart.
func TestDispatchTellsItsRunApart(t *testing.T) {
	w, server := start(t, world.Options{}, func(s *fake.Seed) {
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: build, Event: "workflow_dispatch", Age: 10 * time.Second})
	})
	more := func(event string) {
		t.Helper()
		if err := w.Do(func(world.Core) {
			if _, err := server.StartRun(fake.RunSeed{Workflow: build, Event: event}); err != nil {
				t.Error(err)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	a := drive(t, w, "github.workflow.dispatch", map[string]any{"repository": shop, "workflow": build, "ref": "main"})
	c := a.look().Next[0]
	a.task.History = []plan.Attempt{{Call: c, Number: 1, At: w.Clock.Now(), Outcome: &plan.Outcome{State: plan.Unknown}}}
	more("push")
	settle := func(want string) {
		t.Helper()
		a.task.Now = w.Clock.Now()
		if s := a.action.Settle(t.Context(), a.task, c); s.Happened != want {
			t.Errorf("want %s, got %+v", want, s)
		}
	}
	settle("unknown")
	w.Clock.Advance(time.Minute)
	settle("no")
	more("workflow_dispatch")
	settle("yes")
	more("workflow_dispatch")
	settle("unknown")
	if r := a.look(); r.State != plan.Unknown {
		t.Errorf("two runs could be ours: %+v", r)
	}
}

// The id of an access key is a plain output: no secret, and stored like one.
func TestPutStoresAPlainOutput(t *testing.T) {
	w, server := start(t, world.Options{}, nil)
	a := drive(t, w, "github.secret.put", map[string]any{"repository": shop, "name": "NPM_TOKEN", "value": "AKIAIOSFODNN7EXAMPLE"})
	a.task.Secrets = nil
	if o := a.send(a.look().Next[0]); o.State != plan.Done {
		t.Fatalf("%+v", o)
	}
	if err := w.Do(func(world.Core) {
		if got := server.SecretValue("repository", "NPM_TOKEN"); got != "AKIAIOSFODNN7EXAMPLE" {
			t.Errorf("stored %q", got)
		}
	}); err != nil {
		t.Fatal(err)
	}
	a.task.Inputs["value"] = ""
	if o := a.send(plan.Call{Key: "x", Args: map[string]string{"repository": shop, "scope": "repository", "name": "NPM_TOKEN"}}); o.State != plan.Refused || o.Temporary {
		t.Errorf("no value at all: %+v", o)
	}
}

// Disabling, cancelling and enabling are about the same door; only so can what was
// opened on purpose be told from what somebody undid.
func TestOneDoor(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	s := &snapshot.Snapshot{}
	if err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"github.workflow.disable", "github.runs.cancel", "github.workflow.enable"} {
		c, err := drive(t, w, name, nil).action.Plan(inputs("repository", shop, "workflow", checks), s)
		if err != nil || len(c.Doors) != 1 || c.Doors[0] != "workflow:"+shop+"/"+checks {
			t.Errorf("%s: %v %v", name, c.Doors, err)
		}
	}
}

// A plan from a survey that left runs and caches out says that they are not known.
func TestWhatASurveyLeftOutIsAGap(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	p := provider(t, w, w.Wire())
	s := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	in := inputs("repository", shop, "workflow", checks)
	for _, left := range [][]string{nil, {"artifacts", "caches", "runs"}} {
		s.Repositories[0].Left = left
		for _, a := range p.Actions() {
			name := a.Spec().Name
			if name != "github.runs.cancel" && name != "github.caches.purge" {
				continue
			}
			c, err := a.Plan(in, s)
			told := slices.ContainsFunc(c.Gaps, func(g plan.Gap) bool { return strings.Contains(g.Why, "leaves them out") })
			if err != nil || told != (left != nil) {
				t.Errorf("%s, left out %v: %v, gaps %+v", name, left, err, c.Gaps)
			}
		}
	}
}
