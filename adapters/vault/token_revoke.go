package vault

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// tokenRevoke revokes every live service token that logins with one JWT role made.
// Revoking by prefix would take the whole mount; this takes one role.
//
// Batch tokens have no accessor and cannot be revoked: while the role issues them
// the state is never called held by this action.
type tokenRevoke struct{ c *client }

const revokePermission = "update on auth/token/revoke-accessor, sudo and list on auth/token/accessors, update on auth/token/lookup-accessor"

// Spec implements adapters.Action.
func (tokenRevoke) Spec() plan.Spec {
	return plan.Spec{
		Name: "vault.token.revoke", Summary: "Revoke every live token that a Vault JWT role issued", Target: "tokens",
		Inputs: roleInputs(),
		Effect: plan.Irreversible, Role: plan.Cut, Lost: plan.ResendSafe, Proof: plan.P2, Settle: settle,
		Permissions: []string{permitList, permitLookup, permitRevoke, permitReadRole},
		Source:      "Vault API documentation, Token auth method: \"List accessors\", \"Revoke token accessor\"; \"Batch tokens\"",
	}
}

func roleOf(text func(string) string) jwtRole { return newRole(or(text("mount"), "jwt"), text("role")) }

// Plan implements adapters.Action.
func (tokenRevoke) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, v, raw, err := findRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: plan.Target{Provider: "vault", Kind: "tokens", ID: r.mount + "/" + r.name, Name: r.name, Selector: true},
		Doors:  []string{"identity:vault:" + in.Text("role")},
		Breaks: "jobs that hold a token of this role now",
	}
	for _, t := range v.Tokens {
		if t.Role == r.name && t.Path == "auth/"+r.mount+"/login" {
			c.Calls = append(c.Calls, call(t.Accessor))
			c.Kills = append(c.Kills, killKey(t.Accessor))
		}
	}
	slices.SortFunc(c.Calls, func(a, b plan.Call) int { return strings.Compare(a.Key, b.Key) })
	slices.Sort(c.Kills)
	if batch, ttl := batches(raw); batch {
		c.Gaps = []plan.Gap{{What: "batch tokens of " + r.name, Why: "they have no accessor and cannot be revoked; each dies at its TTL (" + ttl.String() + ")"}}
	}
	return c, nil
}

func call(accessor string) plan.Call {
	return plan.Call{Key: "revoke " + accessor, Verb: "revoke", Object: accessor}
}

// batches reads from a role whether it issues batch tokens, and how long they live.
// A mount tuned to batch tokens by default is not seen here.
func batches(raw json.RawMessage) (bool, time.Duration) {
	var r struct {
		Type   string `json:"token_type"`
		TTL    int64  `json:"token_ttl"`
		MaxTTL int64  `json:"token_max_ttl"`
	}
	if json.Unmarshal(raw, &r) != nil || r.Type != "batch" && r.Type != "default-batch" {
		return false, 0
	}
	const system = 768 * time.Hour // the server's default maximum
	switch {
	case r.TTL > 0:
		return true, time.Duration(r.TTL) * time.Second
	case r.MaxTTL > 0:
		return true, time.Duration(r.MaxTTL) * time.Second
	}
	return true, system
}

// Apply implements adapters.Action. To revoke a token that ended by itself meanwhile is
// a success with a warning. Where a server refuses it instead, with the status of a
// missing permission, the list tells them apart.
func (a tokenRevoke) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	if a.c.writes == nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: errNoAddress.Error()}}
	}
	asked, resp := listen(ctx)
	err := a.c.writes.Auth().Token().RevokeAccessorWithContext(asked, c.Object)
	o := a.c.judged(err, *resp, revokePermission)
	if o.State == plan.Refused && !o.Temporary && *resp != nil {
		if list, err := a.c.accessors(ctx); err == nil && !slices.Contains(list, c.Object) {
			o = plan.Outcome{State: plan.Done, Detail: "the token had ended already"}
		}
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action.
func (a tokenRevoke) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	list, err := a.c.accessors(ctx)
	if err != nil {
		return adapters.Unsettled(err)
	}
	if slices.Contains(list, c.Object) {
		return t.Absent(c, settle, "the token is still alive")
	}
	return plan.Settlement{Happened: "yes", Detail: "the token is gone"}
}

// Verify implements adapters.Action.
func (a tokenRevoke) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	role := roleOf(t.Text)
	me, err := a.c.self(ctx)
	if err != nil {
		return adapters.Unread(err)
	}
	return a.left(ctx, t, me, role, func(x token) bool { return x.of(role) })
}

// left is the reading of what a role's logins made; mine tells which tokens those are.
func (a tokenRevoke) left(ctx context.Context, t adapters.Task, me token, role jwtRole, mine func(token) bool) plan.Reading {
	raw, err := a.c.role(ctx, role)
	if err != nil && !absent(err) {
		return adapters.Unread(err)
	}
	tokens, err := a.c.tokens(ctx)
	if err != nil {
		return adapters.Unread(err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Detail: "no service token of the role is left"}
	for _, x := range tokens {
		switch {
		case !mine(x):
		case x.Accessor == me.Accessor:
			r.Found = append(r.Found, spared(x, "is firebreak's own token and was not revoked; respond with a token of another role, then retry"))
		case mayBeParent(x, me):
			r.Found = append(r.Found, spared(x, "may be the parent of firebreak's own token and was not revoked, because that would end ours; respond with an orphan token, then retry"))
		default:
			r.Next = append(r.Next, call(x.Accessor))
		}
	}
	switch batch, ttl := batches(raw); {
	case len(r.Next) > 0:
		r.State, r.Proof, r.Detail = plan.Broken, "", count(len(r.Next))
	case len(r.Found) > 0:
		r.State, r.Proof, r.Final, r.Detail = plan.Broken, "", true, r.Found[0].Why
	case batch:
		return a.batch(t, role, ttl, r)
	}
	return r
}

func count(n int) string {
	if n == 1 {
		return "1 token of the role is alive"
	}
	return strconv.Itoa(n) + " tokens of the role are alive"
}

// batch is the reading for a role whose tokens cannot be seen or revoked.
func (tokenRevoke) batch(t adapters.Task, role jwtRole, ttl time.Duration, r plan.Reading) plan.Reading {
	r.Found = append(r.Found, plan.Found{Kind: "vault.batch_tokens", Target: role.String(), Why: "the role issues batch tokens: they cannot be listed or revoked, each dies at its TTL of " + ttl.String()})
	left := ttl - t.Now.Sub(t.Began)
	if left > 0 {
		r.State, r.Proof, r.Wait = plan.Broken, "", plan.Duration(min(left, time.Minute))
		r.Detail = "batch tokens of the role cannot be revoked; those issued before the response began are dead in " + left.Round(time.Second).String()
		return r
	}
	r.State, r.Proof, r.Wait = plan.Unknown, "", plan.Duration(time.Minute)
	r.Detail = "batch tokens issued before the response began are dead; whether later ones live cannot be read. Set the role's token_type to service"
	return r
}

func spared(x token, why string) plan.Found {
	return plan.Found{Kind: "vault.token", Target: x.Accessor, Why: "accessor " + x.Accessor + " " + why}
}

// mayBeParent reports whether our token could have been made with x. Vault does
// not tell a token's parent, only that it has one.
// Source: Vault documentation, "Token hierarchies and orphan tokens": revoking a parent revokes its children.
func mayBeParent(x, me token) bool {
	if me.Orphan || me.Path != "auth/token/create" || x.Created.After(me.Created) {
		return false
	}
	for _, p := range me.Policies {
		if p != "default" && !slices.Contains(x.Policies, p) && !slices.Contains(x.Policies, "root") {
			return false
		}
	}
	return true
}
