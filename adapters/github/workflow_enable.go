package github

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// workflowEnable switches a workflow on again.
type workflowEnable struct{ *Provider }

var enabling = switching{verb: "enable", wished: active}

// Spec implements adapters.Action.
func (workflowEnable) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.workflow.enable", Summary: "Switch a workflow on again.", Target: "workflow",
		Inputs: workflowInputs(), Effect: plan.Disruptive, Role: plan.Enable, Lost: plan.ResendSafe,
		Proof: plan.P1, Settle: plan.Duration(5 * time.Second), Permissions: []string{"actions=write"},
		Revert: "github.workflow.disable",
		Source: `GitHub REST reference, "Enable a workflow"`,
	}
}

// Plan implements adapters.Action. Its door is the one that disabling shut: from
// here on that it stands open is wanted.
func (workflowEnable) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	c, err := enabling.plan(in, s)
	if err != nil {
		return c, err
	}
	c.Doors = []string{door(in.Text("repository"), in.Text("workflow"))}
	c.Breaks = "events start the workflow again"
	c.Inverse = &plan.Inverse{Use: "github.workflow.disable", With: map[string]plan.Value{"repository": in["repository"], "workflow": in["workflow"]}}
	return c, nil
}

// Apply implements adapters.Action.
func (a workflowEnable) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return enabling.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a workflowEnable) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return enabling.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a workflowEnable) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return enabling.verify(ctx, a.Provider, t)
}
