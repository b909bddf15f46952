package github

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// forkApprovalLift restores whose pull requests from forks wait for approval.
type forkApprovalLift struct{ *Provider }

// Spec implements adapters.Action.
func (forkApprovalLift) Spec() plan.Spec {
	return plan.Spec{
		Name: forkApproval.lift, Summary: "Let workflows run for pull requests from forks as before the freeze.", Target: forkApproval.kind,
		Inputs: []plan.Field{repositoryInput, earlierInput},
		Effect: plan.Reversible, Role: plan.Lift, Lost: plan.ResendSafe, Proof: plan.P1, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: forkApproval.freeze,
		Source: `GitHub REST reference, "Set fork PR contributor approval permissions for a repository", "Set private repo fork PR workflow settings for a repository"`,
	}
}

// Plan implements adapters.Action.
func (forkApprovalLift) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return forkApproval.planLift(in, s)
}

// Apply implements adapters.Action.
func (a forkApprovalLift) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return forkApproval.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a forkApprovalLift) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return forkApproval.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a forkApprovalLift) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, forkApproval.verifyLift(ctx, a.Provider, t), a.Spec().Settle)
}
