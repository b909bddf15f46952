package vault_test

import (
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/vault"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/tally"
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

// irPolicy is the least a responder needs.
var irPolicy = map[string][]wvault.Rule{
	"ir": {
		{Path: "auth/token/accessors", Capabilities: []string{"list", "sudo"}},
		{Path: "auth/token/lookup-accessor", Capabilities: []string{"update"}},
		{Path: "auth/token/revoke-accessor", Capabilities: []string{"update"}},
		{Path: "auth/+/role/+", Capabilities: []string{"read", "update"}},
		{Path: "secret/*", Capabilities: []string{"create", "update", "read"}},
		{Path: "auth/approle/role/deploy/role-id", Capabilities: []string{"read"}},
		{Path: "auth/approle/role/deploy/secret-id", Capabilities: []string{"list", "update"}},
		{Path: "auth/approle/role/deploy/secret-id/lookup", Capabilities: []string{"update"}},
		{Path: "auth/approle/role/deploy/secret-id-accessor/+", Capabilities: []string{"update"}},
	},
	"ci": {{Path: "secret/data/ci/*", Capabilities: []string{"read"}}},
}

func loggedIn(name, value, accessor, role string) wvault.Token {
	return wvault.Token{Name: name, Value: value, Accessor: accessor, Path: "auth/jwt/login", Policies: []string{"default", "ci"}, Meta: map[string]string{"role": role}, TTL: time.Hour}
}

func bound(name string) wvault.Role {
	return wvault.Role{Name: name, UserClaim: "actor", BoundClaims: map[string]any{"repository": "acme/shop"}, Policies: []string{"ci"}, TokenType: "default", TTL: 3600}
}

func seed() wvault.Seed {
	return wvault.Seed{
		Cluster: "cluster-1", Policies: maps.Clone(irPolicy), Operator: "operator",
		Tokens: []wvault.Token{
			{Name: "operator", Value: operator, Accessor: "acc-operator", Policies: []string{"ir"}},
			loggedIn("ci", live, "acc-ci-1", "ci"), loggedIn("ci-2", "hvs.second-token-of-role-ci", "acc-ci-2", "ci"),
			loggedIn("docs", "hvs.token-of-another-role", "acc-docs", "docs"),
		},
		Roles: []wvault.Role{bound("ci"), bound("docs")},
		AppRoles: []wvault.AppRole{{Name: "deploy", RoleID: "role-id-of-deploy", Policies: []string{"ci"}, TTL: 3600, SecretIDs: []wvault.SecretID{
			{Name: "stolen", Value: stolenID, Accessor: "acc-stolen", CIDRs: []string{"127.0.0.0/8"}}, {Name: "twin", Value: twinID, Accessor: "acc-twin"},
		}}},
		KV: []wvault.Secret{{Path: "ci/npm", Data: map[string]any{"token": oldValue, "other": another}}},
	}
}

var scope = adapters.Scope{
	Identities: map[string]string{"ci": "vault.jwt_role"},
	Issuers:    []adapters.Selector{{Name: "vault.approle", With: map[string]string{"role": "deploy"}}},
	Stores:     []adapters.Selector{{Name: "vault.kv", With: map[string]string{"mount": "secret", "path": "ci/npm"}}},
}

// suite is the conformance suite of one action on one ground. Every fault is put in
// above the server, so each can be had on a real one too.
func suite(g ground, action string, s wvault.Seed, truth func(testing.TB, *place) bool) adaptertest.Suite {
	var p *place
	canaries := []secret.Text{secret.NewString(oldValue), secret.NewString(another), secret.NewString(stolenID), secret.NewString(twinID), {}, {}, {}}
	return adaptertest.Suite{
		Action: action,
		World: func(t *testing.T) adaptertest.World {
			p = g.open(t, s)
			for i, name := range []string{"operator", "ci", "ci-2"} {
				canaries[4+i] = secret.NewString(p.value(name))
			}
			here := p
			w := adaptertest.World{Transport: p.wire().Transport, Now: p.now, Advance: p.advance}
			if truth != nil {
				w.Truth = func() bool { return truth(t, here) }
			}
			return w
		},
		Provider: func(t *testing.T, wire adapters.Wire) adapters.Provider {
			return p.provider(t, wire, p.value("operator"))
		},
		Scope: scope,
		Mutates: func(r *http.Request) bool {
			return adapters.MutatesByMethod(r) && !strings.HasSuffix(r.URL.Path, "/lookup-accessor") && !strings.HasSuffix(r.URL.Path, "/lookup") && !strings.HasSuffix(r.URL.Path, "/capabilities-self")
		},
		Canaries: canaries,
	}
}

func literal(s string) plan.Value { return plan.Value{Literal: s} }

func ciRole() adapters.Inputs { return adapters.Inputs{"mount": literal("jwt"), "role": literal("ci")} }

// TestConformance runs the suite of every action, on the world and on a real Vault.
func TestConformance(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		checks, suites := 0, []adaptertest.Suite{revokeSuite(g), blockSuite(g), putSuite(g), destroySuite(g)}
		suites = append(suites, appRoleSuites(g)...)
		for _, s := range suites {
			open := s.World
			s.World = func(t *testing.T) adaptertest.World {
				checks++ // each in a fresh state
				return open(t)
			}
			t.Run(s.Action, func(t *testing.T) {
				adaptertest.Run(t, s)
				g.proved(t, s.Action, "it passes the conformance suite")
			})
		}
		if g.name == realVault {
			tally.Note(t, "%s: %d suites, %d checks", realVault, len(suites), checks)
		}
	})
}

func revokeSuite(g ground) adaptertest.Suite {
	s := suite(g, "vault.token.revoke", seed(), func(t testing.TB, p *place) bool {
		return !p.live(t, "ci") && !p.live(t, "ci-2") && p.live(t, "docs") && p.live(t, "operator")
	})
	s.Inputs = ciRole()
	s.Quirks.IgnoresBody = true
	return s
}

func blockSuite(g ground) adaptertest.Suite {
	s := suite(g, "vault.jwt_role.block", seed(), func(t testing.TB, p *place) bool {
		code, _ := p.login(t, "ci", nil)
		return code == http.StatusBadRequest && p.live(t, "ci") && p.live(t, "docs")
	})
	s.Inputs = ciRole()
	return s
}

func putSuite(g ground) adaptertest.Suite {
	s := suite(g, "vault.kv.put", seed(), func(t testing.TB, p *place) bool {
		d := p.kv(t, "ci/npm")
		return d["token"] == newValue && d["other"] == another
	})
	s.Inputs = adapters.Inputs{"mount": literal("secret"), "path": literal("ci/npm"), "key": literal("token"), "value": {Output: &plan.Ref{Action: "mint", Name: "value"}}}
	s.Secrets = map[string]secret.Text{"value": secret.NewString(newValue)}
	s.Quirks.Blind = true
	return s
}

// rewritten is a ground on which the path was written twice more; the third version has
// the new value.
func rewritten(g ground) ground {
	return ground{g.name, func(t testing.TB, s wvault.Seed) *place {
		p := g.open(t, s)
		for _, v := range []string{"in between", newValue} {
			p.Must(t, "PUT", "secret/data/ci/npm", map[string]any{"data": map[string]any{"token": v, "other": another}})
		}
		return p
	}}
}

func destroySuite(g ground) adaptertest.Suite {
	s := suite(rewritten(g), "vault.kv.destroy", seed(), func(t testing.TB, p *place) bool {
		d := p.data(t, "secret/metadata/ci/npm")
		all, _ := d["versions"].(map[string]any)
		for n, v := range all {
			m, _ := v.(map[string]any)
			if m["destroyed"] != (n != "3") {
				return false
			}
		}
		return p.kv(t, "ci/npm")["token"] == newValue
	})
	s.Inputs = adapters.Inputs{"mount": literal("secret"), "path": literal("ci/npm"), "below": literal("3")}
	return s
}

func task(t *testing.T, pl *place, p *vault.Provider, use string, in adapters.Inputs, secrets map[string]secret.Text) (adapters.Action, adapters.Task) {
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
		return a, adapters.Task{Action: plan.Action{Before: c.Before, Calls: c.Calls}, Inputs: inputs, Secrets: secrets, Began: pl.now(), Now: pl.now()}
	}
	t.Fatalf("no action %s", use)
	return nil, adapters.Task{}
}

// acts is an action of the operator's on a place, ready to be carried out.
func (p *place) acts(t *testing.T, use string, in adapters.Inputs, secrets map[string]secret.Text) (adapters.Action, adapters.Task) {
	t.Helper()
	return task(t, p, p.provider(t, p.wire(), p.value("operator")), use, in, secrets)
}

func putInputs() adapters.Inputs {
	return adapters.Inputs{"mount": literal("secret"), "path": literal("ci/npm"), "key": literal("token")}
}

// Somebody writes between our reading and our call: nothing of theirs is lost.
func TestKVPutLosesARace(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		mine, theirs := map[string]secret.Text{"value": secret.NewString(newValue)}, map[string]secret.Text{"value": secret.NewString("somebody-else")}
		a, tk := p.acts(t, "vault.kv.put", putInputs(), mine)
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
		if data := p.kv(t, "ci/npm"); data["token"] != newValue || data["fresh"] != "somebody-else" || data["other"] != another {
			t.Errorf("a key was lost: %d keys", len(data))
		}
	})
}

// between does something just before the adapter's own write arrives.
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
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		value := map[string]secret.Text{"value": secret.NewString(newValue)}
		wire := p.wire()
		race := &between{next: wire.Transport}
		wire.Transport = race
		a, tk := task(t, p, p.provider(t, wire, p.value("operator")), "vault.kv.put", putInputs(), value)
		theirs, other := p.acts(t, "vault.kv.put", putInputs(), map[string]secret.Text{"value": secret.NewString("somebody-else")})
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
		if d := p.kv(t, "ci/npm"); d["fresh"] != "somebody-else" {
			t.Error("their key was overwritten")
		}
		g.proved(t, "vault.kv.put", "a write onto a version that is not the newest any more is refused, and nobody's key is lost")
	})
}

// A token we may not look up may be one of the role's: nothing is called held.
func TestATokenThatCannotBeLookedUpIsUnknown(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		s := seed()
		s.Policies["ir"] = append([]wvault.Rule{{Path: "auth/token/lookup-accessor", Capabilities: []string{"deny"}}}, irPolicy["ir"]...)
		a, tk := g.open(t, s).acts(t, "vault.token.revoke", ciRole(), nil)
		if r := a.Verify(t.Context(), tk); r.State != plan.Unknown || !strings.Contains(r.Detail, "permissions") {
			t.Errorf("want unknown with the next step, got %+v", r)
		}
	})
}

func TestKVPutToANewPath(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		s := seed()
		s.KV = nil
		a, tk := g.open(t, s).acts(t, "vault.kv.put", putInputs(), map[string]secret.Text{"value": secret.NewString(newValue)})
		if out := a.Apply(t.Context(), tk, a.Verify(t.Context(), tk).Next[0]); out.State != plan.Done || out.Outputs["version"].Value != "1" {
			t.Fatalf("%+v", out.Outcome)
		}
		if r := a.Verify(t.Context(), tk); r.State != plan.Held {
			t.Errorf("got %+v", r)
		}
	})
}

func TestKVPutStaysInItsMount(t *testing.T) {
	pl := inWorld(t, seed())
	for _, a := range pl.provider(t, pl.wire(), operator).Actions() {
		if a.Spec().Name == "vault.kv.put" {
			if _, err := a.Plan(adapters.Inputs{"path": literal("../../sys/policies/acl/ci"), "key": literal("x")}, &snapshot.Snapshot{}); err == nil || !strings.Contains(err.Error(), "not plain") {
				t.Errorf("a path with dots must be refused, got %v", err)
			}
		}
	}
}

// Neither our own token nor one that may be its parent is ever revoked.
func TestRevokeSparesOurselves(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		s := seed()
		s.Policies["ci"] = append(append(slices.Clone(s.Policies["ci"]), s.Policies["ir"]...), wvault.Rule{Path: "auth/token/create", Capabilities: []string{"update"}})
		s.Tokens = append(s.Tokens, loggedIn("parent", "hvs.the-parent-of-our-own-token", "acc-parent", "ci"))
		s.Tokens = append(s.Tokens, wvault.Token{Name: "child", Value: "hvs.our-own-token-is-a-child", Accessor: "acc-child", Created: worldtest.Start.Add(-time.Minute), Parent: "acc-parent", Path: "auth/token/create", Policies: []string{"default", "ci"}})
		p := g.open(t, s)
		for _, own := range []string{"ci", "child"} {
			a, tk := task(t, p, p.provider(t, p.wire(), p.value(own)), "vault.token.revoke", adapters.Inputs{"role": literal("ci")}, nil)
			r := a.Verify(t.Context(), tk)
			if len(r.Found) == 0 {
				t.Errorf("what is spared must be shown: %+v", r)
			}
			for _, c := range r.Next {
				if c.Object == p.accessor(own) || c.Object == p.accessor("parent") && own == "child" {
					t.Errorf("%s would end our own token", c.Key)
				}
			}
		}
		if !p.live(t, "child") {
			t.Error("our token is dead")
		}
		p.call(t, p.Root, "POST", "auth/token/revoke-accessor", map[string]any{"accessor": p.accessor("parent")})
		if p.live(t, "child") {
			t.Error("a parent takes its children with it: that is why it is spared")
		}
		g.proved(t, "vault.token.revoke", "a token's children end with it, so firebreak's own parent is spared")
	})
}

func TestBatchTokensAreNeverCalledRevoked(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		s := seed()
		s.Roles[0].TokenType, s.Tokens = "batch", s.Tokens[:1]
		p := g.open(t, s)
		if code, c := p.login(t, "ci", nil); code != http.StatusOK || c.Accessor != "" {
			t.Errorf("a batch token has no accessor, got %d %q", code, c.Accessor)
		}
		a, tk := p.acts(t, "vault.token.revoke", adapters.Inputs{"role": literal("ci")}, nil)
		for _, c := range []struct {
			after time.Duration
			want  plan.State
		}{{0, plan.Broken}, {2 * time.Hour, plan.Unknown}} {
			p.advance(c.after)
			tk.Now = p.now()
			if r := a.Verify(t.Context(), tk); r.State != c.want || len(r.Next) > 0 || len(r.Found) != 1 {
				t.Errorf("after %s: want %s without calls, got %+v", c.after, c.want, r)
			}
		}
		g.proved(t, "vault.token.revoke", "a batch token has no accessor, so a role that issues them is never called held")
	})
}

// A token that ended meanwhile is done, however the server words that it is not there.
func TestATokenThatEndedByItselfIsDone(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		wire := p.wire()
		refuse := &refusing{next: wire.Transport}
		wire.Transport = refuse
		a, tk := task(t, p, p.provider(t, wire, p.value("operator")), "vault.token.revoke", ciRole(), nil)
		calls := a.Verify(t.Context(), tk).Next
		if out := a.Apply(t.Context(), tk, calls[0]); out.State != plan.Done {
			t.Fatalf("want done, got %+v", out.Outcome)
		}
		if out := a.Apply(t.Context(), tk, calls[0]); out.State != plan.Done {
			t.Errorf("twice: want done, got %+v", out.Outcome)
		}
		refuse.path = "/v1/auth/token/revoke-accessor"
		if out := a.Apply(t.Context(), tk, calls[0]); out.State != plan.Done || !strings.Contains(out.Detail, "ended already") {
			t.Errorf("refused, and the token is gone: want done, got %+v", out.Outcome)
		}
		if out := a.Apply(t.Context(), tk, calls[1]); out.State != plan.Refused || out.Permission == "" {
			t.Errorf("refused, and the token lives: want refused with the permission, got %+v", out.Outcome)
		}
	})
}

// refusing answers requests to one path with 403.
type refusing struct {
	next http.RoundTripper
	path string
}

func (f *refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != f.path {
		return f.next.RoundTrip(r)
	}
	resp := respond(r, `{"errors":["permission denied"]}`)
	resp.StatusCode = http.StatusForbidden
	return resp, nil
}

func respond(r *http.Request, text string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}
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
	self, err := (&place{VaultServer: counterpart.VaultServer{Address: w.URL("vault")}}).provider(t, wire, operator).Self(t.Context())
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

// Old values are gone by their number too, the new one stays. Where the version with the
// new value is not there nothing is destroyed: what is older may be the only one.
func TestKVDestroyLeavesTheNewValue(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := rewritten(g).open(t, seed())
		in := adapters.Inputs{"mount": literal("secret"), "path": literal("ci/npm"), "below": literal("3")}
		a, tk := p.acts(t, "vault.kv.destroy", in, nil)
		read := func(version string) int {
			code, _ := p.call(t, p.Root, "GET", "secret/data/ci/npm?version="+version, nil)
			return code
		}
		if read("1") != 200 || read("2") != 200 {
			t.Fatal("the old versions cannot be read before")
		}
		r := a.Verify(t.Context(), tk)
		if r.State != plan.Broken || len(r.Next) != 1 || r.Next[0].Args["versions"] != "1,2" {
			t.Fatalf("%+v", r)
		}
		if o := a.Apply(t.Context(), tk, r.Next[0]).Outcome; o.State != plan.Done {
			t.Fatalf("%+v", o)
		}
		if r := a.Verify(t.Context(), tk); r.State != plan.Held || read("1") != 404 || read("2") != 404 || p.kv(t, "ci/npm")["token"] != newValue {
			t.Errorf("%+v", r)
		}
		g.proved(t, "vault.kv.destroy", "old values cannot be read by their version's number afterwards, and the new one stays")
		for _, c := range []struct{ below, versions, says string }{{"4", "1,2,3", "there is no version 4"}, {"3", "2,3", "version 3 is not older"}, {"", "1", "not known"}} {
			tk.Inputs["below"] = c.below
			r := a.Verify(t.Context(), tk)
			o := a.Apply(t.Context(), tk, plan.Call{Args: map[string]string{"versions": c.versions}}).Outcome
			if c.below == "4" {
				o = plan.Outcome{State: plan.Refused, Detail: r.Detail} // it never gets as far as a call
				if len(r.Next) > 0 {
					t.Errorf("below %s: %+v", c.below, r)
				}
			}
			if o.State != plan.Refused || !strings.Contains(o.Detail, c.says) {
				t.Errorf("below %q: %+v, %+v", c.below, o, r)
			}
		}
	})
}
