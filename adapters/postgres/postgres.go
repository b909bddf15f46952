// Package postgres is the adapter for PostgreSQL servers: login roles as an issuer.
//
// A role has one password, so that the value in use cannot be replaced without a moment
// in which the old one is dead and the new one is nowhere yet. Two roles that take turns
// (app_a and app_b, both members of the role that owns things) avoid that: the idle one
// gets the new password, and the one in use is stopped. Two things outlive a password:
// sessions that were opened with it, and whatever an attacker made with them (roles,
// functions, triggers); the first are ended, the second are listed.
//
// Begin with New; each action is one file, gateway.go is what speaks to the server.
// Source: PostgreSQL documentation, "Database Roles", "ALTER ROLE", "pg_stat_activity".
package postgres

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Config says how variables are looked up: connection strings are in those that dsn_env
// names.
type Config struct {
	Getenv func(string) string // nil: nothing is set
}

// Provider is every server that a dsn_env names. Its methods may be called concurrently.
type Provider struct {
	getenv func(string) string
	now    func() time.Time
	agent  string
	reads  *http.Client
	writes *http.Client // for Apply alone; the guarded one in a dry run
}

// The permissions that specs name.
const (
	permitAlter    = "CREATEROLE, and ADMIN OPTION on the roles; or superuser"
	permitSessions = "pg_signal_backend, or membership in the roles; pg_read_all_stats to see when their sessions began"
)

// settle is how long a change may take to be seen: a standby follows when it can, and
// only the primary is asked.
const settle = plan.Duration(2 * time.Second)

// New makes the provider; it does no I/O.
func New(c Config, w adapters.Wire) *Provider {
	p := &Provider{getenv: c.Getenv, now: w.Now, agent: w.Agent}
	if p.getenv == nil {
		p.getenv = func(string) string { return "" }
	}
	if w.Dial != nil {
		w.Transport = Gateway(w.Dial)
	}
	paced := adapters.Paced(w, adapters.Pace{Provider: "postgres", Reads: 4, Writes: 2})
	p.reads = adapters.Direct(adapters.ReadOnly(paced, reads()), 0)
	p.writes = adapters.Direct(paced, 0)
	if w.ReadOnly {
		p.writes = p.reads
	}
	return p
}

// Name implements adapters.Provider.
func (*Provider) Name() string { return "postgres" }

// Actions implements adapters.Provider.
func (p *Provider) Actions() []adapters.Action {
	return []adapters.Action{disable{p}, endSessions{p}, mint{p}, test{p}, retire{p}}
}

// Issuers implements adapters.Provider.
func (*Provider) Issuers() []plan.Issuer {
	return []plan.Issuer{{
		Name: "postgres.role", Disable: "postgres.role.disable", Sessions: "postgres.role.end_sessions", Mint: "postgres.role.mint", Test: "postgres.role.test", Destroy: "postgres.role.retire",
		Outputs: []string{"id", "value"}, Turns: "roles", Provider: "postgres",
	}}
}

// Stores implements adapters.Provider.
func (*Provider) Stores() []plan.StoreKind { return nil }

// Survey lists the roles of each server a selector names, with how many sessions each has.
func (p *Provider) Survey(ctx context.Context, scope adapters.Scope, s *snapshot.Snapshot) error {
	ctx = adapters.Patient(ctx)
	var seen []string
	for _, sel := range scope.Issuers {
		env := sel.With["dsn_env"]
		if sel.Name != "postgres.role" || slices.Contains(seen, env) {
			continue
		}
		seen = append(seen, env)
		if err := p.list(ctx, env, s); err != nil {
			var lacks adapters.Unconfigured
			s.Gaps = append(s.Gaps, snapshot.Gap{Provider: "postgres", What: "roles at " + env, Why: adapters.Cause(err), Passing: !errors.As(err, &lacks) && adapters.Passing(adapters.StatusOf(err))})
		}
	}
	return ctx.Err()
}

func (p *Provider) list(ctx context.Context, env string, s *snapshot.Snapshot) error {
	db, err := p.server(env)
	if err != nil {
		return err
	}
	rows, err := db.roles(ctx)
	if err != nil {
		return err
	}
	var us identity
	if err := db.read(ctx, "/self", db.user, db.password, &us); err != nil {
		return err
	}
	out := snapshot.Database{Name: env, Address: db.address, System: us.System}
	for _, r := range rows.Roles {
		x := snapshot.DatabaseRole{
			Name: r.Name, Login: r.Login, Super: r.Super, CreateRole: r.CreateRole, CreateDB: r.CreateDB, Replication: r.Replication, BypassRLS: r.BypassRLS,
			MemberOf: r.MemberOf, Sessions: r.Sessions,
		}
		if r.ValidUntil != nil {
			x.ValidUntil = r.ValidUntil.UTC()
		}
		out.Roles = append(out.Roles, x)
	}
	s.Databases = slices.DeleteFunc(s.Databases, func(d snapshot.Database) bool { return d.Name == env })
	s.Databases = append(s.Databases, out)
	s.Permissions = append(s.Permissions, permitted(env, us)...)
	return nil
}

// permitted says whether we may alter roles. Whether we have the ADMIN OPTION on one, and
// may signal its sessions, shows when it is tried.
func permitted(env string, us identity) []snapshot.Permission {
	alter := snapshot.Permission{Provider: "postgres", Name: permitAlter, On: env, Granted: "unknown", Why: us.Role + " has CREATEROLE; whether it has the ADMIN OPTION on the roles shows when they are altered"}
	signal := snapshot.Permission{Provider: "postgres", Name: permitSessions, On: env, Granted: "unknown", Why: "it is not asked for before sessions are ended"}
	switch {
	case us.Super:
		alter.Granted, alter.Why = "yes", us.Role+" is a superuser"
		signal.Granted, signal.Why = "yes", alter.Why
	case !us.Create:
		alter.Granted, alter.Why = "no", us.Role+" is neither a superuser nor has CREATEROLE; give it that, or another role's connection string in "+env
	}
	return []snapshot.Permission{alter, signal}
}

// Self implements adapters.Provider. Who we are differs from server to server, and no
// server is known before a credential names it: the actions refuse our own role.
func (*Provider) Self(context.Context) (adapters.Self, error) {
	return adapters.Self{Provider: "postgres"}, nil
}
