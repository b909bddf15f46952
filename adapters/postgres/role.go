package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

var (
	inputDSN   = plan.Field{Name: "dsn_env", Type: plan.String, Required: true, Doc: "variable that holds firebreak's own connection string: postgres://ROLE:PASSWORD@HOST:PORT/DATABASE?sslmode=..."}
	inputRoles = plan.Field{Name: "roles", Type: plan.List, Required: true, Doc: "the login role the credential is of; or two that take turns"}
	inputLive  = plan.Field{Name: "live", Type: plan.String, Doc: "which of two roles is in use; left out: the one that has sessions"}
	inputURL   = plan.Field{Name: "url", Type: plan.String, Doc: "the value as consumers read it, with {role} and {password} in it: postgres://{role}:{password}@db.internal:5432/shop; left out: the password alone"}
)

// surveyed is what the snapshot has of a server.
func surveyed(in adapters.Inputs, s *snapshot.Snapshot) (*snapshot.Database, error) {
	env := in.Text("dsn_env")
	for i := range s.Databases {
		if s.Databases[i].Name == env {
			return &s.Databases[i], nil
		}
	}
	return nil, &adapters.Missing{
		What:  "the database server of " + env,
		Scope: adapters.Scope{Issuers: []adapters.Selector{{Name: "postgres.role", With: map[string]string{"dsn_env": env}}}},
	}
}

// texts gives a list input while planning or in execution.
func texts(v any) []string {
	switch x := v.(type) {
	case []string:
		return x
	case []any:
		var out []string
		for _, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// turns are the roles of a credential, and what is known of which is in use.
type turns struct {
	roles []string
	live  string // "" where it is not known which of two is
}

// turnsOf reads the roles while planning. A role that is not there, is a superuser, or is
// our own is an error: that is another credential.
func turnsOf(in adapters.Inputs, db *snapshot.Database) (turns, error) {
	t := turns{roles: texts(in["roles"].Literal), live: in.Text("live")}
	switch n := len(t.roles); {
	case n == 0 || n > 2 || n == 2 && t.roles[0] == t.roles[1]:
		return t, errors.New("roles names one login role, or two that take turns")
	case t.live != "" && !slices.Contains(t.roles, t.live):
		return t, fmt.Errorf("live is %s, which is none of the roles", t.live)
	case n == 2 && in.Text("url") == "" && in["url"].Output == nil:
		return t, errors.New("two roles take turns, so that consumers need the role's name with the password; say how under url: postgres://{role}:{password}@HOST/DATABASE")
	}
	var busy []string
	for _, name := range t.roles {
		i := slices.IndexFunc(db.Roles, func(r snapshot.DatabaseRole) bool { return r.Name == name })
		if i < 0 {
			return t, fmt.Errorf("the server of %s has no role %s", db.Name, name)
		}
		if db.Roles[i].Sessions > 0 {
			busy = append(busy, name)
		}
	}
	switch {
	case t.live != "":
	case len(t.roles) == 1:
		t.live = t.roles[0]
	case len(busy) == 1:
		t.live = busy[0]
	}
	return t, nil
}

// old are the roles that are stopped: the one in use, or all where that is not known.
func (t turns) old() []string {
	if t.live != "" {
		return []string{t.live}
	}
	return t.roles
}

// next is the role that gets the new password.
func (t turns) next() string {
	for _, r := range t.roles {
		if r != t.live {
			return r
		}
	}
	return t.live
}

func target(db *snapshot.Database, roles []string) plan.Target {
	names := strings.Join(roles, ", ")
	return plan.Target{Provider: "postgres", Kind: "role", ID: db.Address + "/" + names, Name: names + " at " + db.Address, Selector: len(roles) > 1}
}

// notKnown is the gap of two roles of which nobody knows the one in use.
func (t turns) notKnown(db *snapshot.Database) []plan.Gap {
	if t.live != "" {
		return nil
	}
	return []plan.Gap{{What: "which of " + strings.Join(t.roles, " and ") + " at " + db.Address + " is in use", Why: "neither or both have sessions, and live is not given; both are stopped"}}
}

func rolePath(role, verb string) string { return "/roles/" + url.PathEscape(role) + "/" + verb }

// row finds a role in what a server says.
func (r roleRows) row(name string) (roleRow, bool) {
	i := slices.IndexFunc(r.Roles, func(x roleRow) bool { return x.Name == name })
	if i < 0 {
		return roleRow{}, false
	}
	return r.Roles[i], true
}
