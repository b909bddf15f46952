// Package vault is a simulated Vault server: token auth with accessors, parents,
// policies and batch tokens, JWT login with bound claims, and the KV version 2
// secrets engine with check-and-set.
//
// It is consistent: what was written is read at once, as on the active node of a
// real cluster. Lease ends are real: a token whose TTL has passed is gone.
// Source: Vault HTTP API documentation, "Token", "JWT/OIDC", "KV version 2".
package vault

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// Seed is what a server begins with.
type Seed struct {
	Cluster  string            `json:"cluster"` // cluster id; made when empty
	Policies map[string][]Rule `json:"policies"`
	Tokens   []Token           `json:"tokens"`
	Roles    []Role            `json:"jwt_roles"`
	KV       []Secret          `json:"kv"`
	AppRoles []AppRole         `json:"approles"`
	// Operator is the name of the responder's token; "" for none.
	Operator string `json:"operator,omitempty"`
}

// Rule gives capabilities on a path; a last "*" matches every ending, "+" one segment.
// A policy named default that is not in a seed is Vault's own.
type Rule struct {
	Path         string   `json:"path"`
	Capabilities []string `json:"capabilities"` // create, read, update, list, sudo, deny
}

// Token is a service or batch token.
type Token struct {
	Name     string   `json:"name"` // in the world's register of credentials
	Value    string   `json:"value"`
	Accessor string   `json:"accessor,omitempty"` // made when empty; batch tokens have none
	Type     string   `json:"type,omitempty"`     // "service" (default) or "batch"
	Parent   string   `json:"parent,omitempty"`   // accessor
	Path     string   `json:"path,omitempty"`     // "auth/jwt/login", "auth/token/create"
	Policies []string `json:"policies"`
	// NoDefaultPolicy leaves the policy default out, which a token has otherwise.
	NoDefaultPolicy bool              `json:"no_default_policy,omitempty"`
	Meta            map[string]string `json:"meta,omitempty"`
	Created         time.Time         `json:"created"`
	TTL             time.Duration     `json:"ttl,omitempty"` // 0: does not expire
	Dead            time.Time         `json:"dead,omitzero"`
}

func (t *Token) live(now time.Time) bool {
	return (t.Dead.IsZero() || now.Before(t.Dead)) && (t.TTL == 0 || now.Before(t.Created.Add(t.TTL)))
}

// Secret is a KV version 2 path.
type Secret struct {
	Mount    string            `json:"mount"`
	Path     string            `json:"path"`
	Data     map[string]any    `json:"data,omitempty"` // of the first version, in a seed
	Versions []Version         `json:"versions,omitempty"`
	Custom   map[string]string `json:"custom_metadata,omitempty"`
}

// Version is one version of a secret.
type Version struct {
	Data      map[string]any `json:"data"`
	Created   time.Time      `json:"created"`
	Deleted   time.Time      `json:"deleted,omitzero"`
	Destroyed bool           `json:"destroyed,omitempty"`
}

// State is everything the server knows.
type State struct {
	Cluster  string            `json:"cluster"`
	Policies map[string][]Rule `json:"policies"`
	Tokens   []*Token          `json:"tokens"`
	Roles    []*Role           `json:"roles"`
	KV       []*Secret         `json:"kv"`
	AppRoles []*AppRole        `json:"approles"`
	Operator string            `json:"operator"`
}

// Server implements world.Provider.
type Server struct {
	core  world.Core
	state State
}

// New makes a server and registers its tokens' values with the world.
func New(core world.Core, s Seed) *Server {
	v := &Server{core: core, state: State{Cluster: s.Cluster, Policies: s.Policies, Operator: s.Operator}}
	if v.state.Cluster == "" {
		v.state.Cluster = "cluster-" + core.Text(12)
	}
	if v.state.Policies == nil {
		v.state.Policies = map[string][]Rule{}
	}
	for _, t := range s.Tokens {
		v.seed(t)
	}
	for _, r := range s.Roles {
		r.Mount, r.Name = cmp.Or(r.Mount, "jwt"), strings.ToLower(r.Name)
		r.Type, r.BoundClaimsType, r.TokenType = cmp.Or(r.Type, "jwt"), cmp.Or(r.BoundClaimsType, "string"), cmp.Or(r.TokenType, "default")
		v.state.Roles = append(v.state.Roles, &r)
	}
	for _, r := range s.AppRoles {
		v.seedAppRole(r)
	}
	for _, k := range s.KV {
		k.Mount = cmp.Or(k.Mount, "secret")
		if len(k.Versions) == 0 {
			k.Versions = []Version{{Data: k.Data, Created: core.Now().Add(-90 * 24 * time.Hour)}}
		}
		k.Data = nil
		v.state.KV = append(v.state.KV, &k)
	}
	return v
}

func (v *Server) seed(t Token) {
	if t.Type == "" {
		t.Type = "service"
	}
	if t.Accessor == "" && t.Type == "service" {
		t.Accessor = v.core.Text(24)
	}
	if t.Created.IsZero() {
		t.Created = v.core.Now().Add(-time.Hour)
		if t.TTL > 0 {
			t.Created = v.core.Now().Add(-min(time.Hour, t.TTL/2))
		}
	}
	if t.Path == "" {
		t.Path = "auth/token/create"
		if slices.Contains(t.Policies, "root") {
			t.Path = "auth/token/root"
		}
	}
	if !slices.Contains(t.Policies, "root") && !t.NoDefaultPolicy {
		t.Policies = withDefault(t.Policies)
	}
	v.core.Born(t.Name, t.Value)
	v.state.Tokens = append(v.state.Tokens, &t)
}

// Name implements world.Provider.
func (*Server) Name() string { return "vault" }

// State implements world.Provider.
func (v *Server) State() any { return &v.state }

// Restore implements world.Provider.
func (v *Server) Restore(b json.RawMessage) error {
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v.state = s
	return nil
}

// Live reports whether the named token works now. To be called with the world's
// lock held (inside World.Do).
func (v *Server) Live(name string) bool {
	for _, t := range v.state.Tokens {
		if t.Name == name && t.live(v.core.Now()) {
			return true
		}
	}
	return false
}

// Read gives the current data of a KV path, nil when there is none. To be called
// with the world's lock held.
func (v *Server) Read(mount, path string) map[string]any {
	s := v.secret(mount, path)
	if s == nil || len(s.Versions) == 0 {
		return nil
	}
	last := s.Versions[len(s.Versions)-1]
	if last.Destroyed || !last.Deleted.IsZero() {
		return nil
	}
	return last.Data
}

// Project implements world.Projecting.
func (v *Server) Project(now time.Time) map[string]string {
	out := map[string]string{}
	for _, t := range v.state.Tokens {
		switch live := t.live(now); {
		case issued(t.Name) && live:
			out["vault token of role "+cmp.Or(t.Meta["role"], t.Meta["role_name"])] = "alive"
		case issued(t.Name):
		case live:
			out["credential "+t.Name] = "alive"
		default:
			out["credential "+t.Name] = "dead"
		}
	}
	v.projectAppRoles(now, out)
	return out
}

// Environment implements world.Pointing.
func (v *Server) Environment(address, _ string) (map[string]string, error) {
	env := map[string]string{"VAULT_ADDR": address}
	for _, t := range v.state.Tokens {
		if v.state.Operator != "" && t.Name == v.state.Operator {
			env["VAULT_TOKEN"] = t.Value
		}
	}
	return env, nil
}

// Describe implements world.Provider.
func (v *Server) Describe(r *http.Request, body []byte) world.Request {
	rt := parse(r)
	d := world.Request{Call: "vault " + rt.call, Object: rt.object, Mutating: rt.change, Value: r.Header.Get("X-Vault-Token")}
	d.Free = rt.call == "GET health" // Source: Vault API, /sys/quotas/config: exempt by default
	if d.Value == "" && rt.login {
		var login struct {
			JWT      string `json:"jwt"`
			SecretID string `json:"secret_id"`
		}
		if json.Unmarshal(body, &login) == nil {
			d.Value = cmp.Or(login.JWT, login.SecretID)
		}
	}
	return d
}
