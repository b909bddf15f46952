package postgres

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/firebreak/firebreak/adapters"
)

// statement is one thing that is said to a server. Reads run in a read-only transaction,
// and call nothing that acts: pg_terminate_backend would be let through by one.
type statement struct {
	method, path string // "*" is one segment of an address
	reads        bool
	run          func(ctx context.Context, c *pgx.Conn, args []string) (any, error)
}

// statements are all there are. Source: PostgreSQL documentation, "ALTER ROLE",
// "pg_roles", "pg_auth_members", "pg_stat_activity", "Server Signaling Functions".
func statements() []statement {
	return []statement{
		{http.MethodGet, "/self", true, self},
		{http.MethodGet, "/roles", true, roles},
		{http.MethodGet, "/sessions", true, sessions},
		{http.MethodPost, "/roles/*/nologin", false, alter("NOLOGIN")},
		{http.MethodPost, "/roles/*/retire", false, alter("NOLOGIN PASSWORD NULL")},
		{http.MethodPost, "/roles/*/password", false, setPassword},
		{http.MethodPost, "/sessions/*/end", false, end},
	}
}

// reads are what the guard lets through.
func reads() []adapters.Route {
	var out []adapters.Route
	for _, s := range statements() {
		if s.reads {
			out = append(out, adapters.Route{Name: strings.TrimPrefix(s.path, "/"), Method: s.method, Pattern: s.path})
		}
	}
	return out
}

// find gives the statement a request names, with the segments its path has for "*".
func find(r *http.Request) (s statement, args []string, ok bool) {
	got := strings.Split(r.URL.EscapedPath(), "/")
	for _, s := range statements() {
		want := strings.Split(s.path, "/")
		if r.Method != s.method || len(want) != len(got) {
			continue
		}
		args, match := []string{}, true
		for i := range want {
			if want[i] == "*" {
				arg, err := url.PathUnescape(got[i])
				args, match = append(args, arg), match && err == nil
			} else if match = match && want[i] == got[i]; !match {
				break
			}
		}
		if match {
			return s, args, true
		}
	}
	return statement{}, nil, false
}

// in reads within a transaction that cannot write.
func in(ctx context.Context, c *pgx.Conn, f func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{AccessMode: pgx.ReadOnly}, f)
}

// identity is who we are, as a server says it.
type identity struct {
	Role   string    `json:"role"`
	System string    `json:"system,omitempty"` // of the cluster; "" where we may not ask
	Now    time.Time `json:"now"`
	Super  bool      `json:"super"`
	Create bool      `json:"create"`
}

func self(ctx context.Context, c *pgx.Conn, _ []string) (any, error) {
	var out identity
	err := in(ctx, c, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SELECT r.rolname, now(), r.rolsuper, r.rolcreaterole FROM pg_roles r WHERE r.rolname = current_user").Scan(&out.Role, &out.Now, &out.Super, &out.Create)
	})
	if err != nil {
		return nil, err
	}
	err = in(ctx, c, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SELECT system_identifier::text FROM pg_control_system()").Scan(&out.System)
	})
	if statusOfError(err) == http.StatusForbidden {
		err = nil
	}
	return out, err
}

// roleRow is a role as pg_roles shows it to everybody.
type roleRow struct {
	Name        string     `json:"name"`
	Login       bool       `json:"login"`
	Super       bool       `json:"super"`
	CreateRole  bool       `json:"createrole"`
	CreateDB    bool       `json:"createdb"`
	Replication bool       `json:"replication"`
	BypassRLS   bool       `json:"bypassrls"`
	ValidUntil  *time.Time `json:"valid_until,omitempty"`
	MemberOf    []string   `json:"member_of"`
	Sessions    int        `json:"sessions"`
}

type roleRows struct {
	Now   time.Time `json:"now"`
	Roles []roleRow `json:"roles"`
}

const rolesQuery = "SELECT r.rolname, r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls, " +
	"CASE WHEN isfinite(r.rolvaliduntil) THEN r.rolvaliduntil END, " +
	"coalesce((SELECT string_agg(g.rolname, ',' ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid), ''), " +
	"(SELECT count(*) FROM pg_stat_activity a WHERE a.usename = r.rolname AND a.pid <> pg_backend_pid()) " +
	"FROM pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname"

func roles(ctx context.Context, c *pgx.Conn, _ []string) (any, error) {
	out := roleRows{Roles: []roleRow{}}
	err := in(ctx, c, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT now()").Scan(&out.Now); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, rolesQuery)
		if err != nil {
			return err
		}
		var r roleRow
		var groups string
		_, err = pgx.ForEachRow(rows, []any{&r.Name, &r.Login, &r.Super, &r.CreateRole, &r.CreateDB, &r.Replication, &r.BypassRLS, &r.ValidUntil, &groups, &r.Sessions}, func() error {
			r.MemberOf = []string{}
			if groups != "" {
				r.MemberOf = strings.Split(groups, ",")
			}
			out.Roles = append(out.Roles, r)
			r = roleRow{}
			return nil
		})
		return err
	})
	return out, err
}

// sessionRow is one session. Began is nil where the server does not show it to us.
type sessionRow struct {
	PID   int32      `json:"pid"`
	Role  string     `json:"role"`
	Began *time.Time `json:"began"`
	From  string     `json:"from,omitempty"`
}

type sessionRows struct {
	Now      time.Time    `json:"now"`
	Sessions []sessionRow `json:"sessions"`
}

// sessionsQuery keeps those of which we may see no more than that they are there.
// Source: PostgreSQL documentation, "The Cumulative Statistics System": of other roles'
// sessions many columns are null without pg_read_all_stats.
const sessionsQuery = "SELECT pid, coalesce(usename, ''), backend_start, coalesce(host(client_addr), '') FROM pg_stat_activity WHERE coalesce(backend_type, 'client backend') = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"

func sessions(ctx context.Context, c *pgx.Conn, _ []string) (any, error) {
	out := sessionRows{Sessions: []sessionRow{}}
	err := in(ctx, c, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT now()").Scan(&out.Now); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sessionsQuery)
		if err != nil {
			return err
		}
		var s sessionRow
		_, err = pgx.ForEachRow(rows, []any{&s.PID, &s.Role, &s.Began, &s.From}, func() error {
			out.Sessions = append(out.Sessions, s)
			s = sessionRow{}
			return nil
		})
		return err
	})
	return out, err
}

// alter gives ALTER ROLE with attributes of this program.
func alter(attributes string) func(context.Context, *pgx.Conn, []string) (any, error) {
	return func(ctx context.Context, c *pgx.Conn, args []string) (any, error) {
		_, err := c.Exec(ctx, "ALTER ROLE "+pgx.Identifier{args[0]}.Sanitize()+" "+attributes)
		return done{true}, err
	}
}

type done struct {
	Done bool `json:"done"`
}

// setPassword sends a SCRAM verifier, never a password: a server may log its statements.
func setPassword(ctx context.Context, c *pgx.Conn, args []string) (any, error) {
	verifier := args[1]
	if !strings.HasPrefix(verifier, scramPrefix) || strings.ContainsAny(verifier, `'\`) {
		return nil, fmt.Errorf("this is no SCRAM verifier")
	}
	_, err := c.Exec(ctx, "ALTER ROLE "+pgx.Identifier{args[0]}.Sanitize()+" LOGIN PASSWORD '"+verifier+"'")
	return done{true}, err
}

// end ends the session that has this number if it is the one meant: numbers are used again.
func end(ctx context.Context, c *pgx.Conn, args []string) (any, error) {
	role, began, _ := strings.Cut(args[1], " ")
	at, err := time.Parse(time.RFC3339Nano, began)
	if err != nil {
		return nil, fmt.Errorf("the request does not say when the session began")
	}
	rows, err := c.Query(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1::int AND usename = $2 AND backend_start = $3", args[0], role, at)
	if err != nil {
		return nil, err
	}
	_, err = pgx.CollectRows(rows, pgx.RowTo[bool])
	return done{true}, err
}
