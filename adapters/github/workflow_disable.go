package github

import (
	"context"
	"errors"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

var errNoState = errors.New("GitHub's answer names no state")

// workflowDisable switches a workflow off, so that no event starts it. Runs that
// are queued or running go on: runsCancel ends those. Anyone with actions: write
// can switch it on again, which is why gates look again.
type workflowDisable struct{ *Provider }

var disabling = switching{verb: "disable", wished: disabled}

// Spec implements adapters.Action.
func (workflowDisable) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.workflow.disable", Summary: "Switch a workflow off so that no event starts it.", Target: "workflow",
		Inputs: workflowInputs(), Effect: plan.Reversible, Role: plan.Contain, Lost: plan.ResendSafe,
		Proof: plan.P2, Settle: plan.Duration(5 * time.Second), Permissions: []string{"actions=write"},
		Revert: "github.workflow.enable",
		Source: `GitHub REST reference, "Disable a workflow"`,
	}
}

// Plan implements adapters.Action. The inverse is enabling, and only where the
// workflow was active before: another state is not ours to restore.
func (workflowDisable) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	c, err := disabling.plan(in, s)
	if err != nil {
		return c, err
	}
	r, w, err := workflow(in, s)
	if err != nil {
		return c, err
	}
	c.Doors = []string{door(r.FullName, w.Path)}
	c.Kills = []string{"github:" + door(r.FullName, w.Path)}
	c.Breaks = "no event starts " + w.Path + " until it is enabled again"
	if w.State == active {
		c.Inverse = &plan.Inverse{Use: "github.workflow.enable", With: map[string]plan.Value{"repository": in["repository"], "workflow": in["workflow"]}}
	}
	return c, nil
}

// Apply implements adapters.Action.
func (a workflowDisable) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return disabling.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a workflowDisable) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return disabling.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a workflowDisable) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return disabling.verify(ctx, a.Provider, t)
}
