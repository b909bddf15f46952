package snapshot

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Database is a PostgreSQL server as one connection string sees it.
type Database struct {
	Name    string `json:"name"`             // the variable that holds the connection string
	Address string `json:"address"`          // HOST:PORT/DATABASE
	System  string `json:"system,omitempty"` // identifier of the cluster; "" where we may not ask
	// Roles are all there are but PostgreSQL's own, which attackers' are among.
	Roles []DatabaseRole `json:"roles,omitempty"`
}

// DatabaseRole is a role with what it may do.
type DatabaseRole struct {
	Name        string    `json:"name"`
	Login       bool      `json:"login"`
	Super       bool      `json:"super,omitempty"`
	CreateRole  bool      `json:"createrole,omitempty"`
	CreateDB    bool      `json:"createdb,omitempty"`
	Replication bool      `json:"replication,omitempty"`
	BypassRLS   bool      `json:"bypassrls,omitempty"`
	ValidUntil  time.Time `json:"valid_until,omitzero"` // of its password
	MemberOf    []string  `json:"member_of,omitempty"`
	Sessions    int       `json:"sessions,omitempty"` // at the time of the survey
}

// may is what a role may do, for a comparison. Its sessions come and go.
func (r DatabaseRole) may() string {
	var out []string
	for _, x := range []struct {
		has  bool
		word string
	}{{r.Login, "may log in"}, {r.Super, "superuser"}, {r.CreateRole, "makes roles"}, {r.CreateDB, "makes databases"}, {r.Replication, "replicates"}, {r.BypassRLS, "passes row security"}} {
		if x.has {
			out = append(out, x.word)
		}
	}
	if len(r.MemberOf) > 0 {
		out = append(out, "member of "+strings.Join(r.MemberOf, " "))
	}
	if !r.ValidUntil.IsZero() {
		out = append(out, "until "+r.ValidUntil.Format(time.RFC3339))
	}
	return strings.Join(out, ", ")
}

func databaseFacts(d *Database) facts {
	f := facts{}
	at := "postgres:" + d.Address
	f.add("cluster", at, "system identifier", d.System)
	for _, r := range d.Roles {
		f.add("role", at, r.Name, strconv.Quote(r.may()))
	}
	return f
}

func sortDatabases(list []Database) {
	for _, d := range list {
		slices.SortFunc(d.Roles, func(a, b DatabaseRole) int { return cmp.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(list, func(a, b Database) int { return cmp.Compare(a.Name, b.Name) })
}
