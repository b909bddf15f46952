package github

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// deployKeysRemove deletes the deploy keys that were added since the exposure began.
// GitHub cannot switch a key off; the public key is kept in the journal, so that it can
// be added again, and looked for elsewhere.
type deployKeysRemove struct{ *Provider }

var newKeys = newcomers{
	name: "github.deploy_keys.remove", list: deployKeys, one: "deploy key", verb: "remove",
	breaks: "whoever pulls or pushes with a deploy key that was added since then",
	undo:   "Add those of the removed deploy keys that are ours again, from the public keys in the journal.",
	standing: func(ctx context.Context, p *Provider, repository string) ([]access, error) {
		found, err := keysAt(ctx, p.reads, repository)
		return keysAsAccess(found), err
	},
	surveyed: func(r *snapshot.Repository) []access { return keysAsAccess(r.Keys) },
	send: func(ctx context.Context, p *Provider, repository string, id int64) (plan.Outcome, int) {
		return p.send(ctx, http.MethodDelete, at(repository, "keys", strconv.FormatInt(id, 10)), nil, nil)
	},
}

// Spec implements adapters.Action.
func (deployKeysRemove) Spec() plan.Spec {
	return plan.Spec{
		Name: newKeys.name, Summary: "Delete the deploy keys that were added since the exposure began.", Target: "deploy-key",
		Inputs: newKeys.inputs(), Effect: plan.Disruptive, Role: plan.Cut, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: "manual.task",
		Source: `GitHub REST reference, "Delete a deploy key"; deploy keys are immutable`,
	}
}

// Plan implements adapters.Action.
func (deployKeysRemove) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return newKeys.plan(in, s)
}

// Apply implements adapters.Action.
func (a deployKeysRemove) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return newKeys.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a deployKeysRemove) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return newKeys.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a deployKeysRemove) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return newKeys.verify(ctx, a.Provider, t, a.Spec().Settle)
}
