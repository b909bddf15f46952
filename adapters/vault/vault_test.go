package vault_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/vault"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	wvault "github.com/firebreak/firebreak/internal/world/vault"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

func TestMain(m *testing.M) {
	p, err := vault.New(vault.Config{}, adapters.Wire{})
	if err != nil {
		panic(err)
	}
	os.Exit(adaptertest.Every{M: m, Provider: p}.Run())
}

const (
	operator = "hvs.OPERATORxKq7ZyW3nR8vT2mB5cL9"
	live     = "hvs.CIaBcDeFgH1jK2lM3nO4pQ5rS6tU"
	newValue = "npm_new-value+with/odd=chars&\"quoted\""
	oldValue = "npm_the-old-value-that-was-stolen"
	another  = "the-other-key-of-the-same-secret"
)

var irPolicy = map[string][]wvault.Rule{
	"ir": {
		{Path: "auth/token/accessors*", Capabilities: []string{"list", "sudo"}},
		{Path: "auth/token/lookup-accessor", Capabilities: []string{"update"}},
		{Path: "auth/token/revoke-accessor", Capabilities: []string{"update"}},
		{Path: "auth/+/role/+", Capabilities: []string{"read"}},
		{Path: "secret/*", Capabilities: []string{"create", "update", "read"}},
	},
	"ci": {{Path: "secret/data/ci/*", Capabilities: []string{"read"}}},
}

func login(name, value, accessor, role string) wvault.Token {
	return wvault.Token{Name: name, Value: value, Accessor: accessor, Path: "auth/jwt/login", Policies: []string{"default", "ci"}, Meta: map[string]string{"role": role}, TTL: time.Hour}
}

func seed() wvault.Seed {
	return wvault.Seed{
		Cluster: "cluster-1", Policies: irPolicy, Operator: "operator",
		Tokens: []wvault.Token{
			{Name: "operator", Value: operator, Accessor: "acc-operator", Policies: []string{"ir"}},
			login("ci", live, "acc-ci-1", "ci"), login("ci-2", "hvs.second-token-of-role-ci", "acc-ci-2", "ci"),
			login("docs", "hvs.token-of-another-role", "acc-docs", "docs"),
		},
		Roles: []wvault.Role{{Name: "ci", BoundClaims: map[string]any{"repository": "acme/shop"}, Policies: []string{"ci"}, TokenType: "default", TTL: 3600}},
		KV:    []wvault.Secret{{Path: "ci/npm", Data: map[string]any{"token": oldValue, "other": another}}},
	}
}

func start(t testing.TB, s wvault.Seed) (*worldtest.World, *wvault.Server) {
	t.Helper()
	var srv *wvault.Server
	w := worldtest.New(t, world.Options{}, func(c world.Core) world.Provider {
		srv = wvault.New(c, s)
		return srv
	})
	return w, srv
}

func provider(t testing.TB, w *worldtest.World, wire adapters.Wire, token string) *vault.Provider {
	t.Helper()
	p, err := vault.New(vault.Config{Address: w.URL("vault"), Token: secret.NewString(token)}, wire)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var scope = adapters.Scope{
	Identities: map[string]string{"ci": "vault.jwt_role"},
	Stores:     []adapters.Selector{{Name: "vault.kv", With: map[string]string{"mount": "secret", "path": "ci/npm"}}},
}

func suite(action string, s wvault.Seed, truth func(*wvault.Server) bool) adaptertest.Suite {
	var w *worldtest.World
	return adaptertest.Suite{
		Action: action,
		World: func(t *testing.T) adaptertest.World {
			var srv *wvault.Server
			w, srv = start(t, s)
			return adaptertest.World{Transport: w.Wire().Transport, Now: w.Clock.Now, Advance: w.Clock.Advance, Truth: func() (ok bool) {
				if err := w.Do(func(world.Core) { ok = truth(srv) }); err != nil {
					t.Fatal(err)
				}
				return ok
			}}
		},
		Provider: func(t *testing.T, wire adapters.Wire) adapters.Provider { return provider(t, w, wire, operator) },
		Scope:    scope,
		Mutates: func(r *http.Request) bool {
			return adapters.MutatesByMethod(r) && !strings.HasSuffix(r.URL.Path, "/lookup-accessor")
		},
		Canaries: []secret.Text{secret.NewString(operator), secret.NewString(live), secret.NewString(oldValue), secret.NewString(another)},
	}
}

func literal(s string) plan.Value { return plan.Value{Literal: s} }

func TestTokenRevoke(t *testing.T) {
	s := suite("vault.token.revoke", seed(), func(v *wvault.Server) bool {
		return !v.Live("ci") && !v.Live("ci-2") && v.Live("docs") && v.Live("operator")
	})
	s.Inputs = adapters.Inputs{"mount": literal("jwt"), "role": literal("ci")}
	s.Quirks.IgnoresBody = true
	adaptertest.Run(t, s)
}

func TestKVPut(t *testing.T) {
	s := suite("vault.kv.put", seed(), func(v *wvault.Server) bool {
		d := v.Read("secret", "ci/npm")
		return d["token"] == newValue && d["other"] == another
	})
	s.Inputs = adapters.Inputs{"mount": literal("secret"), "path": literal("ci/npm"), "key": literal("token"), "value": {Output: &plan.Ref{Action: "mint", Name: "value"}}}
	s.Secrets = map[string]secret.Text{"value": secret.NewString(newValue)}
	s.Quirks.Blind = true
	adaptertest.Run(t, s)
}

func task(t *testing.T, w *worldtest.World, p *vault.Provider, use string, in adapters.Inputs, secrets map[string]secret.Text) (adapters.Action, adapters.Task) {
	t.Helper()
	snap := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), scope, snap); err != nil {
		t.Fatal(err)
	}
	for _, a := range p.Actions() {
		if a.Spec().Name != use {
			continue
		}
		c, err := a.Plan(in, snap)
		if err != nil {
			t.Fatal(err)
		}
		inputs := map[string]any{}
		for k, v := range in {
			if v.Literal != nil {
				inputs[k] = v.Literal
			}
		}
		return a, adapters.Task{Action: plan.Action{Before: c.Before, Calls: c.Calls}, Inputs: inputs, Secrets: secrets, Began: w.Clock.Now(), Now: w.Clock.Now()}
	}
	t.Fatalf("no action %s", use)
	return nil, adapters.Task{}
}

func putInputs() adapters.Inputs {
	return adapters.Inputs{"mount": literal("secret"), "path": literal("ci/npm"), "key": literal("token")}
}

// Somebody writes between our reading and our call: nothing of theirs is lost.
func TestKVPutLosesARace(t *testing.T) {
	w, srv := start(t, seed())
	p := provider(t, w, w.Wire(), operator)
	mine, theirs := map[string]secret.Text{"value": secret.NewString(newValue)}, map[string]secret.Text{"value": secret.NewString("somebody-else")}
	a, tk := task(t, w, p, "vault.kv.put", putInputs(), mine)
	call := a.Verify(t.Context(), tk).Next[0]

	other := tk
	other.Secrets = theirs
	other.Inputs = map[string]any{"mount": "secret", "path": "ci/npm", "key": "fresh"}
	if out := a.Apply(t.Context(), other, call); out.State != plan.Done {
		t.Fatalf("%+v", out.Outcome)
	}
	out := a.Apply(t.Context(), tk, call)
	if out.State != plan.Refused || !out.Temporary {
		t.Fatalf("want refused, to be read again, got %+v", out.Outcome)
	}
	tk.History = []plan.Attempt{{Call: call, Number: 1, At: tk.Now}}
	if s := a.Settle(t.Context(), tk, call); s.Happened != "no" {
		t.Errorf("the version after ours is somebody else's: want no, got %+v", s)
	}
	next := a.Verify(t.Context(), tk).Next[0]
	if out := a.Apply(t.Context(), tk, next); out.State != plan.Done || out.Outputs["version"].Value != "3" {
		t.Fatalf("%+v", out.Outcome)
	}
	var data map[string]any
	if err := w.Do(func(world.Core) { data = srv.Read("secret", "ci/npm") }); err != nil {
		t.Fatal(err)
	}
	if data["token"] != newValue || data["fresh"] != "somebody-else" || data["other"] != another {
		t.Errorf("a key was lost: %d keys", len(data))
	}
}

// between sends another write just before the adapter's own arrives.
type between struct {
	next  http.RoundTripper
	write func()
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	if write := b.write; write != nil && r.Method == http.MethodPut {
		b.write = nil
		write()
	}
	return b.next.RoundTrip(r)
}

// The race inside Apply, after its own read: only check-and-set can stop it.
func TestKVPutChecksAndSets(t *testing.T) {
	w, srv := start(t, seed())
	value := map[string]secret.Text{"value": secret.NewString(newValue)}
	race := &between{next: w.Wire().Transport}
	wire := w.Wire()
	wire.Transport = race
	a, tk := task(t, w, provider(t, w, wire, operator), "vault.kv.put", putInputs(), value)
	theirs, other := task(t, w, provider(t, w, w.Wire(), operator), "vault.kv.put", putInputs(), map[string]secret.Text{"value": secret.NewString("somebody-else")})
	other.Inputs = map[string]any{"mount": "secret", "path": "ci/npm", "key": "fresh"}
	call := a.Verify(t.Context(), tk).Next[0]
	race.write = func() {
		if out := theirs.Apply(t.Context(), other, call); out.State != plan.Done {
			t.Errorf("%+v", out.Outcome)
		}
	}
	if out := a.Apply(t.Context(), tk, call); out.State != plan.Refused || !out.Temporary {
		t.Errorf("somebody was first: want refused, to be read again, got %+v", out.Outcome)
	}
	if err := w.Do(func(world.Core) {
		if d := srv.Read("secret", "ci/npm"); d["fresh"] != "somebody-else" {
			t.Error("their key was overwritten")
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// A token we may not look up may be one of the role's: nothing is called held.
func TestATokenThatCannotBeLookedUpIsUnknown(t *testing.T) {
	s := seed()
	s.Policies = map[string][]wvault.Rule{"ir": append([]wvault.Rule{{Path: "auth/token/lookup-accessor", Capabilities: []string{"deny"}}}, irPolicy["ir"]...)}
	w, _ := start(t, s)
	a, tk := task(t, w, provider(t, w, w.Wire(), operator), "vault.token.revoke", adapters.Inputs{"role": literal("ci")}, nil)
	if r := a.Verify(t.Context(), tk); r.State != plan.Unknown || !strings.Contains(r.Detail, "permissions") {
		t.Errorf("want unknown with the next step, got %+v", r)
	}
}

func TestKVPutToANewPath(t *testing.T) {
	s := seed()
	s.KV = nil
	w, _ := start(t, s)
	a, tk := task(t, w, provider(t, w, w.Wire(), operator), "vault.kv.put", putInputs(), map[string]secret.Text{"value": secret.NewString(newValue)})
	if out := a.Apply(t.Context(), tk, a.Verify(t.Context(), tk).Next[0]); out.State != plan.Done || out.Outputs["version"].Value != "1" {
		t.Fatalf("%+v", out.Outcome)
	}
	if r := a.Verify(t.Context(), tk); r.State != plan.Held {
		t.Errorf("got %+v", r)
	}
}

func TestKVPutStaysInItsMount(t *testing.T) {
	w, _ := start(t, seed())
	p := provider(t, w, w.Wire(), operator)
	for _, a := range p.Actions() {
		if a.Spec().Name == "vault.kv.put" {
			if _, err := a.Plan(adapters.Inputs{"path": literal("../../sys/policies/acl/ci"), "key": literal("x")}, &snapshot.Snapshot{}); err == nil || !strings.Contains(err.Error(), "not plain") {
				t.Errorf("a path with dots must be refused, got %v", err)
			}
		}
	}
}

// Neither our own token nor one that may be its parent is ever revoked.
func TestRevokeSparesOurselves(t *testing.T) {
	s := seed()
	s.Policies["ci"] = append(s.Policies["ci"], s.Policies["ir"]...)
	parent := login("parent", "hvs.the-parent-of-our-own-token", "acc-parent", "ci")
	s.Tokens = append(s.Tokens, parent)
	child := wvault.Token{Name: "child", Value: "hvs.our-own-token-is-a-child", Accessor: "acc-child", Created: worldtest.Start.Add(-time.Minute), Parent: "acc-parent", Path: "auth/token/create", Policies: []string{"default", "ci"}}
	s.Tokens = append(s.Tokens, child)
	w, srv := start(t, s)
	for _, own := range []string{live, child.Value} {
		p := provider(t, w, w.Wire(), own)
		a, tk := task(t, w, p, "vault.token.revoke", adapters.Inputs{"role": literal("ci")}, nil)
		r := a.Verify(t.Context(), tk)
		if len(r.Found) == 0 {
			t.Errorf("what is spared must be shown: %+v", r)
		}
		for _, c := range r.Next {
			if c.Object == "acc-ci-1" && own == live || c.Object == "acc-parent" && own == child.Value {
				t.Errorf("%s would end our own token", c.Key)
			}
		}
	}
	if err := w.Do(func(world.Core) {
		if !srv.Live("child") {
			t.Error("our token is dead")
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func TestBatchTokensAreNeverCalledRevoked(t *testing.T) {
	s := seed()
	s.Roles[0].TokenType, s.Tokens = "batch", s.Tokens[:1]
	w, _ := start(t, s)
	a, tk := task(t, w, provider(t, w, w.Wire(), operator), "vault.token.revoke", adapters.Inputs{"role": literal("ci")}, nil)
	for _, c := range []struct {
		after time.Duration
		want  plan.State
	}{{0, plan.Broken}, {2 * time.Hour, plan.Unknown}} {
		w.Clock.Advance(c.after)
		tk.Now = w.Clock.Now()
		if r := a.Verify(t.Context(), tk); r.State != c.want || len(r.Next) > 0 || len(r.Found) != 1 {
			t.Errorf("after %s: want %s without calls, got %+v", c.after, c.want, r)
		}
	}
}

func TestATokenThatEndedByItselfIsDone(t *testing.T) {
	w, _ := start(t, seed())
	a, tk := task(t, w, provider(t, w, w.Wire(), operator), "vault.token.revoke", adapters.Inputs{"role": literal("ci")}, nil)
	call := a.Verify(t.Context(), tk).Next[0]
	w.Clock.Advance(2 * time.Hour)
	if out := a.Apply(t.Context(), tk, call); out.State != plan.Done {
		t.Errorf("want done, got %+v", out.Outcome)
	}
}

// What the environment says must not reach the client: it is not ours to read.
func TestAmbientEnvironmentIsIgnored(t *testing.T) {
	for k, v := range map[string]string{
		"VAULT_ADDR": "http://192.0.2.1:8200", "VAULT_TOKEN": "hvs.poisoned-token-of-the-environment", "VAULT_NAMESPACE": "poison",
		"VAULT_WRAP_TTL": "60", "VAULT_HEADERS": `{"Poison":"yes"}`, "VAULT_HTTP_PROXY": "http://192.0.2.1:3128", "VAULT_MAX_RETRIES": "9",
	} {
		t.Setenv(k, v)
	}
	w, _ := start(t, seed())
	seen := &spy{next: w.Wire().Transport}
	wire := w.Wire()
	wire.Transport = seen
	self, err := provider(t, w, wire, operator).Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if self.Account != "cluster-1" || len(self.Kills) != 1 || self.Kills[0] != "vault:accessor:acc-operator" {
		t.Errorf("got %+v", self)
	}
	for _, h := range seen.headers {
		for _, name := range []string{"Poison", "X-Vault-Namespace", "X-Vault-Wrap-Ttl"} {
			if h.Get(name) != "" {
				t.Errorf("header %s came from the environment", name)
			}
		}
		if tok := h.Get("X-Vault-Token"); tok != operator {
			t.Error("another token than the configured one was sent")
		}
		if !strings.HasPrefix(h.Get("User-Agent"), "firebreak/") {
			t.Errorf("our requests must be told apart by their agent, got %q", h.Get("User-Agent"))
		}
	}
	if len(w.Refused()) > 0 {
		t.Errorf("dialled elsewhere: %v", w.Refused())
	}
}

type spy struct {
	next    http.RoundTripper
	headers []http.Header
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	s.headers = append(s.headers, r.Header.Clone())
	return s.next.RoundTrip(r)
}

// The address may have a path in front, and guards must know it.
func TestAddressWithAPath(t *testing.T) {
	w, _ := start(t, seed())
	wire := w.Wire()
	wire.Transport = prefixed{wire.Transport}
	wire.ReadOnly = true
	p, err := vault.New(vault.Config{Address: w.URL("vault") + "/behind/proxy", Token: secret.NewString(operator)}, wire)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Self(t.Context()); err != nil {
		t.Error(err)
	}
	s := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), scope, s); err != nil || len(s.Gaps) > 0 || len(s.Vault) != 1 || len(s.Vault[0].Tokens) != 2 {
		t.Errorf("got %v, %+v", err, s)
	}
}

type prefixed struct{ next http.RoundTripper }

func (p prefixed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/behind/proxy")
	r.URL.RawPath = ""
	return p.next.RoundTrip(r)
}

func TestWithoutAnAddress(t *testing.T) {
	p, err := vault.New(vault.Config{}, adapters.Wire{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := adapters.NewCatalogue([]adapters.Provider{p}); err != nil {
		t.Error(err)
	}
	if _, err := p.Self(t.Context()); err == nil || !strings.Contains(err.Error(), "VAULT_ADDR") {
		t.Errorf("the error must name the next step, got %v", err)
	}
}
