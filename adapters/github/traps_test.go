package github_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

// canned answers requests from a table of "METHOD path"; others get 404. It keeps
// what was sent.
type canned struct {
	mu      sync.Mutex
	answers map[string]reply
	sent    []string
	bodies  []string
}

type reply struct {
	status int
	header map[string]string
	body   string
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := r.Method + " " + r.URL.EscapedPath()
	c.sent = append(c.sent, key)
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		c.bodies = append(c.bodies, string(b))
	}
	a, ok := c.answers[key]
	if !ok {
		a = reply{status: http.StatusNotFound, body: `{"message":"Not Found"}`}
	}
	resp := &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}
	for k, v := range a.header {
		resp.Header.Set(k, v)
	}
	return resp, nil
}

var noon = time.Date(2025, 3, 14, 12, 0, 0, 0, time.UTC)

func over(t *testing.T, rt http.RoundTripper) map[string]adapters.Action {
	t.Helper()
	return overAt(t, rt, world.NewManual(noon))
}

func overAt(t *testing.T, rt http.RoundTripper, clock *world.Manual) map[string]adapters.Action {
	t.Helper()
	p, err := github.New(github.Config{BaseURL: "https://ghe.example/api/v3", Token: secret.NewString(token)}, adapters.Wire{
		Transport: rt, Now: clock.Now, Sleep: clock.Sleep,
	})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]adapters.Action{}
	for _, a := range p.Actions() {
		all[a.Spec().Name] = a
	}
	return all
}

const api = "/api/v3/repos/acme/shop"

func cancelOf(verb string) plan.Call {
	return plan.Call{Key: verb + " 41", Verb: verb, Args: map[string]string{"repository": shop, "run": "41"}}
}

// v62 returns an error for 202: it must be done, also for force-cancel, which v62 lacks.
func TestTrapAcceptedIsSuccess(t *testing.T) {
	c := &canned{answers: map[string]reply{
		"POST " + api + "/actions/runs/41/cancel":       {status: 202, body: `{}`},
		"POST " + api + "/actions/runs/41/force-cancel": {status: 202},
	}}
	for _, verb := range []string{"cancel", "force-cancel"} {
		if o := over(t, c)["github.runs.cancel"].Apply(t.Context(), adapters.Task{}, cancelOf(verb)); o.State != plan.Done {
			t.Errorf("%s: %+v", verb, o)
		}
	}
}

// Every form of a rate limit is refused as temporary, and by what the answer is, not by
// what it says. Until its time nothing more is sent; where it names none, that is a
// minute, and two when the next one follows at once.
func TestTrapRateLimits(t *testing.T) {
	secondary := `{"message":"x","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	for name, x := range map[string]struct {
		reply reply
		want  time.Duration
	}{
		"429 with Retry-After": {reply{429, map[string]string{"Retry-After": "17"}, `{}`}, 17 * time.Second},
		"429 without":          {reply{429, nil, `{}`}, time.Minute},
		"403 with Retry-After": {reply{403, map[string]string{"Retry-After": "90"}, `{}`}, 90 * time.Second},
		"403 primary":          {reply{403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(noon.Add(2 * time.Minute).Unix())}, `{}`}, 2 * time.Minute},
		"403 secondary":        {reply{403, nil, secondary}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			c := &canned{answers: map[string]reply{"POST " + api + "/actions/runs/41/cancel": x.reply, "GET " + api + "/actions/workflows/pr-checks.yml": x.reply}}
			clock := world.NewManual(noon)
			all := overAt(t, c, clock)
			cancel := func(want time.Duration) {
				t.Helper()
				o := all["github.runs.cancel"].Apply(t.Context(), adapters.Task{}, cancelOf("cancel"))
				if o.State != plan.Refused || !o.Temporary || o.RetryAfter.D() != want {
					t.Errorf("got %+v, want refused as temporary, %s", o.Outcome, want)
				}
			}
			cancel(x.want)
			clock.Advance(x.want - 12*time.Second)
			cancel(12 * time.Second)
			r := all["github.workflow.disable"].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}})
			if r.State != plan.Unknown || r.Wait.D() != 12*time.Second {
				t.Errorf("a read that was held back gave %+v", r)
			}
			if len(c.sent) != 1 {
				t.Errorf("sent %v, and was told to wait after the first", c.sent)
			}
			clock.Advance(12 * time.Second)
			r = all["github.workflow.disable"].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}})
			if len(c.sent) != 2 || r.State != plan.Unknown || r.Wait <= 0 { // v62 would remember the limit by the wall clock and not send it
				t.Errorf("sent %v after the pause; the read gave %+v", c.sent, r)
			}
		})
	}
}

// A plain 403 is for good and names the permission; so is one with another documentation address.
func TestTrapMissingPermission(t *testing.T) {
	c := &canned{answers: map[string]reply{"POST " + api + "/actions/runs/41/cancel": {403, map[string]string{"X-Accepted-GitHub-Permissions": "actions=write"}, `{"message":"Resource not accessible","documentation_url":"https://docs.github.com/rest/actions"}`}}}
	o := over(t, c)["github.runs.cancel"].Apply(t.Context(), adapters.Task{}, cancelOf("cancel"))
	if o.State != plan.Refused || o.Temporary || o.Permission != "actions=write" {
		t.Errorf("got %+v", o.Outcome)
	}
}

// Cancel answers lie in both directions: 409 and 500 decide nothing.
func TestTrapCancelAnswersLie(t *testing.T) {
	for _, code := range []int{409, 500, 502} {
		c := &canned{answers: map[string]reply{"POST " + api + "/actions/runs/41/cancel": {status: code, body: `{}`}}}
		if o := over(t, c)["github.runs.cancel"].Apply(t.Context(), adapters.Task{}, cancelOf("cancel")); o.State != plan.Unknown {
			t.Errorf("%d: %+v", code, o.Outcome)
		}
	}
}

// v62 leaves the slash of an environment's name in the path, and wants a repository
// id; the owner/repo path with the name escaped is used, and the old one never.
func TestTrapEnvironmentName(t *testing.T) {
	key := `{"key_id":"k","key":"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="}`
	c := &canned{answers: map[string]reply{
		"GET " + api + "/environments/prod%2Feu/secrets/public-key": {200, nil, key},
		"PUT " + api + "/environments/prod%2Feu/secrets/DEPLOY_KEY": {status: 204},
	}}
	put := over(t, c)["github.secret.put"]
	call := plan.Call{Key: "put", Verb: "put", Args: map[string]string{"repository": shop, "scope": "environment/prod/eu", "name": "DEPLOY_KEY"}}
	if o := put.Apply(t.Context(), adapters.Task{Secrets: map[string]secret.Text{"value": secret.NewString(newNPM)}}, call); o.State != plan.Done {
		t.Fatalf("%+v; sent %v", o.Outcome, c.sent)
	}
	if strings.Contains(strings.Join(c.bodies, ""), newNPM) {
		t.Error("the value left in the clear")
	}
}

// The key to seal with changed between reading it and the put: 422, worth another
// attempt, and the next attempt reads the new key.
func TestTrapSealingKeyRotated(t *testing.T) {
	w, server := start(t, world.Options{}, nil)
	p := provider(t, w, rotating(w.Wire(), func() {
		if err := w.Do(func(world.Core) { server.RotateSecretsKey() }); err != nil {
			t.Fatal(err)
		}
	}))
	put := p.Actions()[3]
	task := adapters.Task{Inputs: map[string]any{"repository": shop, "name": "NPM_TOKEN"}, Secrets: map[string]secret.Text{"value": secret.NewString(newNPM)}}
	call := plan.Call{Key: "put", Args: map[string]string{"repository": shop, "scope": "repository", "name": "NPM_TOKEN"}}
	if o := put.Apply(t.Context(), task, call); o.State != plan.Refused || !o.Temporary {
		t.Fatalf("first attempt: %+v", o.Outcome)
	}
	if o := put.Apply(t.Context(), task, call); o.State != plan.Done {
		t.Fatalf("second attempt: %+v", o.Outcome)
	}
}

// rotating calls f once, after the first key was read.
func rotating(w adapters.Wire, f func()) adapters.Wire {
	next, done := w.Transport, false
	w.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if strings.HasSuffix(r.URL.Path, "/public-key") && !done {
			done = true
			f()
		}
		return resp, err
	})
	return w
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Dispatch asks for the run it starts, which v62 cannot.
func TestTrapDispatchReturnsRun(t *testing.T) {
	c := &canned{answers: map[string]reply{"POST " + api + "/actions/workflows/rebuild.yml/dispatches": {200, nil, `{"workflow_run_id":77}`}}}
	call := plan.Call{Key: "d", Args: map[string]string{"repository": shop, "workflow": build, "ref": "main"}}
	task := adapters.Task{Inputs: map[string]any{"inputs": map[string]any{"version": "1"}}}
	o := over(t, c)["github.workflow.dispatch"].Apply(t.Context(), task, call)
	if o.State != plan.Done || o.Outputs["run"].Value != "77" {
		t.Fatalf("%+v", o.Outcome)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(c.bodies[0]), &body); err != nil || body["return_run_details"] != true || body["ref"] != "main" || body["inputs"] == nil {
		t.Errorf("sent %s (%v)", c.bodies[0], err)
	}
}

// A server that answers 204, as older ones do, names no run: it is found by what
// was there before.
func TestTrapDispatchWithoutRun(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	wire := w.Wire()
	next := wire.Transport
	wire.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && r.Method == http.MethodPost {
			resp.StatusCode, resp.Body = http.StatusNoContent, http.NoBody
		}
		return resp, err
	})
	a := provider(t, w, wire).Actions()[6]
	task := adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": build, "purpose": "canary"}, Now: w.Clock.Now()}
	r := a.Verify(t.Context(), task)
	if len(r.Next) != 1 {
		t.Fatalf("%+v", r)
	}
	o := a.Apply(t.Context(), task, r.Next[0])
	if o.State != plan.Done || len(o.Outputs) != 0 {
		t.Fatalf("%+v", o.Outcome)
	}
	task.History = []plan.Attempt{{Call: r.Next[0], Number: 1, At: w.Clock.Now(), Outcome: &o.Outcome}}
	w.Clock.Advance(time.Minute)
	task.Now = w.Clock.Now()
	if r := a.Verify(t.Context(), task); r.State != plan.Held || r.Outputs["conclusion"].Value != "success" {
		t.Fatalf("%+v", r)
	}
}

// A download's address works for a minute, may lie on another host, and never gets our token.
func TestTrapDownloadAddress(t *testing.T) {
	var authorization []string
	c := &canned{answers: map[string]reply{
		"GET " + api + "/actions/workflows/pr-checks.yml/runs": {200, nil, `{"total_count":1,"workflow_runs":[{"id":41,"status":"completed","run_attempt":1}]}`},
		"GET " + api + "/actions/runs/41/attempts/1/logs":      {302, map[string]string{"Location": "https://blobs.example/logs.zip?sig=abc"}, ""},
		"GET /logs.zip": {200, nil, "PK"},
	}}
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "blobs.example" {
			authorization = append(authorization, r.Header.Get("Authorization"))
		}
		return c.RoundTrip(r)
	})
	var names []string
	task := adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}, Save: func(name string, b []byte) (plan.Saved, error) {
		names = append(names, name+" "+string(b[:min(len(b), 2)]))
		return plan.Saved{File: name, Digest: "d"}, nil
	}}
	r := over(t, rt)["github.logs.export"].Verify(t.Context(), task)
	if r.State != plan.Held || len(r.Saved) != 2 || r.Saved[1].Evidence != "logs:"+shop {
		t.Fatalf("%+v", r)
	}
	if len(authorization) != 1 || authorization[0] != "" {
		t.Errorf("the other host got %q", authorization)
	}
	if names[1] != "github-logs-acme-shop-41-1.zip PK" {
		t.Errorf("saved %v", names)
	}
	if b, err := json.Marshal(r); err != nil || strings.Contains(string(b), "sig=abc") {
		t.Errorf("the address was kept: %s (%v)", b, err)
	}
}

// CreateUpdateEnvironment of v62 strips an environment's protection: no action and no
// read of ours may write an environment.
func TestTrapEnvironmentIsNeverWritten(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: checks, Status: "in_progress"})
	})
	everything(t, w)
	for _, e := range w.Requests(true) {
		if strings.HasSuffix(e.Object, "/environments/preview") || strings.HasSuffix(e.Object, "/environments/prod/eu") {
			t.Errorf("wrote an environment: %+v", e)
		}
	}
	if len(w.Requests(true)) < 5 {
		t.Errorf("the actions did not run: %v", w.Requests(true))
	}
}

// A list that says it is longer than what came is not believed to be empty, or
// whole; what did come is still acted on.
func TestPartialListIsUnknown(t *testing.T) {
	runs, everyones := "GET "+api+"/actions/workflows/pr-checks.yml/runs", "GET "+api+"/actions/runs"
	task := adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}, Now: noon}
	c := &canned{answers: map[string]reply{
		"GET " + api + "/actions/caches": {200, nil, `{"total_count":1,"actions_caches":[]}`},
		everyones:                        {200, nil, `{"total_count":1200,"workflow_runs":[]}`},
		runs:                             {200, nil, `{"total_count":1200,"workflow_runs":[]}`},
	}}
	all := over(t, c)
	for _, name := range []string{"github.caches.purge", "github.runs.cancel", "github.logs.export"} {
		if r := all[name].Verify(t.Context(), task); r.State != plan.Unknown {
			t.Errorf("%s: %+v", name, r)
		}
	}
	c.answers[runs] = reply{200, nil, `{"total_count":1200,"workflow_runs":[{"id":41,"status":"queued"}]}`}
	if r := all["github.runs.cancel"].Verify(t.Context(), task); r.State != plan.Broken || len(r.Next) != 1 {
		t.Errorf("the run that could be read is cancelled: %+v", r)
	}
}

// All workflows of a repository are read in one go; where that does not tell a run's
// workflow, or shows not all, each is asked for by itself.
func TestLiveRunsOfOneWorkflowAmongAll(t *testing.T) {
	const mine, others = `{"id":41,"status":"queued","path":"` + checks + `@main"}`, `{"id":42,"status":"queued","path":".github/workflows/other.yml"}`
	for name, x := range map[string]struct {
		everyones, own string
		next           int
	}{
		"one of two":          {`{"total_count":2,"workflow_runs":[` + mine + `,` + others + `]}`, `nothing that parses`, 1},
		"none of ours":        {`{"total_count":1,"workflow_runs":[` + others + `]}`, `nothing that parses`, 0},
		"one without a path":  {`{"total_count":1,"workflow_runs":[{"id":43,"status":"queued"}]}`, `{"total_count":1,"workflow_runs":[` + mine + `]}`, 1},
		"more than are shown": {`{"total_count":1200,"workflow_runs":[` + others + `]}`, `{"total_count":1,"workflow_runs":[` + mine + `]}`, 1},
	} {
		c := &canned{answers: map[string]reply{
			"GET " + api + "/actions/runs":                         {200, nil, x.everyones},
			"GET " + api + "/actions/workflows/pr-checks.yml/runs": {200, nil, x.own},
		}}
		r := over(t, c)["github.runs.cancel"].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}, Now: noon})
		if want := map[bool]plan.State{true: plan.Held, false: plan.Broken}[x.next == 0]; r.State != want || len(r.Next) != x.next {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// GitHub renames things: an answer without a state is not a state.
func TestAnswerWithoutAState(t *testing.T) {
	c := &canned{answers: map[string]reply{"GET " + api + "/actions/workflows/pr-checks.yml": {200, nil, `{"id":7}`}}}
	if r := over(t, c)["github.workflow.disable"].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}}); r.State != plan.Unknown {
		t.Errorf("%+v", r)
	}
}

// Every state but disabled_manually is worth a call: deleted workflows run from other branches.
func TestOnlyDisabledManuallyIsDisabled(t *testing.T) {
	for state, held := range map[string]bool{"active": false, "deleted": false, "disabled_fork": false, "disabled_inactivity": false, "disabled_manually": true, "new_word": false} {
		c := &canned{answers: map[string]reply{"GET " + api + "/actions/workflows/pr-checks.yml": {200, nil, `{"id":7,"path":"` + checks + `","state":"` + state + `"}`}}}
		r := over(t, c)["github.workflow.disable"].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}})
		if (r.State == plan.Held) != held || held == (len(r.Next) > 0) {
			t.Errorf("%s: %+v", state, r)
		}
	}
}
