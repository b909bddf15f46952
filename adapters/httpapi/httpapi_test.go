package httpapi_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/httpapi"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

func TestMain(m *testing.M) {
	p, err := httpapi.New(httpapi.Config{}, adapters.Wire{})
	if err != nil {
		panic(err)
	}
	os.Exit(adaptertest.Every{M: m, Provider: p}.Run())
}

// declared is the partner as firebreak.yaml would declare it.
func declared() httpapi.Service {
	return httpapi.Service{
		URL:     "https://api.partner.example/v1",
		Auth:    httpapi.Auth{Header: "Authorization", Scheme: "Bearer", Env: "IR_PARTNER_TOKEN", Own: "none"},
		Page:    "https://partner.example/settings/keys",
		Death:   plan.Duration(time.Minute),
		List:    &httpapi.Request{Method: "GET", Path: "/users/{user}/keys", Items: "/keys", ID: "/id", Created: "/created_at", Hint: "/last4", Next: "/next"},
		Mint:    &httpapi.Request{Method: "POST", Path: "/users/{user}/keys", Body: `{"label":"{label}"}`, OK: []int{201}, ID: "/id", Value: "/key"},
		Destroy: &httpapi.Request{Method: "DELETE", Path: "/keys/{id}", Already: []int{410}},
		Probe:   &httpapi.Request{Method: "GET", Path: "/me", Refused: []int{403}},
		Checks:  map[string]*httpapi.Request{"me-ok": {Method: "GET", Path: "/me", OK: []int{200}}, "no-hook": {Method: "GET", Path: "/hooks/7", OK: []int{404}}},
	}
}

func over(t testing.TB, s httpapi.Service, w adapters.Wire) *httpapi.Provider {
	t.Helper()
	p, err := httpapi.New(httpapi.Config{Services: map[string]httpapi.Service{"partner": s}, Getenv: func(name string) string {
		return map[string]string{"IR_PARTNER_TOKEN": admin}[name]
	}}, w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func suite(action string, s httpapi.Service, truth func(*partner) bool) adaptertest.Suite {
	var p *partner
	return adaptertest.Suite{
		Action: action,
		World: func(*testing.T) adaptertest.World {
			p = newPartner()
			w := adaptertest.World{Transport: p, Now: p.Now, Advance: p.advance}
			if truth != nil {
				w.Truth = func() bool { return truth(p) }
			}
			return w
		},
		Provider: func(t *testing.T, w adapters.Wire) adapters.Provider { return over(t, s, w) },
		Scope:    adapters.Scope{Issuers: []adapters.Selector{{Name: "http.key", With: map[string]string{"service": "partner", "vars": `{"user":"ci-bot"}`}}}},
		Inputs:   inputs(nil),
		Canaries: []secret.Text{secret.NewString(admin), secret.NewString(stolen)},
	}
}

func inputs(more adapters.Inputs) adapters.Inputs {
	in := adapters.Inputs{"service": {Literal: "partner"}, "vars": {Literal: map[string]string{"user": "ci-bot"}}}
	for k, v := range more {
		in[k] = v
	}
	return in
}

func TestMint(t *testing.T) {
	s := suite("http.key.mint", declared(), nil)
	s.Quirks.Blind = true
	adaptertest.Run(t, s)
}

func TestRevoke(t *testing.T) {
	s := suite("http.key.revoke", declared(), func(p *partner) bool { return !p.works(stolen) && p.works(other) })
	s.Inputs = inputs(adapters.Inputs{"id": {Literal: "key_1"}, "old": {Held: "old:KEY"}})
	s.Secrets = map[string]secret.Text{"old": secret.NewString(stolen)}
	s.Quirks.IgnoresBody = true
	adaptertest.Run(t, s)
}

func TestNewKeyWorks(t *testing.T) {
	s := suite("http.key.test", declared(), nil)
	s.Inputs = inputs(adapters.Inputs{"value": {Output: &plan.Ref{Action: "mint", Name: "value"}}})
	s.Secrets = map[string]secret.Text{"value": secret.NewString(other)}
	s.Quirks.NotByWorld = true
	adaptertest.Run(t, s)
}

func TestProbe(t *testing.T) {
	s := suite("http.probe", declared(), nil)
	s.Inputs = inputs(adapters.Inputs{"check": {Literal: "me-ok"}})
	s.Quirks.NotByWorld = true
	adaptertest.Run(t, s)
}

// bench plans one action against a fresh partner and gives a task for it.
func bench(t *testing.T, s httpapi.Service, use string, in adapters.Inputs, old string) (*partner, adapters.Action, plan.Change, func() adapters.Task) {
	t.Helper()
	p := newPartner()
	prov := over(t, s, adapters.Wire{Transport: p, Now: p.Now, Sleep: nil, Agent: "firebreak/test"})
	snap := &snapshot.Snapshot{}
	if err := prov.Survey(t.Context(), adapters.Scope{Issuers: []adapters.Selector{{Name: "http.key", With: map[string]string{"service": "partner", "vars": `{"user":"ci-bot"}`}}}}, snap); err != nil {
		t.Fatal(err)
	}
	for _, a := range prov.Actions() {
		if a.Spec().Name != use {
			continue
		}
		c, err := a.Plan(in, snap)
		if err != nil {
			t.Fatal(err)
		}
		began := p.Now()
		return p, a, c, func() adapters.Task {
			given := map[string]any{}
			for k, v := range in {
				given[k] = v.Literal
			}
			secrets := map[string]secret.Text{}
			if old != "" {
				secrets["old"] = secret.NewString(old)
			}
			return adapters.Task{Action: plan.Action{ID: use, Before: c.Before, Calls: c.Calls, Assisted: c.Assisted}, Inputs: given, Secrets: secrets, Began: began, Now: p.Now()}
		}
	}
	t.Fatalf("no action %s", use)
	return nil, nil, plan.Change{}, nil
}

func TestWithoutAnIDNothingIsGuessed(t *testing.T) {
	p, a, c, task := bench(t, declared(), "http.key.revoke", inputs(nil), "")
	if len(c.Calls) != 0 || !c.Target.Selector {
		t.Fatalf("the plan would send %v", c.Calls)
	}
	r := a.Verify(t.Context(), task())
	if r.State != plan.Broken || !r.Final || len(r.Next) != 0 {
		t.Fatalf("the reading is %+v", r)
	}
	if !p.works(stolen) || !p.works(other) {
		t.Error("a key died")
	}
}

func TestARefusedValueOfAnotherKeyProvesNothing(t *testing.T) {
	in := inputs(adapters.Inputs{"id": {Literal: "key_1"}, "old": {Held: "old:KEY"}})
	p, a, _, task := bench(t, declared(), "http.key.revoke", in, "pk_live_never_given_out")
	p.keys[0].gone, p.keys[0].dead = p.now, p.now
	if r := a.Verify(t.Context(), task()); r.State != plan.Unknown || !strings.Contains(r.Detail, "proves nothing") {
		t.Fatalf("the reading is %+v", r)
	}
}

func TestWithoutAHintARefusalIsNoMoreThanTheList(t *testing.T) {
	s := declared()
	s.List.Hint = ""
	in := inputs(adapters.Inputs{"id": {Literal: "key_1"}, "old": {Held: "old:KEY"}})
	p, a, c, task := bench(t, s, "http.key.revoke", in, stolen)
	if c.Proof != plan.P2 || c.Shortfall == "" {
		t.Errorf("the plan promises %s (%s)", c.Proof, c.Shortfall)
	}
	p.keys[0].gone, p.keys[0].dead = p.now, p.now
	if r := a.Verify(t.Context(), task()); r.State != plan.Held || r.Proof != plan.P1 {
		t.Fatalf("the reading is %+v", r)
	}
}

func TestOurOwnKeyIsNeverDestroyed(t *testing.T) {
	s := declared()
	s.Auth.Own = "key_1"
	_, a, c, task := bench(t, s, "http.key.revoke", inputs(adapters.Inputs{"id": {Literal: "key_1"}}), "")
	if len(c.Kills) != 1 || c.Kills[0] != "http:partner:key_1" {
		t.Errorf("gate 6 would not see it: %v", c.Kills)
	}
	if r := a.Verify(t.Context(), task()); !r.Final || len(r.Next) != 0 {
		t.Fatalf("the reading is %+v", r)
	}
	_, _, c, _ = bench(t, s, "http.key.revoke", inputs(nil), "")
	if c.Target.ID != "partner user=ci-bot/key_2" {
		t.Errorf("the only other key is %s", c.Target.ID)
	}
}

// A service that declares nothing but a probe: a person destroys and makes, the probe closes.
func TestByHandTheProbeDecides(t *testing.T) {
	s := declared()
	s.List, s.Mint, s.Destroy = nil, nil, nil
	in := inputs(adapters.Inputs{"id": {Literal: "key_1"}, "old": {Held: "old:KEY"}})
	p, a, c, task := bench(t, s, "http.key.revoke", in, stolen)
	if c.Assisted == nil || c.Assisted.Link != s.Page {
		t.Fatalf("nobody is asked: %+v", c)
	}
	if r := a.Verify(t.Context(), task()); r.State != plan.Broken || len(r.Next) != 0 {
		t.Fatalf("while it works the reading is %+v", r)
	}
	p.keys[0].dead = p.now
	if r := a.Verify(t.Context(), task()); r.State != plan.Held {
		t.Fatalf("once it is refused the reading is %+v", r)
	}
	_, a, c, task = bench(t, s, "http.key.mint", inputs(nil), "")
	if c.Assisted == nil || c.Assisted.Wants != "value" {
		t.Fatalf("nobody is asked for the new value: %+v", c)
	}
	if o := a.Apply(t.Context(), task(), plan.Call{Verb: "create"}); o.State != plan.Refused {
		t.Errorf("something was sent: %+v", o)
	}
}

func TestWithoutOldValueOrListNothingIsClaimed(t *testing.T) {
	s := declared()
	s.List, s.Mint, s.Destroy = nil, nil, nil
	_, a, _, task := bench(t, s, "http.key.revoke", inputs(adapters.Inputs{"id": {Literal: "key_1"}}), "")
	if r := a.Verify(t.Context(), task()); r.State != plan.Broken {
		t.Fatalf("the reading is %+v", r)
	}
}

func TestOnlyDeclaredCodesMeanAnything(t *testing.T) {
	s := declared()
	s.Probe.Refused = []int{401}
	in := inputs(adapters.Inputs{"value": {Held: "x"}})
	p, a, _, task := bench(t, s, "http.key.test", in, "")
	p.keys[1].dead = p.now
	tk := task()
	tk.Secrets = map[string]secret.Text{"value": secret.NewString(other)}
	if r := a.Verify(t.Context(), tk); r.State != plan.Unknown {
		t.Fatalf("a 403 nobody declared reads as %+v", r)
	}
}

func TestAVariableCannotLeaveItsSegment(t *testing.T) {
	for _, user := range []string{"..", "a/../../admin", "x?y=1", "%2e%2e"} {
		in := adapters.Inputs{"service": {Literal: "partner"}, "vars": {Literal: map[string]string{"user": user}}}
		var seen []string
		tr := trip(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r.URL.EscapedPath()+"?"+r.URL.RawQuery)
			return newPartner().RoundTrip(r)
		})
		p := over(t, declared(), adapters.Wire{Transport: tr, Now: time.Now, Agent: "x"})
		for _, a := range p.Actions() {
			if a.Spec().Name == "http.key.mint" {
				a.Verify(t.Context(), adapters.Task{Inputs: map[string]any{"service": "partner", "vars": in["vars"].Literal}})
			}
		}
		for _, path := range seen {
			if strings.Count(path, "/") != 4 || !strings.HasSuffix(path, "?") {
				t.Errorf("user %q asks for %s", user, path)
			}
		}
	}
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
