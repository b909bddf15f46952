package postgres_test

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/postgres"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

func TestMain(m *testing.M) {
	os.Exit(adaptertest.Every{M: m, Provider: postgres.New(postgres.Config{}, adapters.Wire{})}.Run())
}

const (
	env      = "IR_PG_DSN"
	oldValue = "never-log-me-old-0123456789"
	template = "postgres://{role}:{password}@db.internal:5432/shop"
)

// ground is a real server with its roles as they were before an incident.
type ground struct {
	t     testing.TB
	s     counterpart.PostgresServer
	clock time.Duration // ahead of the machine's
	held  []*pgx.Conn
}

func newGround(t testing.TB) *ground {
	t.Helper()
	return &ground{t: t, s: counterpart.Postgres(t)}
}

func (g *ground) dsn(role, password string) string {
	return "postgres://" + role + ":" + password + "@" + g.s.Host + "/postgres?sslmode=disable"
}

func (g *ground) exec(sql string) {
	g.t.Helper()
	c, err := pgx.Connect(context.Background(), g.dsn(g.s.Boss, g.s.Password))
	if err != nil {
		g.t.Fatal(err)
	}
	defer c.Close(context.Background()) //nolint:errcheck // it was answered
	for _, line := range strings.Split(sql, ";") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if _, err := c.Exec(context.Background(), line); err != nil {
			g.t.Fatalf("%s: %v", line, err)
		}
	}
}

// reset makes the roles anew: two that take turns, of which app_a is in use, and ours.
func (g *ground) reset() {
	g.t.Helper()
	for _, c := range g.held {
		c.Close(context.Background()) //nolint:errcheck // it may be ended already
	}
	g.held = nil
	g.exec(`DROP ROLE IF EXISTS app_a; DROP ROLE IF EXISTS app_b; DROP ROLE IF EXISTS "Odd ""Role"; DROP ROLE IF EXISTS owner; DROP ROLE IF EXISTS responder;
		CREATE ROLE owner; CREATE ROLE app_a LOGIN IN ROLE owner; CREATE ROLE app_b NOLOGIN IN ROLE owner; CREATE ROLE responder LOGIN SUPERUSER`)
	g.password("app_a", oldValue)
	g.password("responder", "never-log-me-ours")
}

// password sets one as psql's \password does, without the server's log seeing it.
func (g *ground) password(role, value string) {
	g.t.Helper()
	v, err := postgres.Verifier(secret.NewString(value))
	if err != nil {
		g.t.Fatal(err)
	}
	g.exec("ALTER ROLE " + role + " PASSWORD '" + v + "'")
}

// session opens one as a role and keeps it.
func (g *ground) session(role, password string) *pgx.Conn {
	g.t.Helper()
	c, err := pgx.Connect(context.Background(), g.dsn(role, password))
	if err != nil {
		g.t.Fatal(err)
	}
	g.held = append(g.held, c)
	return c
}

func (g *ground) works(role, password string) bool {
	c, err := pgx.Connect(context.Background(), g.dsn(role, password))
	if err != nil {
		return false
	}
	return c.Close(context.Background()) == nil
}

func (g *ground) getenv(name string) string {
	if name != env {
		return ""
	}
	return g.dsn("responder", "never-log-me-ours")
}

func (g *ground) wire() adapters.Wire {
	return adapters.Wire{
		Dial: new(net.Dialer).DialContext, Agent: "firebreak/test", Now: func() time.Time { return time.Now().Add(g.clock) },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// suite is what every action shares; truth is judged at the server.
func (g *ground) suite(action string, before func(), truth func() bool) adaptertest.Suite {
	return adaptertest.Suite{
		Action: action,
		World: func(*testing.T) adaptertest.World {
			g.reset()
			if before != nil {
				before()
			}
			return adaptertest.World{
				Transport: postgres.Gateway(new(net.Dialer).DialContext), Now: g.wire().Now, Advance: func(d time.Duration) { g.clock += d }, Truth: truth,
			}
		},
		Provider: func(_ *testing.T, w adapters.Wire) adapters.Provider {
			return postgres.New(postgres.Config{Getenv: g.getenv}, w)
		},
		Scope:    adapters.Scope{Issuers: []adapters.Selector{{Name: "postgres.role", With: map[string]string{"dsn_env": env}}}},
		Inputs:   adapters.Inputs{"dsn_env": {Literal: env}, "roles": {Literal: []string{"app_a", "app_b"}}, "live": {Literal: "app_a"}, "url": {Literal: template}},
		Canaries: []secret.Text{secret.NewString(oldValue), secret.NewString("never-log-me-ours")},
		Quirks:   adaptertest.Quirks{IgnoresBody: false},
	}
}

func TestSuites(t *testing.T) {
	g := newGround(t)
	oldURL := strings.NewReplacer("{role}", "app_a", "{password}", oldValue).Replace(template)
	proved := func(t *testing.T, s adaptertest.Suite) {
		t.Helper()
		adaptertest.Run(t, s)
		counterpart.Proved(t, s.Action, counterpart.PostgreSQL, "it passes the conformance suite")
	}
	t.Run("disable", func(t *testing.T) {
		s := g.suite("postgres.role.disable", nil, func() bool { return !g.works("app_a", oldValue) })
		s.Inputs["old"] = plan.Value{Held: "old:DATABASE_URL"}
		s.Secrets = map[string]secret.Text{"old": secret.NewString(oldURL)}
		proved(t, s)
	})
	t.Run("end sessions", func(t *testing.T) {
		var theirs *pgx.Conn
		s := g.suite("postgres.role.end_sessions", func() { theirs = g.session("app_a", oldValue) }, func() bool { return theirs.Ping(context.Background()) != nil })
		s.Quirks.NotByWorld = true // the snapshot names no session: what there is is read
		proved(t, s)
	})
	t.Run("mint", func(t *testing.T) {
		s := g.suite("postgres.role.mint", nil, nil)
		s.Quirks.Blind = true
		proved(t, s)
	})
	t.Run("test", func(t *testing.T) {
		s := g.suite("postgres.role.test", nil, nil)
		s.Inputs["id"] = plan.Value{Literal: "app_a"}
		s.Inputs["value"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
		s.Secrets = map[string]secret.Text{"value": secret.NewString(oldURL)}
		s.Quirks.NotByWorld = true
		proved(t, s)
	})
	t.Run("retire", func(t *testing.T) {
		s := g.suite("postgres.role.retire", nil, func() bool { return !g.works("app_a", oldValue) })
		s.Inputs["live"] = plan.Value{Literal: "app_a"}
		s.Inputs["new"] = plan.Value{Literal: "app_b"}
		s.Inputs["old"] = plan.Value{Held: "old:DATABASE_URL"}
		s.Secrets = map[string]secret.Text{"old": secret.NewString(oldURL)}
		s.Quirks.Blind = true
		proved(t, s)
	})
}
