package vault

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// appRoleTokens revokes the live tokens that logins with an AppRole made while the old
// secret-id worked: they outlive it. Which secret-id a token came from is not told, so
// those of other consumers of the role end too, and they log in again.
type appRoleTokens struct{ tokenRevoke }

const appRoleTokensName = "vault.approle.end_tokens"

// Spec implements adapters.Action.
func (appRoleTokens) Spec() plan.Spec {
	return plan.Spec{
		Name: appRoleTokensName, Summary: "Revoke the tokens that a Vault AppRole issued while the old secret-id worked", Target: "tokens",
		Inputs: appRoleInputs(plan.Field{Name: "stopped", Type: plan.Timestamp, Doc: "the server's time since which nobody can log in with the old value; left out: all tokens end"}),
		Effect: plan.Irreversible, Role: plan.Cut, Lost: plan.ResendSafe, Proof: plan.P2, Settle: settle,
		Permissions: []string{permitList, permitLookup, permitRevoke, permitReadRole},
		Source:      "Vault API documentation, Token auth method: \"List accessors\", \"Revoke token accessor\"; AppRole",
	}
}

// Plan implements adapters.Action.
func (appRoleTokens) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, x, v, err := findAppRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: r.target(true), Breaks: "whatever holds a token of this role now, until it logs in again"}
	c.Target.Kind = "tokens"
	for _, t := range v.Tokens {
		if t.Role == r.name && t.Path == "auth/"+r.mount+"/login" {
			c.Calls = append(c.Calls, call(t.Accessor))
			c.Kills = append(c.Kills, killKey(t.Accessor))
		}
	}
	slices.SortFunc(c.Calls, func(a, b plan.Call) int { return strings.Compare(a.Key, b.Key) })
	slices.Sort(c.Kills)
	if batch, ttl := batches(x.Raw); batch {
		c.Gaps = []plan.Gap{{What: "batch tokens of " + r.name, Why: "they have no accessor and cannot be revoked; each dies at its TTL (" + ttl.String() + ")"}}
	}
	return c, nil
}

// Verify implements adapters.Action. A token's time has no parts of a second: one of the
// very second counts as older.
func (a appRoleTokens) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	role := appRoleOf(t.Text)
	me, err := a.c.self(ctx)
	if err != nil {
		return adapters.Unread(err)
	}
	stopped, err := time.Parse(time.RFC3339, t.Text("stopped"))
	limited := err == nil
	return a.left(ctx, t, me, role.jwtRole, func(x token) bool {
		return role.issued(x) && (!limited || x.Created.IsZero() || !x.Created.After(stopped))
	})
}
