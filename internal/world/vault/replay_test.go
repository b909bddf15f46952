package vault_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/tally"
	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/vault"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// step is one request that the world and a real Vault must answer alike.
type step struct {
	name   string
	as     string // whose token: a name, "" for none
	method string
	path   string // {accessor NAME} stands for a token's accessor, in a body too
	body   any    // claims in a body are signed, with times by the server's clock
	keep   string // name under which the token of the answer is known from here on
	// differs says why the world answers otherwise on purpose; that it does is checked too.
	differs string
}

// claims are a JWT's; "iat", "nbf" and "exp" are seconds from now.
type claims map[string]any

// server is one of the two, with the tokens it gave out.
type server struct {
	counterpart.VaultServer
	now    func() time.Time
	issuer counterpart.Issuer
	forger counterpart.Issuer
	tokens map[string]string
	named  map[string]string // accessors
	secret map[string]string // values of secret-ids
}

func (s *server) do(t *testing.T, x step) counterpart.VaultAnswer {
	t.Helper()
	replace := func(text string) string {
		for n, a := range s.named {
			text = strings.ReplaceAll(text, "{accessor "+n+"}", a)
		}
		for n, v := range s.secret {
			text = strings.ReplaceAll(text, "{secret-id "+n+"}", v)
		}
		return text
	}
	a := s.Call(t, s.tokens[x.as], x.method, replace(x.path), s.fill(t, x.body, replace))
	if auth, ok := a.Body["auth"].(map[string]any); ok && x.keep != "" {
		s.tokens[x.keep], _ = auth["client_token"].(string)
		s.named[x.keep], _ = auth["accessor"].(string)
	}
	if d, ok := a.Body["data"].(map[string]any); ok && x.keep != "" && d["secret_id"] != nil {
		s.secret[x.keep], _ = d["secret_id"].(string)
		s.named[x.keep], _ = d["secret_id_accessor"].(string)
	}
	return a
}

// fill puts accessors and signed JWTs into a body.
func (s *server) fill(t *testing.T, body any, replace func(string) string) any {
	t.Helper()
	m, ok := body.(map[string]any)
	if !ok {
		return body
	}
	out := map[string]any{}
	for k, v := range m {
		switch x := v.(type) {
		case string:
			v = replace(x)
		case claims:
			signed := maps.Clone(x)
			for _, at := range []string{"iat", "nbf", "exp"} {
				if n, ok := signed[at].(int); ok {
					signed[at] = s.now().Unix() + int64(n)
				}
			}
			by := s.issuer
			if signed["forged"] == true {
				by = s.forger
			}
			v = by.Sign(t, signed)
		}
		out[k] = v
	}
	return out
}

// TestTheWorldAnswersAsVaultDoes replays one table of requests to both.
func TestTheWorldAnswersAsVaultDoes(t *testing.T) {
	ours, theirs := worldServer(t), realServer(t)
	compared, named := 0, 0
	for _, x := range steps() {
		got, want := ours.do(t, x), theirs.do(t, x)
		diff := compare(got, want)
		compared++
		switch {
		case x.differs == "" && len(diff) > 0:
			t.Errorf("%s (%s %s as %s): the world differs from Vault:\n  %s", x.name, x.method, x.path, x.as, strings.Join(diff, "\n  "))
		case x.differs != "" && len(diff) == 0:
			t.Errorf("%s: answered alike; there is no difference any more: %s", x.name, x.differs)
		case x.differs != "":
			named++
			t.Logf("named difference: %s: %s", x.name, x.differs)
		}
	}
	counterpart.Proved(t, "vault", "Vault 1.13.2", "the embedded world answers every request of one table as this server does, two named ones aside")
	tally.Note(t, "Vault 1.13.2 beside the world: %d requests answered alike, %d otherwise on purpose", compared-named, named)
}

// volatile members are compared by their kind alone: they are made by the server.
var volatile = []string{
	"accessor", "client_token", "id", "creation_time", "expire_time", "issue_time", "ttl", "entity_id", "display_name",
	"server_time_utc", "cluster_id", "cluster_name", "created_time", "updated_time", "keys", "secret_id", "secret_id_accessor", "last_updated_time",
}

// compare lists what differs in status, members and values.
func compare(got, want counterpart.VaultAnswer) []string {
	var out []string
	if got.Status != want.Status {
		out = append(out, fmt.Sprintf("status %d, Vault %d", got.Status, want.Status))
	}
	return append(out, different("", got.Body, want.Body)...)
}

func different(at string, got, want any) []string {
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if ok1 && ok2 {
		var out []string
		names := slices.Sorted(maps.Keys(g))
		for n := range w {
			if _, ok := g[n]; !ok {
				names = append(names, n)
			}
		}
		for _, n := range names {
			if at == "" && unread(n, w) {
				continue
			}
			out = append(out, different(at+"."+n, g[n], w[n])...)
		}
		return out
	}
	name := at[strings.LastIndexByte(at, '.')+1:]
	if slices.Contains(volatile, name) && reflect.TypeOf(got) == reflect.TypeOf(want) && (got == "") == (want == "") {
		a, _ := got.([]any)
		b, _ := want.([]any)
		if len(a) == len(b) {
			return nil
		}
	}
	if reflect.DeepEqual(got, want) || slices.Equal(sorted(got), sorted(want)) && sorted(got) != nil {
		return nil
	}
	return []string{fmt.Sprintf("%s is %s, Vault says %s", at, text(got), text(want))}
}

// unread are members of the envelope that nobody here reads: the request's id, which
// the world has none of, and what sys/capabilities-self repeats for old clients.
func unread(name string, answer map[string]any) bool {
	d, _ := answer["data"].(map[string]any)
	_, repeated := d[name]
	return name == "request_id" || repeated
}

// sorted gives a list in one order: Vault's lists are sets.
func sorted(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	var out []string
	for _, x := range list {
		out = append(out, text(x))
	}
	slices.Sort(out)
	return out
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// The two begin alike: these policies, roles and tokens, and one path with a value.
var policies = map[string][]vault.Rule{
	"ir": {
		{Path: "auth/token/accessors", Capabilities: []string{"list", "sudo"}},
		{Path: "auth/token/lookup-accessor", Capabilities: []string{"update"}},
		{Path: "auth/token/revoke-accessor", Capabilities: []string{"update"}},
		{Path: "auth/+/role/+", Capabilities: []string{"read", "create", "update", "delete"}},
		{Path: "secret/*", Capabilities: []string{"create", "update", "read"}},
		{Path: "auth/approle/role/+/*", Capabilities: []string{"create", "update", "read", "list"}},
	},
	"ci":      {{Path: "secret/data/ci/*", Capabilities: []string{"read"}}, {Path: "secret/data/ci/hidden", Capabilities: []string{"deny"}}},
	"narrow":  {{Path: "secret/*", Capabilities: []string{"deny"}}, {Path: "secret/data/ci/*", Capabilities: []string{"read"}}, {Path: "secret/data/+/npm", Capabilities: []string{"update"}}, {Path: "secret/data/+/+/x*", Capabilities: []string{"list"}}},
	"onlynew": {{Path: "secret/data/*", Capabilities: []string{"create"}}, {Path: "auth/jwt/role/*", Capabilities: []string{"create"}}},
	"onlyold": {{Path: "secret/data/*", Capabilities: []string{"update"}}, {Path: "auth/jwt/role/*", Capabilities: []string{"update"}}},
	"wild": {
		{Path: "auth/token/accessors", Capabilities: []string{"list"}}, {Path: "auth/token/accessors/*", Capabilities: []string{"read"}},
		{Path: "secret/data/+/yy/z2", Capabilities: []string{"read"}}, {Path: "secret/data/+/+/z2", Capabilities: []string{"update"}},
		{Path: "secret/data/+/w*", Capabilities: []string{"read"}}, {Path: "secret/data/+/ww*", Capabilities: []string{"update"}},
		{Path: "secret/metadata/+/a", Capabilities: []string{"read"}}, {Path: "secret/metadata/+/a*", Capabilities: []string{"update"}},
	},
	"listslash": {{Path: "auth/token/accessors/", Capabilities: []string{"list", "sudo"}}},
}

func worldServer(t *testing.T) *server {
	t.Helper()
	seed := vault.Seed{Policies: policies, Tokens: []vault.Token{{Name: "root", Value: root, Accessor: "a-root", Policies: []string{"root"}}}, Roles: seededRoles(), AppRoles: seededAppRoles(), KV: []vault.Secret{{Path: "ci/npm", Data: map[string]any{"token": "one"}}, {Path: "ci/hidden", Data: map[string]any{"x": "y"}}}}
	s := &server{secret: map[string]string{}, tokens: map[string]string{"root": root, "bogus": "hvs.bogus"}, named: map[string]string{"root": "a-root"}, issuer: counterpart.NewIssuer(t), forger: counterpart.NewIssuer(t)}
	for name, ask := range tokens() {
		x := vault.Token{Name: name, Value: "hvs.value-of-" + name, Accessor: "accessor-of-" + name, Policies: ask.policies, NoDefaultPolicy: ask.bare}
		s.tokens[name], s.named[name] = x.Value, x.Accessor
		seed.Tokens = append(seed.Tokens, x)
	}
	w := worldtest.New(t, world.Options{}, func(c world.Core) world.Provider { return vault.New(c, seed) })
	s.VaultServer, s.now = counterpart.VaultServer{Address: w.URL("vault"), Root: root}, w.Clock.Now
	return s
}

type ask struct {
	policies []string
	bare     bool
}

func tokens() map[string]ask {
	return map[string]ask{
		"operator": {policies: []string{"ir"}}, "narrow": {policies: []string{"narrow", "ci"}}, "onlynew": {policies: []string{"onlynew"}},
		"onlyold": {policies: []string{"onlyold"}}, "bare": {policies: []string{"ir"}, bare: true}, "listslash": {policies: []string{"listslash"}}, "wild": {policies: []string{"wild"}},
	}
}

func seededRoles() []vault.Role {
	return []vault.Role{
		{Name: "ci", UserClaim: "actor", BoundAudiences: []string{"https://v"}, BoundClaims: map[string]any{"repository": "acme/shop", "ref": []any{"refs/heads/main", "refs/heads/legacy"}}, Policies: []string{"ci"}, TTL: 600},
		{Name: "batch", UserClaim: "actor", BoundSubject: "s", Policies: []string{"ci"}, TokenType: "batch", TTL: 600},
		{Name: "glob", UserClaim: "actor", BoundClaimsType: "glob", BoundClaims: map[string]any{"sub": "repo:acme/*:ref:*main"}, Policies: []string{"ci"}, NoDefaultPolicy: true},
		{Name: "browser", Type: "oidc", UserClaim: "actor", Redirects: []string{"https://a.example/cb"}},
	}
}

func seededAppRoles() []vault.AppRole {
	return []vault.AppRole{
		{Name: "deploy", RoleID: "role-id-of-deploy", Policies: []string{"ci"}, TTL: 600},
		{Name: "once", RoleID: "role-id-of-once", Policies: []string{"ci"}, IDTTL: 600, IDUses: 1},
		{Name: "bare", RoleID: "role-id-of-bare", Policies: []string{"ci"}, Unbound: true, TokenType: "batch", TTL: 60},
	}
}

func realServer(t *testing.T) *server {
	t.Helper()
	v := counterpart.Vault(t)
	s := &server{secret: map[string]string{}, VaultServer: v, now: time.Now, tokens: map[string]string{"root": v.Root, "bogus": "hvs.bogus"}, named: map[string]string{}, issuer: counterpart.NewIssuer(t), forger: counterpart.NewIssuer(t)}
	s.named["root"], _ = v.Must(t, "GET", "auth/token/lookup-self", nil)["accessor"].(string)
	for name, rules := range policies {
		var text strings.Builder
		for _, r := range rules {
			fmt.Fprintf(&text, "path %q { capabilities = [%s] }\n", r.Path, `"`+strings.Join(r.Capabilities, `", "`)+`"`)
		}
		v.Must(t, "PUT", "sys/policies/acl/"+name, map[string]any{"policy": text.String()})
	}
	v.Must(t, "POST", "sys/auth/jwt", map[string]any{"type": "jwt"})
	v.Must(t, "POST", "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": []string{s.issuer.Public(t)}})
	for _, r := range seededRoles() {
		b := map[string]any{"role_type": "jwt", "user_claim": r.UserClaim, "token_policies": r.Policies, "token_no_default_policy": r.NoDefaultPolicy, "bound_subject": r.BoundSubject}
		for name, value := range map[string]any{"role_type": r.Type, "bound_claims_type": r.BoundClaimsType, "token_type": r.TokenType} {
			if value != "" {
				b[name] = value
			}
		}
		for name, value := range map[string][]string{"bound_audiences": r.BoundAudiences, "allowed_redirect_uris": r.Redirects} {
			if value != nil {
				b[name] = value
			}
		}
		if r.BoundClaims != nil {
			b["bound_claims"] = r.BoundClaims
		}
		if r.TTL > 0 {
			b["token_ttl"] = r.TTL
		}
		v.Must(t, "POST", "auth/jwt/role/"+r.Name, b)
	}
	v.Must(t, "POST", "sys/auth/approle", map[string]any{"type": "approle"})
	for _, r := range seededAppRoles() {
		b := map[string]any{"token_policies": r.Policies, "bind_secret_id": !r.Unbound, "token_ttl": r.TTL, "secret_id_ttl": r.IDTTL, "secret_id_num_uses": r.IDUses}
		if r.TokenType != "" {
			b["token_type"] = r.TokenType
		}
		if r.Unbound {
			b["token_bound_cidrs"] = "127.0.0.0/8"
		}
		v.Must(t, "POST", "auth/approle/role/"+r.Name, b)
		v.Must(t, "POST", "auth/approle/role/"+r.Name+"/role-id", map[string]any{"role_id": r.RoleID})
	}
	v.KV(t, "secret")
	v.Must(t, "PUT", "secret/data/ci/npm", map[string]any{"data": map[string]any{"token": "one"}})
	v.Must(t, "PUT", "secret/data/ci/hidden", map[string]any{"data": map[string]any{"x": "y"}})
	for name, ask := range tokens() {
		a := v.Call(t, v.Root, "POST", "auth/token/create", map[string]any{"policies": ask.policies, "no_parent": true, "no_default_policy": ask.bare, "ttl": "0"})
		auth, _ := a.Body["auth"].(map[string]any)
		s.tokens[name], _ = auth["client_token"].(string)
		s.named[name], _ = auth["accessor"].(string)
	}
	return s
}
