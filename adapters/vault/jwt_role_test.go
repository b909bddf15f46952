package vault_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	wvault "github.com/firebreak/firebreak/internal/world/vault"
)

const blockedClaim = "firebreak_blocked"

func block(t *testing.T, p *place) (adapters.Action, adapters.Task) {
	t.Helper()
	a, tk := p.acts(t, "vault.jwt_role.block", ciRole(), nil)
	for _, c := range a.Verify(t.Context(), tk).Next {
		if out := a.Apply(t.Context(), tk, c); out.State != plan.Done {
			t.Fatalf("%+v", out.Outcome)
		}
	}
	if r := a.Verify(t.Context(), tk); r.State != plan.Held || r.Proof != plan.P1 {
		t.Fatalf("got %+v", r)
	}
	return a, tk
}

// Blocking shuts the door, and revoking puts out who is inside. Neither does the other's work.
func TestABlockedRoleLetsNobodyIn(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		code, before := p.login(t, "ci", nil)
		if code != http.StatusOK {
			t.Fatalf("before: %d", code)
		}
		block(t, p)
		// An issuer that lets callers choose claims gets no further than another.
		for name, more := range map[string]map[string]any{
			"as before": nil, "with the claim": {blockedClaim: "x"}, "with it empty": {blockedClaim: ""}, "with an empty list": {blockedClaim: []any{}},
			"with a list": {blockedClaim: []any{"", "x", true, nil}}, "with true": {blockedClaim: true}, "with null": {blockedClaim: nil}, "with a map": {blockedClaim: map[string]any{"a": "b"}},
		} {
			if code, c := p.login(t, "ci", more); code != http.StatusBadRequest || c.Value != "" {
				t.Errorf("%s: want 400, got %d", name, code)
			}
		}
		if code, _ := p.login(t, "docs", nil); code != http.StatusOK {
			t.Errorf("another role must not notice, got %d", code)
		}
		inside := func() bool {
			code, _ := p.call(t, before.Value, "GET", "auth/token/lookup-self", nil)
			return code == http.StatusOK
		}
		if !inside() || !p.live(t, "ci") {
			t.Error("tokens from before must live until they are revoked: blocking does not end them, and must not be taken for it")
		}
		a, tk := p.acts(t, "vault.token.revoke", ciRole(), nil)
		for _, c := range a.Verify(t.Context(), tk).Next {
			a.Apply(t.Context(), tk, c)
		}
		if inside() || p.live(t, "ci") || p.live(t, "ci-2") || !p.live(t, "docs") {
			t.Error("revoking ends exactly the role's tokens")
		}
		g.proved(t, "vault.jwt_role.block", "a login with a valid JWT is refused afterwards, also with a JWT that carries the blocking claim")
		g.proved(t, "vault.jwt_role.block", "tokens from before live on until they are revoked")
		g.proved(t, "vault.token.revoke", "exactly the tokens of the role are refused afterwards")
	})
}

// full is a role with every field that survives a write.
func full() wvault.Role {
	return wvault.Role{
		Name: "ci", Type: "jwt", BoundAudiences: []string{"https://vault.example", "other"}, BoundSubject: "repo:acme/shop", BoundClaimsType: "glob",
		BoundClaims:   map[string]any{"repository": "acme/*", "ref": []any{"refs/heads/main", "refs/tags/*"}},
		ClaimMappings: map[string]string{"actor": "who", "/nested/claim": "deep"}, UserClaim: "/nested/user", UserClaimPointer: true, GroupsClaim: "groups",
		Scopes: []string{"profile"}, Redirects: []string{"https://a.example/cb"}, MaxAge: 60, ExpirationLeeway: -1, NotBeforeLeeway: 30, SkewLeeway: 7,
		Policies: []string{"ci"}, TokenType: "service", TTL: 600, MaxTTL: 3600, ExplicitMaxTTL: 7200, Period: 300, Uses: 9, NoDefaultPolicy: true, BoundCIDRs: []string{"127.0.0.1"},
	}
}

// A role write resets what it leaves out in part; ours leaves nothing out.
func TestBlockKeepsEveryOtherField(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		for name, role := range map[string]wvault.Role{
			"every field": full(), "bound by claims": bound("ci"),
			"bound by audience":   {Name: "ci", UserClaim: "actor", BoundAudiences: []string{"a"}, Policies: []string{"ci"}},
			"of the browser kind": {Name: "ci", Type: "oidc", UserClaim: "actor", Redirects: []string{"https://a.example/cb"}},
		} {
			s := seed()
			s.Roles, s.Tokens = []wvault.Role{role}, s.Tokens[:1]
			p := g.open(t, s)
			before := p.data(t, "auth/jwt/role/ci")
			block(t, p)
			after := p.data(t, "auth/jwt/role/ci")
			want := maps.Clone(before)
			claims := map[string]any{blockedClaim: []any{}}
			if c, ok := before["bound_claims"].(map[string]any); ok {
				maps.Copy(claims, c)
			}
			want["bound_claims"] = claims
			if !reflect.DeepEqual(after, want) {
				t.Errorf("%s:\nwant %v\ngot  %v", name, want, after)
			}
		}
		g.proved(t, "vault.jwt_role.block", "every other field of the role stays as it was, of JWT and browser roles")
	})
}

// Somebody narrows the role between our reading and our write: their work is kept.
func TestBlockKeepsWhatChangedMeanwhile(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		a, tk := p.acts(t, "vault.jwt_role.block", ciRole(), nil)
		call := a.Verify(t.Context(), tk).Next[0]
		narrow := body(t, bound("ci"))
		narrow["bound_claims"] = map[string]any{"repository": "acme/shop", "ref": "refs/heads/main"}
		if code, answer := p.call(t, p.Root, "POST", "auth/jwt/role/ci", narrow); code != http.StatusNoContent {
			t.Fatal(code, answer)
		}
		if out := a.Apply(t.Context(), tk, call); out.State != plan.Done {
			t.Fatalf("%+v", out.Outcome)
		}
		claims, _ := p.data(t, "auth/jwt/role/ci")["bound_claims"].(map[string]any)
		if claims["ref"] != "refs/heads/main" || claims["repository"] != "acme/shop" || claims[blockedClaim] == nil {
			t.Errorf("got %v", claims)
		}
	})
}

// Who takes the claim away, or gives it a value, has opened the door again.
func TestALoosenedBlockIsBroken(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		a, tk := block(t, p)
		for _, value := range []any{nil, "x", []any{"x"}, "", map[string]any{}} {
			doc := body(t, bound("ci"))
			claims := map[string]any{"repository": "acme/shop"}
			if value != nil {
				claims[blockedClaim] = value
			}
			doc["bound_claims"] = claims
			if code, answer := p.call(t, p.Root, "POST", "auth/jwt/role/ci", doc); code != http.StatusNoContent {
				t.Fatal(code, answer)
			}
			if r := a.Verify(t.Context(), tk); r.State != plan.Broken || len(r.Next) != 1 {
				t.Errorf("%v: want broken, got %+v", value, r)
			}
		}
	})
}

// A role that was there and is gone lets nobody in; one nobody ever saw may be misspelt.
func TestBlockOfARoleThatIsNotThere(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		a, tk := p.acts(t, "vault.jwt_role.block", ciRole(), nil)
		call := a.Verify(t.Context(), tk).Next[0]
		if code, _ := p.call(t, p.Root, "DELETE", "auth/jwt/role/ci", nil); code != http.StatusNoContent {
			t.Fatal(code)
		}
		if r := a.Verify(t.Context(), tk); r.State != plan.Held || !strings.Contains(r.Detail, "any more") {
			t.Errorf("deleted: got %+v", r)
		}
		if s := a.Settle(t.Context(), tk, call); s.Happened != "unknown" {
			t.Errorf("whether a call changed what is gone cannot be seen: %+v", s)
		}
		if out := a.Apply(t.Context(), tk, call); out.State != plan.Refused {
			t.Errorf("a deleted role is not made again: %+v", out.Outcome)
		}
		if code, _ := p.login(t, "ci", nil); code != http.StatusBadRequest {
			t.Errorf("and it lets nobody in, got %d", code)
		}
		unseen, tk := p.acts(t, "vault.jwt_role.block", adapters.Inputs{"role": literal("ci"), "mount": literal("jwt")}, nil)
		if r := unseen.Verify(t.Context(), tk); r.State != plan.Unknown {
			t.Errorf("never seen: got %+v", r)
		}
		if len(tk.Action.Calls) != 1 {
			t.Errorf("a role that could not be read is planned all the same: %+v", tk.Action)
		}
	})
}

// A deleted role leaves its tokens alive: they are found and ended all the same.
func TestTokensOutliveTheirRole(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		a, tk := p.acts(t, "vault.token.revoke", ciRole(), nil)
		p.call(t, p.Root, "DELETE", "auth/jwt/role/ci", nil)
		r := a.Verify(t.Context(), tk)
		if r.State != plan.Broken || len(r.Next) != 2 || !p.live(t, "ci") {
			t.Fatalf("got %+v", r)
		}
		for _, c := range r.Next {
			a.Apply(t.Context(), tk, c)
		}
		if r := a.Verify(t.Context(), tk); r.State != plan.Held || p.live(t, "ci") || p.live(t, "ci-2") {
			t.Errorf("got %+v", r)
		}
		g.proved(t, "vault.token.revoke", "tokens outlive their role, and are ended all the same")
	})
}

// Vault takes a role's name in any case and keeps it in lower case: a token of CI says ci.
func TestRoleNamesHaveNoCase(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		if code, _ := p.login(t, "CI", nil); code != http.StatusOK {
			t.Fatal(code)
		}
		a, tk := p.acts(t, "vault.token.revoke", adapters.Inputs{"role": literal("CI")}, nil)
		if r := a.Verify(t.Context(), tk); r.State != plan.Broken || len(r.Next) != 3 || len(tk.Action.Calls) != 3 {
			t.Errorf("want the three tokens of ci, got %+v, planned %+v", r, tk.Action.Calls)
		}
		a, tk = p.acts(t, "vault.jwt_role.block", adapters.Inputs{"role": literal("CI")}, nil)
		for _, c := range a.Verify(t.Context(), tk).Next {
			a.Apply(t.Context(), tk, c)
		}
		if code, _ := p.login(t, "ci", nil); code != http.StatusBadRequest {
			t.Errorf("got %d", code)
		}
		g.proved(t, "vault.token.revoke", "a role is the same in capitals, for its tokens too")
	})
}

// Numbers come through as they are written, however long.
func TestARolesNumbersAreKept(t *testing.T) {
	p := inWorld(t, seed())
	snap := &snapshot.Snapshot{Vault: []snapshot.Vault{{Roles: []snapshot.VaultRole{{Mount: "jwt", Name: "ci", Raw: json.RawMessage(`{"bound_claims":null,"max_age":9007199254740993}`)}}}}}
	for _, a := range p.provider(t, p.wire(), operator).Actions() {
		if a.Spec().Name != "vault.jwt_role.block" {
			continue
		}
		if c, err := a.Plan(ciRole(), snap); err != nil || !strings.Contains(string(c.Before), "9007199254740993") {
			t.Errorf("%v, %s", err, c.Before)
		}
	}
}

// What is sown back after an incident is a person's work: no inverse holds the old role.
func TestBlockIsNeverRevertedToTheOldRole(t *testing.T) {
	p := inWorld(t, seed())
	snap := &snapshot.Snapshot{}
	v := p.provider(t, p.wire(), operator)
	if err := v.Survey(t.Context(), scope, snap); err != nil {
		t.Fatal(err)
	}
	a := v.Actions()[slices.IndexFunc(v.Actions(), func(a adapters.Action) bool { return a.Spec().Name == "vault.jwt_role.block" })]
	c, err := a.Plan(ciRole(), snap)
	if err != nil {
		t.Fatal(err)
	}
	if c.Inverse == nil || c.Inverse.Use != "manual.task" || strings.Contains(string(mustJSON(t, c.Inverse)), "acme/shop") {
		t.Errorf("inverse: %+v", c.Inverse)
	}
	var image struct {
		Role     string
		Document map[string]any
	}
	if err := json.Unmarshal(c.Before, &image); err != nil || image.Role != "auth/jwt/role/ci" || image.Document["token_ttl"] != 3600.0 || image.Document["user_claim"] != "actor" {
		t.Errorf("the before-image is the whole role: %s", c.Before)
	}
	if !slices.Contains(c.Doors, "identity:vault:ci") || !slices.Contains(c.Kills, "vault:role:jwt/ci") {
		t.Errorf("doors %v, kills %v", c.Doors, c.Kills)
	}
}

// Blocking the role our own token came from would lock us out: gate 6 knows it by its key.
func TestSelfNamesTheRoleItCameFrom(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		self, err := p.provider(t, p.wire(), p.value("ci")).Self(t.Context())
		if err != nil || !slices.Contains(self.Kills, "vault:role:jwt/ci") || !slices.Contains(self.Kills, "vault:accessor:"+p.accessor("ci")) {
			t.Errorf("%v, %+v", err, self)
		}
		self, err = p.provider(t, p.wire(), p.value("operator")).Self(t.Context())
		if err != nil || len(self.Kills) != 1 {
			t.Errorf("%v, %+v", err, self)
		}
	})
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A document that is none of a JWT role's is not written back.
func TestBlockOfSomethingElseIsRefused(t *testing.T) {
	p := inWorld(t, seed())
	v := p.provider(t, p.wire(), operator)
	for _, raw := range []string{`{}`, `[]`, `{"policies":["x"]}`, `{"bound_claims":"x"}`, `{"bound_claims":[]}`} {
		snap := &snapshot.Snapshot{Vault: []snapshot.Vault{{Roles: []snapshot.VaultRole{{Mount: "jwt", Name: "ci", Raw: json.RawMessage(raw)}}}}}
		for _, a := range v.Actions() {
			if a.Spec().Name != "vault.jwt_role.block" {
				continue
			}
			if c, err := a.Plan(ciRole(), snap); err == nil || !strings.Contains(err.Error(), "auth/jwt/role/ci") {
				t.Errorf("%s: planned %+v, %v", raw, c.Calls, err)
			}
		}
	}
}
