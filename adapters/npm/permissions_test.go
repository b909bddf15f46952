package npm_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/npm"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	wnpm "github.com/firebreak/firebreak/internal/world/npm"
)

const (
	writes = "a token of the same user that is not read-only"
	pass   = "the user's password, and a one-time password where there is a second factor"
)

// permissions surveys a user with a token of ours and gives what is said of it.
func permissions(t *testing.T, url string, w adapters.Wire, ours, user string) (map[string]snapshot.Permission, *npm.Provider) {
	t.Helper()
	p, err := npm.New(npm.Config{Registry: url, Token: secret.NewString(ours)}, w)
	if err != nil {
		t.Fatal(err)
	}
	s := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), adapters.Scope{Issuers: []adapters.Selector{{Name: "npm.token", With: map[string]string{"user": user}}}}, s); err != nil {
		t.Fatal(err)
	}
	out := map[string]snapshot.Permission{}
	for _, x := range s.Permissions {
		if x.Provider != "npm" || x.On != user || x.Why == "" {
			t.Errorf("%+v", x)
		}
		out[x.Name] = x
	}
	for _, a := range p.Actions() {
		for _, name := range a.Spec().Permissions {
			if out[name].Granted == "" {
				t.Errorf("%s needs %q, of which nothing is said", a.Spec().Name, name)
			}
		}
	}
	return out, p
}

func TestPermissionsAreTheRegistrysWord(t *testing.T) {
	s := seed()
	s.Tokens = append(s.Tokens, wnpm.Token{Name: "reader", Value: "npm_rEaDeRxxxxxxxxxxxxxxxxxxxxxxxxreader", Key: "key-reader", User: "acme-bot", ReadOnly: true},
		wnpm.Token{Name: "twin", Value: twin, Key: "key-twin", User: "acme-bot", ReadOnly: true})
	w, _ := start(t, s)
	for _, c := range []struct{ ours, user, want string }{
		{operator, "acme-bot", "yes"},
		{"npm_rEaDeRxxxxxxxxxxxxxxxxxxxxxxxxreader", "acme-bot", "no"},
		{operator, "mallory", "no"},
		{stolen, "acme-bot", "unknown"}, // its twin, which is read-only, looks the same
	} {
		have, _ := permissions(t, w.URL("npm"), w.Wire(), c.ours, c.user)
		if have[writes].Granted != c.want || have[pass].Granted != "unknown" {
			t.Errorf("%s: want %s, got %+v", c.user, c.want, have)
		}
	}
}

// What the survey calls "no" Verdaccio refuses; a login's token is in no list.
func TestPermissionsAtVerdaccio(t *testing.T) {
	p := newPlace(t)
	p.fresh(t)
	login := p.registry.User(t, "another", "secret-of-another")
	w := adapters.Wire{Transport: http.DefaultTransport, Now: time.Now}
	if have, _ := permissions(t, p.registry.URL, w, login, "another"); have[writes].Granted != "unknown" {
		t.Errorf("a login's token: %+v", have)
	}
	if have, _ := permissions(t, p.registry.URL, w, p.operator, p.user); have[writes].Granted != "yes" {
		t.Errorf("ours: %+v", have)
	}
	have, reader := permissions(t, p.registry.URL, w, p.other, p.user)
	if have[writes].Granted != "no" {
		t.Errorf("a read-only one: %+v", have)
	}
	a, _ := planned(t, reader, "npm.token.revoke", adapters.Inputs{"user": literal(p.user), "id": literal(p.id)}, p.user)
	o := a.Apply(t.Context(), adapters.Task{Now: time.Now()}, plan.Call{Key: "delete " + p.id, Verb: "delete", Object: p.id})
	if o.State != plan.Refused || o.Permission != writes {
		t.Errorf("want it refused for want of %q, got %+v", writes, o.Outcome)
	}
	counterpart.Proved(t, "npm", counterpart.Verdaccio6, "what the survey says firebreak's token may not do is refused")
}
