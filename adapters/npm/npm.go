// Package npm is the adapter for npm registries: access tokens as an issuer, and
// the read-back of what a dist-tag delivers.
//
// npm has no official client for Go; client.go is a small one of ours. What makes
// npm special: a deleted token leaves the listing at once and may go on working
// for up to an hour, so its death is proved by probing with the old value; the
// listing masks values, so which token a stolen value is can only be told from
// its first and last characters; and creating a token wants a password and often
// a one-time password, so without them a person creates it.
// Source: npm docs, "Creating and viewing access tokens", "Revoking access tokens".
package npm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const (
	// death is how long a deleted token may go on working.
	// Source: npm docs, "Revoking access tokens": up to an hour.
	death = plan.Duration(time.Hour)
	// listing is how long a change may take to show in the list of tokens.
	listing = plan.Duration(30 * time.Second)
	// poll is how often an old value is probed until it is dead.
	poll = plan.Duration(15 * time.Second)
)

// Config says where the registry is and as whom to come.
type Config struct {
	Registry string      // "https://host/path/"; "" gives specs and nothing else
	Token    secret.Text // firebreak's own
	// Getenv looks up the variables named by password_env and otp_env when a token is made.
	Getenv func(string) string
}

// Provider is one npm registry. Its methods may be called concurrently.
type Provider struct {
	c      *client
	getenv func(string) string
}

// New makes the provider; it does no I/O.
func New(c Config, w adapters.Wire) (*Provider, error) {
	cl, err := newClient(c, w)
	if err != nil {
		return nil, err
	}
	p := &Provider{c: cl, getenv: c.Getenv}
	if p.getenv == nil {
		p.getenv = func(string) string { return "" }
	}
	return p, nil
}

// Name implements adapters.Provider.
func (*Provider) Name() string { return "npm" }

// Actions implements adapters.Provider.
func (p *Provider) Actions() []adapters.Action {
	return []adapters.Action{mint{p}, test{p}, revoke{p}, digest{p}}
}

// Issuers implements adapters.Provider.
func (*Provider) Issuers() []plan.Issuer {
	return []plan.Issuer{{
		Name: "npm.token", Mint: "npm.token.mint", Test: "npm.token.test", Destroy: "npm.token.revoke",
		Outputs: []string{"value"}, Provider: "npm",
	}}
}

// Stores implements adapters.Provider.
func (*Provider) Stores() []plan.StoreKind { return nil }

// Survey lists the tokens of each user a selector names, as far as our own token
// may: npm shows a user's tokens to that user alone.
func (p *Provider) Survey(ctx context.Context, scope adapters.Scope, s *snapshot.Snapshot) error {
	ctx = adapters.Patient(ctx)
	users := wanted(scope)
	if len(users) == 0 {
		return nil
	}
	gap := func(err error) {
		for _, u := range users {
			s.Gaps = append(s.Gaps, snapshot.Gap{Provider: "npm", What: "tokens of " + u, Why: adapters.Cause(err), Passing: !errors.Is(err, errNoRegistry) && adapters.Passing(adapters.StatusOf(err))})
		}
	}
	if p.c.base == nil {
		gap(errNoRegistry)
		return nil
	}
	me, err := p.c.whoami(ctx, p.c.token)
	if err != nil {
		gap(err)
		return nil
	}
	for _, u := range users {
		if u != me {
			s.Permissions = append(s.Permissions, p.permitted(u, me, nil)...)
			s.Gaps = append(s.Gaps, snapshot.Gap{Provider: "npm", What: "tokens of " + u, Why: "npm shows tokens to their own user only, and firebreak's token is of " + me + "; log in as " + u})
			continue
		}
		tokens, err := p.c.tokens(ctx)
		if err != nil {
			s.Gaps = append(s.Gaps, snapshot.Gap{Provider: "npm", What: "tokens of " + u, Why: adapters.Cause(err), Passing: adapters.Passing(adapters.StatusOf(err))})
			continue
		}
		s.Permissions = append(s.Permissions, p.permitted(u, me, tokens)...)
		r := snapshot.Registry{Address: p.c.base.String(), User: u}
		for _, t := range tokens {
			r.Tokens = append(r.Tokens, snapshot.NPMToken{Key: t.Key, Masked: t.Masked, ReadOnly: t.ReadOnly, Created: t.Created})
		}
		s.NPM = append(s.NPM, r)
	}
	return nil
}

func wanted(scope adapters.Scope) []string {
	var users []string
	for _, sel := range scope.Issuers {
		if u := sel.With["user"]; sel.Name == "npm.token" && u != "" && !slices.Contains(users, u) {
			users = append(users, u)
		}
	}
	slices.Sort(users)
	return users
}

// Self implements adapters.Provider.
func (p *Provider) Self(ctx context.Context) (adapters.Self, error) {
	self := adapters.Self{Provider: "npm"}
	if p.c.base == nil {
		return self, errNoRegistry
	}
	self.Account = p.c.base.String()
	me, err := p.c.whoami(ctx, p.c.token)
	if err != nil {
		return self, fmt.Errorf("ask %s who we are: %w", p.c.base.Host, err)
	}
	self.Who = me
	tokens, err := p.c.tokens(ctx)
	if err != nil {
		return self, fmt.Errorf("list our own tokens at %s: %w", p.c.base.Host, err)
	}
	for _, t := range tokens {
		if t.shows(p.c.token) {
			self.Kills = append(self.Kills, killKey(t.Key))
		}
	}
	return self, nil
}

func killKey(key string) string { return "npm:token:" + key }

var errNoRegistry error = adapters.Unconfigured("no npm registry is known; set NPM_CONFIG_REGISTRY, or registry= in your own .npmrc")

// surveyed is what the snapshot has of a user.
func surveyed(in adapters.Inputs, s *snapshot.Snapshot) (*snapshot.Registry, error) {
	user := in.Text("user")
	for i := range s.NPM {
		if s.NPM[i].User == user {
			return &s.NPM[i], nil
		}
	}
	return nil, &adapters.Missing{
		What:  "npm user " + user,
		Scope: adapters.Scope{Issuers: []adapters.Selector{{Name: "npm.token", With: map[string]string{"user": user}}}},
	}
}
