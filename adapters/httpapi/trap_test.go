package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/httpapi"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// Two credentials of one service are rotated in one response: the first one's new key
// was made since the attacker came in, too.
func TestTheNewKeyOfAnotherCredentialIsNotDestroyed(t *testing.T) {
	in := inputs(adapters.Inputs{"id": {Literal: "key_1"}, "since": {Literal: "2025-03-14T16:30:00Z"}})
	p, a, _, task := bench(t, declared(), "http.key.revoke", in, "")
	p.advance(time.Minute)
	p.keys = append(p.keys, &partnerKey{id: "key_fresh", user: "ci-bot", value: "pk_live_fresh_of_the_other", created: p.now})
	r := a.Verify(t.Context(), task())
	if len(r.Next) != 1 || r.Next[0].Object != "key_1" {
		t.Fatalf("it would destroy %+v", r.Next)
	}
	if len(r.Found) != 1 || r.Found[0].Target != "key_fresh" {
		t.Errorf("nobody is shown the new key: %+v", r.Found)
	}
}

func TestAKeyOfTheAttackerIsDestroyedToo(t *testing.T) {
	in := inputs(adapters.Inputs{"id": {Literal: "key_1"}, "since": {Literal: "2025-03-14T15:30:00Z"}})
	_, a, _, task := bench(t, declared(), "http.key.revoke", in, "")
	if r := a.Verify(t.Context(), task()); len(r.Next) != 2 {
		t.Fatalf("it would destroy %+v", r.Next)
	}
}

// A service that rotates in place has no old key to destroy.
func TestANewKeyUnderTheOldIDClosesNothing(t *testing.T) {
	in := inputs(adapters.Inputs{"id": {Literal: "key_1"}, "keep": {Literal: "key_1"}})
	_, a, _, task := bench(t, declared(), "http.key.revoke", in, "")
	if r := a.Verify(t.Context(), task()); r.State != plan.Broken || !r.Final {
		t.Fatalf("the key is in the list, and the reading is %+v", r)
	}
}

// Somebody declared own: none, and yet firebreak comes with one of these keys.
func TestAKeyThatLooksLikeOursIsNotDestroyed(t *testing.T) {
	in := inputs(adapters.Inputs{"id": {Literal: "key_1"}})
	p, a, _, task := bench(t, declared(), "http.key.revoke", in, "")
	p.keys[0].value = admin
	if r := a.Verify(t.Context(), task()); !r.Final || len(r.Next) != 0 || !strings.Contains(r.Detail, "firebreak's own") {
		t.Fatalf("the reading is %+v", r)
	}
}

func TestAMintThatIsSentElsewhereIsInDoubt(t *testing.T) {
	p := newPartner()
	moved := trip(func(r *http.Request) (*http.Response, error) {
		resp, err := p.RoundTrip(r)
		if r.Method == http.MethodPost {
			resp.StatusCode = http.StatusSeeOther
		}
		return resp, err
	})
	for _, a := range over(t, declared(), adapters.Wire{Transport: moved, Now: p.Now, Agent: "x"}).Actions() {
		if a.Spec().Name != "http.key.mint" {
			continue
		}
		o := a.Apply(t.Context(), adapters.Task{Inputs: map[string]any{"service": "partner", "vars": map[string]any{"user": "ci-bot"}}, Now: p.Now()}, plan.Call{Verb: adapters.Create})
		if o.State != plan.Unknown {
			t.Fatalf("the service made a key and pointed elsewhere: %+v", o)
		}
	}
}

func TestAVariableAddsNoParameter(t *testing.T) {
	s := declared()
	s.List.Path = "/users/{user}/keys?scope={user}"
	var asked []string
	tr := trip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.RawQuery)
		return newPartner().RoundTrip(r)
	})
	for _, a := range over(t, s, adapters.Wire{Transport: tr, Now: time.Now, Agent: "x"}).Actions() {
		if a.Spec().Name == "http.key.mint" {
			a.Verify(t.Context(), adapters.Task{Inputs: map[string]any{"service": "partner", "vars": map[string]any{"user": "a&all=1+1"}}})
		}
	}
	if len(asked) == 0 || asked[0] != "scope=a%26all%3D1%2B1" {
		t.Fatalf("asks with %q", asked)
	}
}

// The answer to HEAD has no body that could be looked at.
func TestAProbeByHeadTells(t *testing.T) {
	s := declared()
	s.Probe = &httpapi.Request{Method: http.MethodHead, Path: "/me"}
	tr := trip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	})
	for _, a := range over(t, s, adapters.Wire{Transport: tr, Now: time.Now, Agent: "x"}).Actions() {
		if a.Spec().Name != "http.key.test" {
			continue
		}
		tk := adapters.Task{Inputs: map[string]any{"service": "partner"}, Secrets: map[string]secret.Text{"value": secret.NewString("pk_live_x")}}
		if r := a.Verify(t.Context(), tk); r.State != plan.Held {
			t.Errorf("the reading is %+v", r)
		}
		tk.Secrets["value"] = secret.NewString("pk_live_x\nX-Admin: 1")
		if r := a.Verify(t.Context(), tk); r.State != plan.Unknown || strings.Contains(r.Detail, "pk_live") || !strings.Contains(r.Detail, "line break") {
			t.Errorf("a value with a line break: %+v", r)
		}
	}
}
