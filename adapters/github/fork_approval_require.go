package github

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// forkApprovalRequire makes workflows for pull requests of all outside contributors
// wait for a maintainer's yes. pull_request_target is not held back by it.
type forkApprovalRequire struct{ *Provider }

// Spec implements adapters.Action.
func (forkApprovalRequire) Spec() plan.Spec {
	return plan.Spec{
		Name: forkApproval.freeze, Summary: "Let workflows run for outside contributors' pull requests from forks only when a maintainer says so.", Target: forkApproval.kind,
		Inputs: []plan.Field{repositoryInput}, Outputs: []plan.Field{earlierOutput},
		Effect: plan.Reversible, Role: plan.Freeze, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: forkApproval.lift,
		Source: `GitHub REST reference, "Set fork PR contributor approval permissions for a repository", "Set private repo fork PR workflow settings for a repository"`,
	}
}

// Plan implements adapters.Action.
func (forkApprovalRequire) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return forkApproval.planFreeze(in, s)
}

// Apply implements adapters.Action.
func (a forkApprovalRequire) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return forkApproval.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a forkApprovalRequire) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return forkApproval.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a forkApprovalRequire) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, forkApproval.verifyFreeze(ctx, a.Provider, t), a.Spec().Settle)
}
