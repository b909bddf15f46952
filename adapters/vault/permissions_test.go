package vault_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
	wvault "github.com/firebreak/firebreak/internal/world/vault"
)

func permissions(t *testing.T, p *place, wire adapters.Wire, token string) map[string]string {
	t.Helper()
	s := &snapshot.Snapshot{}
	if err := p.provider(t, wire, token).Survey(t.Context(), scope, s); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, x := range s.Permissions {
		if x.Provider != "vault" || x.Why == "" || !strings.HasPrefix(x.Link, p.Address+"/ui/") {
			t.Errorf("not complete: %+v", x)
		}
		out[x.Name+" @ "+x.On] = x.Granted
	}
	return out
}

const (
	readRole  = "auth/MOUNT/role/ROLE: read @ jwt/ci"
	writeRole = "auth/MOUNT/role/ROLE: update @ jwt/ci"
	list      = "auth/token/accessors: list, sudo @ "
	lookup    = "auth/token/lookup-accessor: update @ "
	revoke    = "auth/token/revoke-accessor: update @ "
	readKV    = "MOUNT/data/PATH: read @ secret/ci/npm"
	writeKV   = "MOUNT/data/PATH: create, update @ secret/ci/npm"
	metadata  = "MOUNT/metadata/PATH: read @ secret/ci/npm"
	destroyKV = "MOUNT/destroy/PATH: update @ secret/ci/npm"
)

// onAppRole is what the issuer needs on its role.
var onAppRole = []string{
	"auth/MOUNT/role/ROLE: read @ approle/deploy", "auth/MOUNT/role/ROLE/role-id: read @ approle/deploy", "auth/MOUNT/role/ROLE/secret-id: list @ approle/deploy",
	"auth/MOUNT/role/ROLE/secret-id: update @ approle/deploy", "auth/MOUNT/role/ROLE/secret-id/lookup: update @ approle/deploy",
	"auth/MOUNT/role/ROLE/secret-id-accessor/lookup: update @ approle/deploy", "auth/MOUNT/role/ROLE/secret-id-accessor/destroy: update @ approle/deploy",
}

// What we may do is the server's own word, for every permission a spec names.
func TestPermissionsAreTheServersWord(t *testing.T) {
	yes, no, unknown := "yes", "no", "unknown"
	both(t, func(t *testing.T, g ground) {
		s := seed()
		s.Policies["half"] = []wvault.Rule{
			{Path: "auth/token/accessors/", Capabilities: []string{"list"}}, {Path: "auth/jwt/role/*", Capabilities: []string{"read"}}, {Path: "secret/data/ci/*", Capabilities: []string{"update"}},
		}
		s.Policies["slash"] = []wvault.Rule{{Path: "auth/token/accessors/", Capabilities: []string{"list", "sudo"}}}
		for _, name := range []string{"half", "slash"} {
			s.Tokens = append(s.Tokens, wvault.Token{Name: name, Value: "hvs.of-" + name, Accessor: "acc-" + name, Policies: []string{name}})
		}
		s.Tokens = append(s.Tokens, wvault.Token{Name: "bare", Value: "hvs.of-bare", Accessor: "acc-bare", Policies: []string{"ir"}, NoDefaultPolicy: true})
		p := g.open(t, s)
		for who, want := range map[string][]string{ // readRole writeRole list lookup revoke readKV writeKV metadata destroyKV
			"operator": {yes, yes, yes, yes, yes, yes, yes, yes, yes},
			"ci":       {no, no, no, no, no, yes, no, no, no},
			"half":     {yes, no, no, no, no, no, unknown, no, no},
			"slash":    {no, no, yes, no, no, no, no, no, no},
			"bare":     {unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown},
		} {
			got := permissions(t, p, p.wire(), p.value(who))
			for i, name := range []string{readRole, writeRole, list, lookup, revoke, readKV, writeKV, metadata, destroyKV} {
				if got[name] != want[i] {
					t.Errorf("%s: %s: want %s, got %q", who, name, want[i], got[name])
				}
			}
			onRole := map[string]string{"operator": yes, "bare": unknown}[who]
			if onRole == "" {
				onRole = no
			}
			for _, name := range onAppRole {
				if got[name] != onRole {
					t.Errorf("%s: %s: want %s, got %q", who, name, onRole, got[name])
				}
			}
			if len(got) != len(want)+len(onAppRole) {
				t.Errorf("%s: %d permissions: %v", who, len(got), got)
			}
		}
		for name, granted := range permissions(t, p, p.wire(), p.Root) {
			if granted != "yes" {
				t.Errorf("root: %s: %s", name, granted)
			}
		}
	})
}

// The server's word is kept: what it denies is refused, what it grants is not.
func TestPermissionsComeTrue(t *testing.T) {
	both(t, func(t *testing.T, g ground) {
		p := g.open(t, seed())
		for _, c := range []struct {
			name, method, path string
			body               any
		}{
			{readRole, "GET", "auth/jwt/role/ci", nil}, {writeRole, "PUT", "auth/jwt/role/ci", body(t, bound("ci"))}, {list, "LIST", "auth/token/accessors", nil},
			{lookup, "POST", "auth/token/lookup-accessor", map[string]any{"accessor": p.accessor("docs")}}, {revoke, "POST", "auth/token/revoke-accessor", map[string]any{"accessor": p.accessor("docs")}},
			{readKV, "GET", "secret/data/ci/npm", nil}, {writeKV, "PUT", "secret/data/ci/npm", map[string]any{"data": map[string]any{"a": "b"}}}, {metadata, "GET", "secret/metadata/ci/npm", nil},
			{destroyKV, "PUT", "secret/destroy/ci/npm", map[string]any{"versions": []int{1}}},
			{onAppRole[1], "GET", "auth/approle/role/deploy/role-id", nil}, {onAppRole[2], "LIST", "auth/approle/role/deploy/secret-id", nil},
			{onAppRole[3], "PUT", "auth/approle/role/deploy/secret-id", map[string]any{}}, {onAppRole[4], "PUT", "auth/approle/role/deploy/secret-id/lookup", map[string]any{"secret_id": twinID}},
			{onAppRole[5], "PUT", "auth/approle/role/deploy/secret-id-accessor/lookup", map[string]any{"secret_id_accessor": p.accessor("twin")}},
			{onAppRole[6], "PUT", "auth/approle/role/deploy/secret-id-accessor/destroy", map[string]any{"secret_id_accessor": p.accessor("twin")}},
		} {
			for _, who := range []string{"ci", "operator"} {
				said := permissions(t, p, p.wire(), p.value(who))[c.name]
				code, _ := p.call(t, p.value(who), c.method, c.path, c.body)
				if got := map[bool]string{true: "yes", false: "no"}[code < 300]; got != said || code >= 300 && code != http.StatusForbidden {
					t.Errorf("%s: %s: said %s, and the request answered %d", who, c.name, said, code)
				}
			}
		}
		g.proved(t, "vault", "what the server says a token may do is not refused, and what it says it may not is")
	})
}

// Every permission a spec names is one that a survey looks for.
func TestEveryNamedPermissionIsLookedFor(t *testing.T) {
	p := inWorld(t, seed())
	got := permissions(t, p, p.wire(), operator)
	for _, a := range p.provider(t, p.wire(), operator).Actions() {
		for _, name := range a.Spec().Permissions {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(k string) bool { return strings.HasPrefix(k, name+" @ ") }) {
				t.Errorf("%s needs %q, which no survey looks for", a.Spec().Name, name)
			}
		}
	}
}

// An answer that cannot be read is no "no".
func TestPermissionsThatAreNotToldAreUnknown(t *testing.T) {
	p := inWorld(t, seed())
	var empty []string
	for _, path := range []string{"auth/jwt/role/ci", "auth/token/accessors/", "auth/token/lookup-accessor", "auth/token/revoke-accessor", "secret/data/ci/npm", "secret/metadata/ci/npm", "secret/destroy/ci/npm",
		"auth/approle/role/deploy", "auth/approle/role/deploy/role-id", "auth/approle/role/deploy/secret-id", "auth/approle/role/deploy/secret-id/", "auth/approle/role/deploy/secret-id/lookup",
		"auth/approle/role/deploy/secret-id-accessor/lookup", "auth/approle/role/deploy/secret-id-accessor/destroy"} {
		empty = append(empty, `"`+path+`":[]`)
	}
	for _, answer := range []string{`{"data":{` + strings.Join(empty, ",") + `}}`, `{"data":{}}`, `{"data":{"auth/jwt/role/ci":["read"]}}`, `{"data":null}`, `{`, `{"data":{"auth/jwt/role/ci":"read"}}`} {
		wire := p.wire()
		wire.Transport = fixed{wire.Transport, answer}
		for name, granted := range permissions(t, p, wire, operator) {
			if granted != "unknown" {
				t.Errorf("%s: %s is %s", answer, name, granted)
			}
		}
	}
}

// fixed answers sys/capabilities-self with one text.
type fixed struct {
	next http.RoundTripper
	text string
}

func (f fixed) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/sys/capabilities-self") {
		return f.next.RoundTrip(r)
	}
	return respond(r, f.text), nil
}

// The question is a write by its method; it is asked in a dry run, too.
func TestAskingIsNoMutation(t *testing.T) {
	p := inWorld(t, seed())
	wire := p.wire()
	wire.ReadOnly = true
	if got := permissions(t, p, wire, operator); got[writeRole] != "yes" {
		t.Errorf("in a dry run: %v", got)
	}
}
