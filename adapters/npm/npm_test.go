package npm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/npm"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	wnpm "github.com/firebreak/firebreak/internal/world/npm"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

func TestMain(m *testing.M) {
	p, err := npm.New(npm.Config{}, adapters.Wire{})
	if err != nil {
		panic(err)
	}
	os.Exit(adaptertest.Every{M: m, Provider: p}.Run())
}

const (
	operator = "npm_OPERxKq7ZyW3nR8vT2mB5cL9sD4fG6hJOPER"
	stolen   = "npm_aBcDeFgH1jK2lM3nO4pQ5rS6tU7vW8xYzwin"
	twin     = "npm_aBcDZZZZ1jK2lM3nO4pQ5rS6tU7vW8xYzwin" // masked like stolen: same ends
	other    = "npm_xYzWvUtS9rQ8pO7nM6lK5jI4hG3fE2dC1othr"
	password = "correct-horse-battery"
	otp      = "914327"
)

var tarball = []byte("the rebuilt tarball")

func seed() wnpm.Seed {
	return wnpm.Seed{
		Users: []wnpm.User{{Name: "acme-bot", Password: password, OTP: otp, PasswordEnv: "IR_NPM_PASSWORD", OTPEnv: "IR_NPM_OTP"}, {Name: "mallory", Password: "x"}},
		Tokens: []wnpm.Token{
			{Name: "operator", Value: operator, Key: "key-operator", User: "acme-bot"},
			{Name: "NPM_TOKEN", Value: stolen, Key: "key-stolen", User: "acme-bot"},
			{Name: "other", Value: other, Key: "key-other", User: "acme-bot"},
			{Name: "mallory", Value: "npm_mallory0000000000000000000000000000", Key: "key-mallory", User: "mallory"},
		},
		Packages: []wnpm.Package{{
			Name: "@acme/shop", Maintainers: []string{"acme-bot"}, Tags: map[string]string{"latest": "1.0.0"},
			Versions: []wnpm.Version{{Version: "1.0.0", Tarball: tarball, By: "acme-bot"}},
		}},
		Operator: "operator", PageSize: 2,
	}
}

// start serves a registry over s.
func start(t testing.TB, s wnpm.Seed) (*worldtest.World, *wnpm.Registry) {
	t.Helper()
	var reg *wnpm.Registry
	w := worldtest.New(t, world.Options{Delays: map[string]time.Duration{wnpm.Delay: 90 * time.Second}}, func(c world.Core) world.Provider {
		reg = wnpm.New(c, s)
		return reg
	})
	return w, reg
}

func env(name string) string {
	return map[string]string{"IR_NPM_PASSWORD": password, "IR_NPM_OTP": otp}[name]
}

func provider(t testing.TB, w *worldtest.World, wire adapters.Wire) *npm.Provider {
	t.Helper()
	p, err := npm.New(npm.Config{Registry: w.URL("npm"), Token: secret.NewString(operator), Getenv: env}, wire)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// suite is what every action of this provider shares.
func suite(action string, s wnpm.Seed, truth func(*wnpm.Registry) bool) adaptertest.Suite {
	var w *worldtest.World
	return adaptertest.Suite{
		Action: action,
		World: func(t *testing.T) adaptertest.World {
			var reg *wnpm.Registry
			w, reg = start(t, s)
			x := adaptertest.World{Transport: w.Wire().Transport, Now: w.Clock.Now, Advance: w.Clock.Advance}
			if truth != nil {
				x.Truth = func() (ok bool) {
					if err := w.Do(func(world.Core) { ok = truth(reg) }); err != nil {
						t.Fatal(err)
					}
					return ok
				}
			}
			return x
		},
		Provider: func(t *testing.T, wire adapters.Wire) adapters.Provider { return provider(t, w, wire) },
		Scope:    adapters.Scope{Issuers: []adapters.Selector{{Name: "npm.token", With: map[string]string{"user": "acme-bot"}}}},
		Canaries: []secret.Text{secret.NewString(operator), secret.NewString(stolen), secret.NewString(password), secret.NewString(otp)},
	}
}

func literal(s string) plan.Value { return plan.Value{Literal: s} }

func TestMint(t *testing.T) {
	s := suite("npm.token.mint", seed(), nil)
	s.Inputs = adapters.Inputs{"user": literal("acme-bot"), "password_env": literal("IR_NPM_PASSWORD"), "otp_env": literal("IR_NPM_OTP")}
	s.Quirks.Blind = true
	adaptertest.Run(t, s)
}

func TestRevokeByID(t *testing.T) {
	s := suite("npm.token.revoke", seed(), func(r *wnpm.Registry) bool { return !r.Live("NPM_TOKEN") })
	s.Inputs = adapters.Inputs{"user": literal("acme-bot"), "id": literal("key-stolen"), "old": {Held: "old:NPM_TOKEN"}}
	s.Secrets = map[string]secret.Text{"old": secret.NewString(stolen)}
	s.Quirks.IgnoresBody = true
	adaptertest.Run(t, s)
}

func TestRevokeByValue(t *testing.T) {
	s := suite("npm.token.revoke", seed(), func(r *wnpm.Registry) bool { return !r.Live("NPM_TOKEN") && r.Live("other") && r.Live("operator") })
	s.Inputs = adapters.Inputs{"user": literal("acme-bot"), "old": {Held: "old:NPM_TOKEN"}}
	s.Secrets = map[string]secret.Text{"old": secret.NewString(stolen)}
	s.Quirks = adaptertest.Quirks{IgnoresBody: true, Blind: true}
	adaptertest.Run(t, s)
}

func TestTestToken(t *testing.T) {
	s := suite("npm.token.test", seed(), func(r *wnpm.Registry) bool { return r.Live("other") })
	s.Inputs = adapters.Inputs{"user": literal("acme-bot"), "value": {Output: &plan.Ref{Action: "mint", Name: "value"}}}
	s.Secrets = map[string]secret.Text{"value": secret.NewString(other)}
	s.Quirks.NotByWorld = true
	adaptertest.Run(t, s)
}

func TestDigest(t *testing.T) {
	sum := sha256.Sum256(tarball)
	s := suite("npm.dist.digest", seed(), nil)
	s.Inputs = adapters.Inputs{"package": literal("@acme/shop"), "tag": literal("latest"), "digest": literal(hex.EncodeToString(sum[:]))}
	s.Quirks.NotByWorld = true
	adaptertest.Run(t, s)
}

// action finds an action and gives a task for it as planned now.
func task(t *testing.T, w *worldtest.World, p *npm.Provider, use string, in adapters.Inputs, secrets map[string]secret.Text) (adapters.Action, adapters.Task) {
	t.Helper()
	a, c := planned(t, p, use, in, "acme-bot")
	inputs := map[string]any{}
	for k, v := range in {
		if v.Literal != nil {
			inputs[k] = v.Literal
		}
	}
	return a, adapters.Task{Action: plan.Action{Before: c.Before, Calls: c.Calls, Assisted: c.Assisted}, Inputs: inputs, Secrets: secrets, Began: w.Clock.Now(), Now: w.Clock.Now()}
}

// planned gives an action and its change as things are now.
func planned(t *testing.T, p *npm.Provider, use string, in adapters.Inputs, user string) (adapters.Action, plan.Change) {
	t.Helper()
	for _, a := range p.Actions() {
		if a.Spec().Name != use {
			continue
		}
		snap := &snapshot.Snapshot{}
		scope := adapters.Scope{Issuers: []adapters.Selector{{Name: "npm.token", With: map[string]string{"user": user}}}}
		if err := p.Survey(t.Context(), scope, snap); err != nil {
			t.Fatal(err)
		}
		c, err := a.Plan(in, snap)
		if err != nil {
			t.Fatal(err)
		}
		return a, c
	}
	t.Fatalf("no action %s", use)
	return nil, plan.Change{}
}

func TestRevokeNeverGuesses(t *testing.T) {
	old := map[string]secret.Text{"old": secret.NewString(stolen)}
	held := plan.Value{Held: "old:NPM_TOKEN"}
	twins := seed()
	twins.Tokens = append(twins.Tokens, wnpm.Token{Name: "twin", Value: twin, Key: "key-twin", User: "acme-bot"})
	for _, c := range []struct {
		name    string
		seed    wnpm.Seed
		in      adapters.Inputs
		secrets map[string]secret.Text
		next    string // keys of the calls wanted
		final   bool
		state   plan.State
	}{
		{"two look alike", twins, adapters.Inputs{"old": held}, old, "", true, plan.Broken},
		{"two look alike, the id tells", twins, adapters.Inputs{"old": held, "id": literal("key-twin")}, old, "delete key-twin", false, plan.Broken},
		{"no id, no value", seed(), adapters.Inputs{}, nil, "", true, plan.Broken},
		{"no id, no value, all", seed(), adapters.Inputs{"all": {Literal: true}}, nil, "delete key-other,delete key-stolen", false, plan.Broken},
		{"id and value disagree", seed(), adapters.Inputs{"old": held, "id": literal("key-other")}, old, "delete key-stolen", false, plan.Broken},
		{"an id nobody ever saw", seed(), adapters.Inputs{"id": literal("key-typo")}, nil, "", false, plan.Unknown},
		{"our own token, by id", seed(), adapters.Inputs{"id": literal("key-operator")}, nil, "", true, plan.Broken},
		{"our own token, by value", seed(), adapters.Inputs{"old": held}, map[string]secret.Text{"old": secret.NewString(operator)}, "", true, plan.Broken},
		{"created since", seed(), adapters.Inputs{"old": held, "since": literal("2000-01-01T00:00:00Z")}, old, "delete key-stolen,delete key-other", false, plan.Broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _ := start(t, c.seed)
			p := provider(t, w, w.Wire())
			c.in["user"] = literal("acme-bot")
			a, tk := task(t, w, p, "npm.token.revoke", c.in, c.secrets)
			r := a.Verify(t.Context(), tk)
			var keys []string
			for _, n := range r.Next {
				keys = append(keys, n.Key)
			}
			if got := strings.Join(keys, ","); got != c.next || r.Final != c.final || r.State != c.state {
				t.Errorf("got %s final %v calls %q (%s), want %s final %v calls %q", r.State, r.Final, got, r.Detail, c.state, c.final, c.next)
			}
		})
	}
}

// A deleted token goes on working: nothing may call it dead before the registry does.
func TestRevokeWaitsForDeath(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire())
	a, tk := task(t, w, p, "npm.token.revoke", adapters.Inputs{"user": literal("acme-bot"), "old": {Held: "old:NPM_TOKEN"}}, map[string]secret.Text{"old": secret.NewString(stolen)})
	r := a.Verify(t.Context(), tk)
	out := a.Apply(t.Context(), tk, r.Next[0])
	tk.History = []plan.Attempt{{Call: r.Next[0], Number: 1, At: tk.Now, Outcome: &out.Outcome}}
	if r = a.Verify(t.Context(), tk); r.State != plan.Broken || len(r.Next) > 0 || r.Wait <= 0 || r.Final {
		t.Errorf("deleted but alive: want broken without calls, with a wait, got %+v", r)
	}
	w.Clock.Advance(90 * time.Second)
	if r = a.Verify(t.Context(), tk); r.State != plan.Held || r.Proof != plan.P3 {
		t.Errorf("dead: want held at P3, got %+v", r)
	}
}

// answering gives one status to every request that presents a given token.
type answering struct {
	next   http.RoundTripper
	bearer string
	status int // 0: no answer
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") != "Bearer "+a.bearer {
		return a.next.RoundTrip(r)
	}
	if a.status == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// Only 401 is death: everything else the probe may meet is not known.
func TestOnlyUnauthorizedIsDead(t *testing.T) {
	for status, want := range map[int]plan.State{401: plan.Held, 403: plan.Unknown, 404: plan.Unknown, 429: plan.Unknown, 500: plan.Unknown, 200: plan.Unknown, 0: plan.Unknown} {
		s := seed()
		s.Tokens = slices.DeleteFunc(s.Tokens, func(x wnpm.Token) bool { return x.Name == "NPM_TOKEN" }) // gone from the list
		w, _ := start(t, s)
		wire := w.Wire()
		wire.Transport = answering{wire.Transport, stolen, status}
		a, tk := task(t, w, provider(t, w, wire), "npm.token.revoke", adapters.Inputs{"user": literal("acme-bot"), "old": {Held: "old:NPM_TOKEN"}}, map[string]secret.Text{"old": secret.NewString(stolen)})
		if r := a.Verify(t.Context(), tk); r.State != want {
			t.Errorf("the probe met %d: want %s, got %s (%s)", status, want, r.State, r.Detail)
		}
	}
}

// A token that appears beside ours may be anybody's: it is shown, and only what the
// journal says this mint made and lost is deleted.
func TestMintDeletesOnlyWhatItLost(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire())
	in := adapters.Inputs{"user": literal("acme-bot"), "password_env": literal("IR_NPM_PASSWORD"), "otp_env": literal("IR_NPM_OTP")}
	a, tk := task(t, w, p, "npm.token.mint", in, nil)
	_, other := task(t, w, p, "npm.token.mint", in, nil)
	other.Action.ID = "rotate/npm.token.mint/another"
	stray := a.Apply(t.Context(), other, a.Verify(t.Context(), tk).Next[0]) // another response's, or an attacker's

	lost := a.Verify(t.Context(), tk).Next[0]
	made := a.Apply(t.Context(), tk, lost)
	tk.History = append(tk.History, plan.Attempt{Call: lost, Number: 1, At: tk.Now})
	s := a.Settle(t.Context(), tk, lost)
	if s.Happened != "yes" || !s.Lost || s.Outputs["id"].Value != made.Outputs["id"].Value {
		t.Fatalf("want our own token found, got %+v", s)
	}
	tk.History[0].Settlement = &s
	r := a.Verify(t.Context(), tk)
	if len(r.Next) != 2 || r.Next[0].Object != made.Outputs["id"].Value || len(r.Found) != 1 || r.Found[0].Target != stray.Outputs["id"].Value {
		t.Fatalf("want ours deleted, the other shown, then a new token: %+v", r)
	}
	for i, c := range r.Next {
		out := a.Apply(t.Context(), tk, c)
		tk.History = append(tk.History, plan.Attempt{Call: c, Number: i + 2, At: tk.Now, Outcome: &out.Outcome})
	}
	if r = a.Verify(t.Context(), tk); r.State != plan.Held || len(r.Found) != 1 {
		t.Errorf("want held and the other shown, got %+v", r)
	}
}

// A sealed value that is lost after the fact makes the mint start over.
func TestMintOfALostValueStartsOver(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire())
	a, tk := task(t, w, p, "npm.token.mint", adapters.Inputs{"user": literal("acme-bot"), "password_env": literal("IR_NPM_PASSWORD"), "otp_env": literal("IR_NPM_OTP")}, nil)
	c := a.Verify(t.Context(), tk).Next[0]
	out := a.Apply(t.Context(), tk, c)
	tk.History = []plan.Attempt{{Call: c, Number: 1, At: tk.Now, Outcome: &out.Outcome, Settlement: &plan.Settlement{Happened: "yes", Lost: true, Outputs: out.Outputs}}}
	r := a.Verify(t.Context(), tk)
	if len(r.Next) != 2 || r.Next[0].Verb != "delete" || r.Next[0].Object != out.Outputs["id"].Value || r.Next[1].Verb != "create" {
		t.Fatalf("want the useless token deleted and a new one: %+v", r)
	}
}

func TestMintWithoutPasswordIsAssisted(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire())
	a, tk := task(t, w, p, "npm.token.mint", adapters.Inputs{"user": literal("acme-bot")}, nil)
	if tk.Action.Assisted == nil || tk.Action.Assisted.Wants != "value" {
		t.Fatalf("want an assisted task that takes the value, got %+v", tk.Action.Assisted)
	}
	if r := a.Verify(t.Context(), tk); r.State != plan.Broken || len(r.Next) > 0 {
		t.Errorf("nothing may be sent for a person's task: %+v", r)
	}
}

func TestMintWantsItsVariables(t *testing.T) {
	w, _ := start(t, seed())
	for _, c := range []struct{ pass, otp, want string }{
		{"IR_NPM_NOWHERE", "IR_NPM_OTP", "IR_NPM_NOWHERE"},
		{"IR_NPM_PASSWORD", "", "one-time password"},
	} {
		p := provider(t, w, w.Wire())
		in := adapters.Inputs{"user": literal("acme-bot"), "password_env": literal(c.pass)}
		if c.otp != "" {
			in["otp_env"] = literal(c.otp)
		}
		a, tk := task(t, w, p, "npm.token.mint", in, nil)
		out := a.Apply(t.Context(), tk, a.Verify(t.Context(), tk).Next[0])
		if out.State != plan.Refused || out.Temporary || !strings.Contains(out.Detail, c.want) {
			t.Errorf("want refused and %q named, got %+v", c.want, out.Outcome)
		}
	}
}

func TestDigestStaysOnTheRegistry(t *testing.T) {
	w, _ := start(t, seed())
	wire := w.Wire()
	p := provider(t, w, wire)
	a, tk := task(t, w, p, "npm.dist.digest", adapters.Inputs{"package": literal("@acme/shop"), "digest": literal(strings.Repeat("0", 64))}, nil)
	if r := a.Verify(t.Context(), tk); r.State != plan.Broken || !strings.Contains(r.Detail, "1.0.0") {
		t.Errorf("another digest: want broken with the version named, got %+v", r)
	}
	if got := w.Refused(); len(got) > 0 {
		t.Errorf("dialled elsewhere: %v", got)
	}
}

func TestSurveyOfAnotherUserIsAGap(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire())
	s := &snapshot.Snapshot{}
	scope := adapters.Scope{Issuers: []adapters.Selector{{Name: "npm.token", With: map[string]string{"user": "mallory"}}}}
	if err := p.Survey(t.Context(), scope, s); err != nil {
		t.Fatal(err)
	}
	if len(s.NPM) > 0 || len(s.Gaps) != 1 {
		t.Errorf("want one gap and no listing, got %+v", s)
	}
}

func TestSelfNamesOurOwnToken(t *testing.T) {
	w, _ := start(t, seed())
	self, err := provider(t, w, w.Wire()).Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if self.Who != "acme-bot" || len(self.Kills) != 1 || self.Kills[0] != "npm:token:key-operator" {
		t.Errorf("got %+v", self)
	}
}

func TestWithoutARegistry(t *testing.T) {
	p, err := npm.New(npm.Config{}, adapters.Wire{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := adapters.NewCatalogue([]adapters.Provider{p}); err != nil {
		t.Error(err)
	}
	if _, err := p.Self(t.Context()); err == nil || !strings.Contains(err.Error(), "NPM_CONFIG_REGISTRY") {
		t.Errorf("the error must name the next step, got %v", err)
	}
}

// A value that was pasted wrong is refused as well: that is no proof of anything.
func TestARefusedStrangerProvesNothing(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire())
	_, tk := task(t, w, p, "npm.token.revoke", adapters.Inputs{"user": literal("acme-bot"), "old": {Held: "old:NPM_TOKEN"}}, map[string]secret.Text{"old": secret.NewString(stolen)})
	a, _ := task(t, w, p, "npm.token.revoke", adapters.Inputs{"user": literal("acme-bot")}, nil)
	id := a.Verify(t.Context(), tk).Next[0].Object
	a, tk = task(t, w, p, "npm.token.revoke", adapters.Inputs{"user": literal("acme-bot"), "id": literal(id), "old": {Held: "old:NPM_TOKEN"}}, map[string]secret.Text{})
	c := a.Verify(t.Context(), tk).Next[0]
	out := a.Apply(t.Context(), tk, c)
	tk.History = []plan.Attempt{{Call: c, Number: 1, At: tk.Now, Outcome: &out.Outcome}}
	w.Clock.Advance(90 * time.Second)
	tk.Secrets = map[string]secret.Text{"old": secret.NewString("npm_somethingElseThatWasPasted")}
	if r := a.Verify(t.Context(), tk); r.State != plan.Unknown {
		t.Errorf("a wrong value that is refused: want unknown, got %s at %s: %s", r.State, r.Proof, r.Detail)
	}
	tk.Secrets["old"] = secret.NewString(stolen)
	if r := a.Verify(t.Context(), tk); r.State != plan.Held || r.Proof != plan.P3 {
		t.Errorf("the right one: want held at P3, got %+v", r)
	}
}
