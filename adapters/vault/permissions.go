package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// The permissions that specs name: a path and the capabilities on it, as in a policy.
const (
	permitReadRole  = "auth/MOUNT/role/ROLE: read"
	permitWriteRole = "auth/MOUNT/role/ROLE: update"
	permitList      = "auth/token/accessors: list, sudo"
	permitLookup    = "auth/token/lookup-accessor: update"
	permitRevoke    = "auth/token/revoke-accessor: update"
	permitReadKV    = "MOUNT/data/PATH: read"
	permitWriteKV   = "MOUNT/data/PATH: create, update"
	permitMetadata  = "MOUNT/metadata/PATH: read"
	permitDestroyKV = "MOUNT/destroy/PATH: update"

	permitRoleID         = "auth/MOUNT/role/ROLE/role-id: read"
	permitListIDs        = "auth/MOUNT/role/ROLE/secret-id: list"
	permitMintID         = "auth/MOUNT/role/ROLE/secret-id: update"
	permitLookupID       = "auth/MOUNT/role/ROLE/secret-id/lookup: update"
	permitLookupAccessor = "auth/MOUNT/role/ROLE/secret-id-accessor/lookup: update"
	permitDestroyID      = "auth/MOUNT/role/ROLE/secret-id-accessor/destroy: update"
)

// need is one permission on one path of this server.
type need struct {
	name string
	on   string // role or store it is about, as an action's target has it; "" for the whole server
	path string
}

// needs lists the permissions for what is asked for.
func needs(roles []jwtRole, appRoles []appRole, stores []store) []need {
	var out []need
	for _, r := range roles {
		on := r.mount + "/" + r.name
		out = append(out, need{permitReadRole, on, r.String()}, need{permitWriteRole, on, r.String()})
	}
	for _, r := range appRoles {
		on := r.id()
		out = append(out,
			need{permitReadRole, on, r.String()}, need{permitRoleID, on, r.String() + "/role-id"}, need{permitListIDs, on, r.String() + "/secret-id/"},
			need{permitMintID, on, r.String() + "/secret-id"}, need{permitLookupID, on, r.String() + "/secret-id/lookup"},
			need{permitLookupAccessor, on, r.String() + "/secret-id-accessor/lookup"}, need{permitDestroyID, on, r.String() + "/secret-id-accessor/destroy"})
	}
	if len(roles)+len(appRoles) > 0 {
		// A list is asked for with a slash at its end; rules without one cover it too.
		out = append(out, need{permitList, "", "auth/token/accessors/"}, need{permitLookup, "", "auth/token/lookup-accessor"}, need{permitRevoke, "", "auth/token/revoke-accessor"})
	}
	for _, s := range stores {
		data := s.mount + "/data/" + s.path
		out = append(out, need{permitReadKV, s.String(), data}, need{permitWriteKV, s.String(), data}, need{permitMetadata, s.String(), s.mount + "/metadata/" + s.path},
			need{permitDestroyKV, s.String(), s.mount + "/destroy/" + s.path})
	}
	return out
}

// permissions asks the server what our token may do on the paths that roles and stores
// are changed through. What it does not say is unknown.
// Source: Vault API documentation, "/sys/capabilities-self".
func (c *client) permissions(ctx context.Context, roles []jwtRole, appRoles []appRole, stores []store) []snapshot.Permission {
	all := needs(roles, appRoles, stores)
	have, err := c.capabilities(ctx, all)
	var out []snapshot.Permission
	for _, n := range all {
		p := snapshot.Permission{Provider: "vault", Name: n.name, On: n.on, Link: c.address + "/ui/vault/policies/acl"}
		if err != nil {
			p.Granted, p.Why = "unknown", "sys/capabilities-self did not say: "+adapters.Cause(err)
		} else {
			p.Granted, p.Why = n.judge(have[n.path])
		}
		out = append(out, p)
	}
	return out
}

// judge compares what is needed with what the server says. To write a KV path takes
// create where nothing is there and update where something is.
func (n need) judge(have []string) (granted, why string) {
	if len(have) == 0 {
		return "unknown", "sys/capabilities-self does not say what this token may do on " + n.path
	}
	why = fmt.Sprintf("sys/capabilities-self on %s: %s", n.path, strings.Join(have, ", "))
	_, wants, _ := strings.Cut(n.name, ": ")
	granted, missing := "yes", 0
	for _, w := range strings.Split(wants, ", ") {
		if !slices.Contains(have, w) && !slices.Contains(have, "root") {
			granted, missing = "no", missing+1
		}
	}
	if n.name == permitWriteKV && missing == 1 {
		return "unknown", why + "; create is for a path with nothing in it, update for one with something"
	}
	return granted, why
}

// capabilities gives what our token may do, by path. It is one request, a write by its
// method that changes nothing.
func (c *client) capabilities(ctx context.Context, of []need) (map[string][]string, error) {
	if c.reads == nil {
		return nil, errNoAddress
	}
	paths := []string{}
	for _, n := range of {
		if !slices.Contains(paths, n.path) {
			paths = append(paths, n.path)
		}
	}
	ctx, resp := listen(ctx)
	s, err := c.reads.Logical().WriteWithContext(ctx, "sys/capabilities-self", map[string]any{"paths": paths})
	if s, err = c.answered(s, err, *resp, http.MethodPut, "sys/capabilities-self"); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, p := range paths {
		list, ok := s.Data[p].([]any)
		if !ok {
			return nil, errors.New("the answer to sys/capabilities-self leaves " + p + " out")
		}
		for _, x := range list {
			word, ok := x.(string)
			if !ok {
				return nil, errors.New("the answer to sys/capabilities-self has a capability that is none")
			}
			out[p] = append(out[p], word)
		}
	}
	return out, nil
}
