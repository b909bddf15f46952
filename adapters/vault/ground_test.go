package vault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/vault"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	wvault "github.com/firebreak/firebreak/internal/world/vault"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const realVault = "Vault 1.13.2"

// ground is a kind of Vault that tests run on: the world's, or a real one.
type ground struct {
	name string
	open func(t testing.TB, s wvault.Seed) *place // in the state of the seed, whatever was before
}

// proved notes what a real server has just shown; the world's word is none.
func (g ground) proved(t *testing.T, action, claim string) {
	t.Helper()
	if g.name == realVault {
		counterpart.Proved(t, action, realVault, claim)
	}
}

// both runs a test on the world and on a real Vault.
func both(t *testing.T, test func(*testing.T, ground)) {
	t.Run("world", func(t *testing.T) { test(t, ground{"world", inWorld}) })
	t.Run(realVault, func(t *testing.T) { test(t, realGround(t)) })
}

// place is one Vault in the state of a seed.
type place struct {
	counterpart.VaultServer                       // of the world, too
	names                   map[string]credential // tokens of the seed by name
	issuer                  counterpart.Issuer    // of JWTs the server takes
	now                     func() time.Time
	advance                 func(time.Duration)
	wire                    func() adapters.Wire
}

// credential is a token, or a secret-id.
type credential struct {
	Value, Accessor string
	Secret          bool
}

func (p *place) value(name string) string    { return p.names[name].Value }
func (p *place) accessor(name string) string { return p.names[name].Accessor }

// call sends a request as somebody and gives status and answer.
func (p *place) call(t testing.TB, token, method, path string, body any) (int, map[string]any) {
	t.Helper()
	a := p.Call(t, token, method, path, body)
	return a.Status, a.Body
}

func (p *place) data(t testing.TB, path string) map[string]any {
	t.Helper()
	_, answer := p.call(t, p.Root, "GET", path, nil)
	d, _ := answer["data"].(map[string]any)
	return d
}

// live reports whether a token of the seed works.
func (p *place) live(t testing.TB, name string) bool {
	t.Helper()
	code, _ := p.call(t, p.value(name), "GET", "auth/token/lookup-self", nil)
	return code == http.StatusOK
}

// kv is what a path of the mount secret holds.
func (p *place) kv(t testing.TB, path string) map[string]any {
	t.Helper()
	d, _ := p.data(t, "secret/data/"+path)["data"].(map[string]any)
	return d
}

// login presents a JWT with the claims and more, and gives status and token.
func (p *place) login(t testing.TB, role string, more map[string]any) (int, credential) {
	t.Helper()
	claims := map[string]any{"iat": p.now().Unix(), "exp": p.now().Add(10 * time.Minute).Unix(), "actor": "alice", "repository": "acme/shop"}
	maps.Copy(claims, more)
	code, answer := p.call(t, "", "POST", "auth/jwt/login", map[string]any{"role": role, "jwt": p.issuer.Sign(t, claims)})
	a, _ := answer["auth"].(map[string]any)
	value, _ := a["client_token"].(string)
	accessor, _ := a["accessor"].(string)
	return code, credential{Value: value, Accessor: accessor}
}

const rootToken = "hvs.root-of-the-test-and-of-nobody-else"

func inWorld(t testing.TB, s wvault.Seed) *place {
	t.Helper()
	s.Tokens = append(slices.Clone(s.Tokens), wvault.Token{Name: "root", Value: rootToken, Accessor: "acc-root", Policies: []string{"root"}})
	w, _ := start(t, s)
	p := &place{VaultServer: counterpart.VaultServer{Address: w.URL("vault"), Root: rootToken}, names: map[string]credential{}, issuer: counterpart.NewIssuer(t), now: w.Clock.Now, advance: w.Clock.Advance, wire: w.Wire}
	for _, x := range s.Tokens {
		p.names[x.Name] = credential{Value: x.Value, Accessor: x.Accessor}
	}
	for _, r := range s.AppRoles {
		for _, x := range r.SecretIDs {
			p.names[x.Name] = credential{x.Value, x.Accessor, true}
		}
	}
	return p
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

// realGround is one real server, brought into the state of a seed each time it is
// opened. Its clock is the machine's; what a test advances is our idea of it.
func realGround(t testing.TB) ground {
	v := counterpart.Vault(t)
	issuer := counterpart.NewIssuer(t)
	var last *place
	return ground{realVault, func(t testing.TB, s wvault.Seed) *place {
		t.Helper()
		if last != nil {
			v.Must(t, "DELETE", "sys/auth/jwt", nil)
			v.Must(t, "DELETE", "sys/auth/approle", nil)
			v.Must(t, "DELETE", "sys/mounts/secret", nil)
			for _, c := range last.names {
				if c.Secret {
					continue
				}
				v.Must(t, "POST", "auth/token/revoke-accessor", map[string]any{"accessor": c.Accessor})
			}
		}
		var offset time.Duration
		now := func() time.Time { return time.Now().Add(offset) }
		advance := func(d time.Duration) { offset += d }
		p := &place{VaultServer: v, names: map[string]credential{}, issuer: issuer, now: now, advance: advance}
		p.wire = func() adapters.Wire {
			return adapters.Wire{Transport: http.DefaultTransport, Now: now, Agent: "firebreak/test (incident inc-test)", Sleep: func(ctx context.Context, d time.Duration) error {
				advance(d)
				return ctx.Err()
			}}
		}
		last = p
		p.sow(t, s)
		return p
	}}
}

// sow brings a real server into the state of a seed.
func (p *place) sow(t testing.TB, s wvault.Seed) {
	t.Helper()
	for name, rules := range s.Policies {
		var text strings.Builder
		for _, r := range rules {
			fmt.Fprintf(&text, "path %q { capabilities = [%s] }\n", r.Path, `"`+strings.Join(r.Capabilities, `", "`)+`"`)
		}
		p.Must(t, "PUT", "sys/policies/acl/"+name, map[string]any{"policy": text.String()})
	}
	p.Must(t, "POST", "sys/auth/jwt", map[string]any{"type": "jwt"})
	p.Must(t, "POST", "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": []string{p.issuer.Public(t)}})
	for _, r := range s.Roles {
		p.Must(t, "POST", "auth/jwt/role/"+r.Name, body(t, r))
	}
	p.sowAppRoles(t, s)
	p.KV(t, "secret")
	for _, k := range s.KV {
		p.Must(t, "PUT", "secret/data/"+k.Path, map[string]any{"data": k.Data})
	}
	for _, x := range s.Tokens {
		switch {
		case x.Path == "auth/jwt/login":
			code, c := p.login(t, x.Meta["role"], nil)
			if code != http.StatusOK {
				t.Fatalf("login for %s answered %d", x.Name, code)
			}
			p.names[x.Name] = c
		default:
			by, parent := p.Root, false
			for _, y := range s.Tokens {
				if x.Parent != "" && y.Accessor == x.Parent {
					by, parent = p.value(y.Name), true
				}
			}
			ask := map[string]any{"policies": slices.DeleteFunc(slices.Clone(x.Policies), func(n string) bool { return n == "default" }), "no_default_policy": x.NoDefaultPolicy}
			if !parent {
				ask["no_parent"] = true
			}
			code, answer := p.call(t, by, "POST", "auth/token/create", ask)
			a, _ := answer["auth"].(map[string]any)
			if code != http.StatusOK {
				t.Fatalf("token %s: %d %v", x.Name, code, answer)
			}
			p.names[x.Name] = credential{Value: a["client_token"].(string), Accessor: a["accessor"].(string)}
		}
	}
}

// body is what a write of a seed's role says: the members that it sets.
func body(t testing.TB, r wvault.Role) map[string]any {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "mount")
	delete(all, "name")
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil || v == "" || v == 0.0 || v == false })
	if r.Type == "" {
		all["role_type"] = "jwt"
	}
	return all
}

func (p *place) provider(t testing.TB, wire adapters.Wire, token string) *vault.Provider {
	t.Helper()
	v, err := vault.New(vault.Config{Address: p.Address, Token: secret.NewString(token)}, wire)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
