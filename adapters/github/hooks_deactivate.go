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

// hooksDeactivate stops the deliveries of webhooks that were made or changed since the
// exposure began. They stay as they are: a webhook is evidence, and may be ours. What it
// sends with is not sent along: an update of the whole configuration without the secret
// takes the secret away.
type hooksDeactivate struct{ *Provider }

var newHooks = newcomers{
	name: "github.hooks.deactivate", list: webhooks, one: "webhook", verb: "deactivate",
	breaks: "whoever is told of events by a webhook that was made or changed since then",
	undo:   "Switch those of the deactivated webhooks that are ours on again.",
	standing: func(ctx context.Context, p *Provider, repository string) ([]access, error) {
		found, err := hooksAt(ctx, p.reads, at(repository, "hooks"))
		return activeHooks(found), err
	},
	surveyed: func(r *snapshot.Repository) []access { return activeHooks(r.Hooks) },
	send: func(ctx context.Context, p *Provider, repository string, id int64) (plan.Outcome, int) {
		var now struct {
			ID int64 `json:"id"`
		}
		return p.send(ctx, http.MethodPatch, at(repository, "hooks", strconv.FormatInt(id, 10)), map[string]any{"active": false}, &now)
	},
}

func activeHooks(all []snapshot.Hook) []access {
	var out []access
	for _, h := range all {
		if h.Active {
			out = append(out, hookAsAccess(webhooks, h))
		}
	}
	return out
}

// Spec implements adapters.Action.
func (hooksDeactivate) Spec() plan.Spec {
	return plan.Spec{
		Name: newHooks.name, Summary: "Stop the deliveries of webhooks that were made or changed since the exposure began.", Target: "webhook",
		Inputs: newHooks.inputs(), Effect: plan.Reversible, Role: plan.Freeze, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"repository_hooks=write"}, Revert: "manual.task",
		Source: `GitHub REST reference, "Update a repository webhook", active; config without a secret removes it`,
	}
}

// Plan implements adapters.Action.
func (hooksDeactivate) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return newHooks.plan(in, s)
}

// Apply implements adapters.Action.
func (a hooksDeactivate) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return newHooks.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a hooksDeactivate) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return newHooks.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a hooksDeactivate) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return newHooks.verify(ctx, a.Provider, t, a.Spec().Settle)
}
