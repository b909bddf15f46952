// Package vault is the adapter for HashiCorp Vault and servers that speak its API:
// JWT roles and their tokens, secret-ids of AppRoles, and the KV version 2 engine as a store.
//
// It uses the official client unmodified, with its retries off: the client's
// default is to send a request again on connection errors and 5xx, which would
// carry out a lost mutation twice. The client also reads VAULT_* variables while
// it is made; New puts every setting back to what Config says.
// Source: github.com/hashicorp/vault/api v1.23.0, client.go.
package vault

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// settle is how long a performance standby may lag behind the active node.
const settle = plan.Duration(5 * time.Second)

// Config says where Vault is and as whom to come.
type Config struct {
	Address   string // may have a path; "" gives specs and nothing else
	Token     secret.Text
	Namespace string
	Roots     *x509.CertPool // certificates which alone vouch for the server; nil for the system's
}

// Provider is one Vault server. Its methods may be called concurrently.
type Provider struct{ c *client }

// New makes the provider; it does no I/O.
func New(c Config, w adapters.Wire) (*Provider, error) {
	cl, err := newClient(c, w)
	if err != nil {
		return nil, err
	}
	return &Provider{cl}, nil
}

// Name implements adapters.Provider.
func (*Provider) Name() string { return "vault" }

// Actions implements adapters.Provider.
func (p *Provider) Actions() []adapters.Action {
	return []adapters.Action{
		roleBlock{p.c}, tokenRevoke{p.c}, kvPut{p.c}, kvDestroy{p.c},
		secretIDMint{p.c}, secretIDDestroy{p.c}, secretIDTest{p.c}, appRoleTokens{tokenRevoke{p.c}},
	}
}

// Issuers implements adapters.Provider.
func (*Provider) Issuers() []plan.Issuer {
	return []plan.Issuer{{
		Name: "vault.approle", Mint: secretIDMintName, Test: secretIDTestName, Sessions: appRoleTokensName, Destroy: secretIDDestroyName,
		Outputs: []string{"role_id", "value"}, Provider: "vault",
	}}
}

// Stores implements adapters.Provider.
func (*Provider) Stores() []plan.StoreKind {
	return []plan.StoreKind{{Name: "vault.kv", Put: "vault.kv.put", Forget: kvDestroyName, Provider: "vault"}}
}

// Survey lists the roles and stores of scope with the roles' live service tokens, and
// what our own token may do with them.
func (p *Provider) Survey(ctx context.Context, scope adapters.Scope, s *snapshot.Snapshot) error {
	ctx = adapters.Patient(ctx)
	roles, stores := wanted(scope)
	appRoles := wantedAppRoles(scope)
	if len(roles)+len(stores)+len(appRoles) == 0 {
		return nil
	}
	gap := func(what string, err error) {
		s.Gaps = append(s.Gaps, snapshot.Gap{Provider: "vault", What: what, Why: adapters.Cause(err), Passing: adapters.Passing(adapters.StatusOf(err))})
	}
	v := snapshot.Vault{Address: p.c.address}
	health, err := p.c.health(ctx)
	if err != nil {
		gap("everything", err)
		return nil
	}
	v.Cluster = health.cluster
	for _, r := range roles {
		raw, err := p.c.role(ctx, r)
		if err != nil {
			gap("role "+r.String(), err)
		}
		v.Roles = append(v.Roles, snapshot.VaultRole{Mount: r.mount, Name: r.name, Raw: raw})
	}
	for _, r := range appRoles {
		x, err := p.c.appRole(ctx, r)
		if err != nil {
			gap("secret-ids of "+r.String(), err)
			continue
		}
		v.AppRoles = append(v.AppRoles, x)
	}
	if len(roles)+len(appRoles) > 0 {
		tokens, err := p.c.tokens(ctx)
		if err != nil {
			gap("tokens", err)
		}
		for _, t := range tokens {
			if slices.ContainsFunc(roles, t.of) || slices.ContainsFunc(appRoles, func(r appRole) bool { return r.issued(t) }) {
				v.Tokens = append(v.Tokens, t.snapshot())
			}
		}
	}
	for _, st := range stores {
		version, destroyed, err := p.c.metadata(ctx, st)
		if err != nil {
			gap("store "+st.String(), err)
			continue
		}
		v.KV = append(v.KV, snapshot.VaultKV{Mount: st.mount, Path: st.path, Version: version, Destroyed: destroyed})
	}
	s.Vault = append(s.Vault, v)
	s.Permissions = append(s.Permissions, p.c.permissions(ctx, roles, appRoles, stores)...)
	return nil
}

// Self implements adapters.Provider.
func (p *Provider) Self(ctx context.Context) (adapters.Self, error) {
	self := adapters.Self{Provider: "vault"}
	h, err := p.c.health(ctx)
	if err != nil {
		return self, fmt.Errorf("ask vault for its identity: %w", err)
	}
	self.Account = h.cluster
	if self.Account == "" {
		self.Account = p.c.address
	}
	if !h.at.IsZero() {
		self.Skew = plan.Duration(h.at.Sub(p.c.now()).Truncate(time.Second))
	}
	me, err := p.c.self(ctx)
	if err != nil {
		return self, fmt.Errorf("ask vault who we are: %w", err)
	}
	self.Who = "token of " + me.Path + ", policies " + strings.Join(me.Policies, " ")
	if me.Accessor != "" {
		self.Kills = []string{killKey(me.Accessor)}
	}
	if r, ok := me.role(); ok {
		self.Kills = append(self.Kills, roleKey(r))
	}
	return self, nil
}

func killKey(accessor string) string { return "vault:accessor:" + accessor }

// jwtRole is a role of a JWT auth mount. Vault keeps role names in lower case and
// takes them in any; a token's metadata has them as kept.
type jwtRole struct{ mount, name string }

func newRole(mount, name string) jwtRole { return jwtRole{mount, strings.ToLower(name)} }

func (r jwtRole) String() string { return "auth/" + r.mount + "/role/" + r.name }

// store is a KV version 2 path.
type store struct{ mount, path string }

func (s store) String() string { return s.mount + "/" + s.path }

// wanted gives the roles and KV paths of a scope, sorted, each once.
func wanted(scope adapters.Scope) (roles []jwtRole, stores []store) {
	for ref, kind := range scope.Identities {
		if kind == "vault.jwt_role" {
			roles = append(roles, parseRole(ref))
		}
	}
	for _, sel := range scope.Stores {
		if sel.Name == "vault.kv" && sel.With["path"] != "" {
			stores = append(stores, store{or(sel.With["mount"], "secret"), sel.With["path"]})
		}
	}
	slices.SortFunc(roles, func(a, b jwtRole) int { return strings.Compare(a.String(), b.String()) })
	slices.SortFunc(stores, func(a, b store) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(roles), slices.Compact(stores)
}

// parseRole reads a reference to a role: "ci", "vault:ci", "github/ci" (mount and
// role) or "auth/github/role/ci".
func parseRole(ref string) jwtRole {
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "vault:"), "auth/")
	mount, name, ok := strings.Cut(ref, "/")
	if !ok {
		return newRole("jwt", ref)
	}
	return newRole(mount, strings.TrimPrefix(name, "role/"))
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// clean refuses a path that would lead out of its mount.
func clean(parts ...string) error {
	for _, p := range parts {
		for s := range strings.SplitSeq(p, "/") {
			if s == "" || s == "." || s == ".." {
				return fmt.Errorf("vault path %q is not plain; write mount and path without empty parts or dots", p)
			}
		}
	}
	return nil
}

// surveyed is the server in the snapshot which has what is asked for.
func surveyed(s *snapshot.Snapshot, has func(*snapshot.Vault) bool, missing *adapters.Missing) (*snapshot.Vault, error) {
	for i := range s.Vault {
		if has(&s.Vault[i]) {
			return &s.Vault[i], nil
		}
	}
	return nil, missing
}

// number reads a JSON number of Vault's answers.
func number(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil
}
