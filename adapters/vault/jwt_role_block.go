package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// roleBlock adds one bound claim that nothing meets to a JWT auth role, so that nobody
// logs in with it. Everything else of the role stays. Tokens from before keep working,
// and can be renewed, until vault.token.revoke ends them.
type roleBlock struct{ c *client }

const (
	roleBlockName   = "vault.jwt_role.block"
	blockPermission = "update on auth/MOUNT/role/ROLE"
)

// Spec implements adapters.Action.
func (roleBlock) Spec() plan.Spec {
	return plan.Spec{
		Name: roleBlockName, Summary: "Refuse every new login with a Vault JWT role by a bound claim that nothing meets", Target: "role",
		Inputs: roleInputs(),
		Effect: plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe, Proof: plan.P2, Settle: settle, Revert: "manual.task",
		Permissions: []string{permitReadRole, permitWriteRole},
		Source:      "Vault API documentation, JWT/OIDC auth method: \"Create/update role\", bound_claims; hashicorp/vault-plugin-auth-jwt, claims.go and path_role.go",
	}
}

func roleInputs() []plan.Field {
	return []plan.Field{
		{Name: "role", Type: plan.String, Required: true, Doc: "JWT role"},
		{Name: "mount", Type: plan.String, Doc: "auth mount of the role; jwt when left out"},
		{Name: "address", Type: plan.String, Doc: "server, where the snapshot has more than one"},
	}
}

// roleImage is the before-image: the whole role, sorted.
type roleImage struct {
	Role     string       `json:"role"`
	Document roleDocument `json:"document"`
}

// Plan implements adapters.Action.
func (roleBlock) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, _, raw, err := findRole(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: plan.Target{Provider: "vault", Kind: "role", ID: r.mount + "/" + r.name, Name: r.name},
		Doors:  []string{"identity:vault:" + in.Text("role")},
		Kills:  []string{roleKey(r)},
		Breaks: "every job and person who logs in with Vault role " + r.name,
		Inverse: &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: "Write Vault role " + r.String() +
			" anew with claims that are bound to repository id, environment and workflow file, and leave out the bound claim " + blockedClaim +
			". The role as it was before the incident must not come back."}}},
	}
	if len(raw) == 0 { // containment does not wait for a permission to read
		c.Calls = []plan.Call{block(r, nil)}
		c.Gaps = []plan.Gap{{What: "Vault role " + r.String(), Why: "it could not be read while planning; it is read again before it is blocked"}}
		return c, nil
	}
	d, err := parseRoleDocument(raw)
	if err != nil {
		return plan.Change{}, fmt.Errorf("%s: %w", r, err)
	}
	c.Before = d.image(r)
	if !d.blocked() {
		c.Calls = []plan.Call{block(r, c.Before)}
	}
	return c, nil
}

func (d roleDocument) image(r jwtRole) json.RawMessage { return plan.Image(roleImage{r.String(), d}) }

func block(r jwtRole, before json.RawMessage) plan.Call {
	return plan.Call{Key: "block", Verb: "block", Object: r.String(), Args: map[string]string{"bound_claim": blockedClaim}, Before: before}
}

// Apply implements adapters.Action. There is no check-and-set for roles: it reads the
// role right before it writes, so that a change somebody made meanwhile is kept.
func (a roleBlock) Apply(ctx context.Context, t adapters.Task, _ plan.Call) adapters.Result {
	if a.c.writes == nil {
		return refused(errNoAddress.Error(), false)
	}
	r := roleOf(t.Text)
	d, err := a.c.document(ctx, r)
	if err != nil {
		return refused("nothing was written, because the role's other fields could not be read: "+adapters.Cause(err), true)
	}
	doc, err := d.block()
	if err != nil {
		return refused("nothing was written: "+err.Error(), false)
	}
	resp, err := a.c.writeRole(ctx, r, doc)
	return adapters.Result{Outcome: a.c.judged(err, resp, blockPermission)}
}

// Settle implements adapters.Action. Whose claim it is does not matter: the wished
// state is the same, and sending it again does no harm.
func (a roleBlock) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	d, err := a.c.document(ctx, roleOf(t.Text))
	switch {
	case absent(err):
		return plan.Settlement{Happened: "unknown", Detail: "the role does not exist any more, so what became of the call cannot be seen"}
	case err != nil:
		return adapters.Unsettled(err)
	case d.blocked():
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, settle, "the role does not have the claim")
}

// Verify implements adapters.Action. A role that was there and is not any more lets
// nobody in; one that was never seen may be misspelt.
func (a roleBlock) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	r := roleOf(t.Text)
	d, err := a.c.document(ctx, r)
	switch {
	case absent(err) && seen(t.Action.Before):
		return plan.Reading{State: plan.Held, Proof: plan.P1, Detail: "the role does not exist any more"}
	case err != nil:
		return adapters.Unread(err)
	case d.blocked():
		return plan.Reading{State: plan.Held, Proof: plan.P1, Before: d.image(r), Detail: "the role's bound claim " + blockedClaim + " takes no value"}
	}
	return plan.Reading{State: plan.Broken, Before: d.image(r), Next: []plan.Call{block(r, d.image(r))}, Detail: r.String() + " lets new logins in"}
}

// seen reports whether a before-image holds a role.
func seen(before json.RawMessage) bool {
	var image roleImage
	return json.Unmarshal(before, &image) == nil && len(image.Document) > 0
}

// findRole gives the surveyed role that the inputs name, with its server.
func findRole(in adapters.Inputs, s *snapshot.Snapshot) (jwtRole, *snapshot.Vault, json.RawMessage, error) {
	r := roleOf(in.Text)
	if err := clean(r.mount, r.name); err != nil {
		return r, nil, nil, err
	}
	var raw json.RawMessage
	v, err := surveyed(s, func(v *snapshot.Vault) bool {
		i := slices.IndexFunc(v.Roles, func(x snapshot.VaultRole) bool { return x.Mount == r.mount && x.Name == r.name })
		if i < 0 || in.Text("address") != "" && in.Text("address") != v.Address {
			return false
		}
		raw = v.Roles[i].Raw
		return true
	}, missingRole(r))
	return r, v, raw, err
}

func missingRole(r jwtRole) *adapters.Missing {
	return &adapters.Missing{What: "Vault role " + r.String(), Scope: adapters.Scope{Identities: map[string]string{r.mount + "/" + r.name: "vault.jwt_role"}}}
}

// roleKey names a role among what an action would end.
func roleKey(r jwtRole) string { return "vault:role:" + r.mount + "/" + r.name }
