package github

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// defaultTokenRestrict makes GITHUB_TOKEN read-only where a workflow does not say what
// it needs, and takes from it that it may approve pull requests. A workflow with a
// permissions key of its own gets what it says all the same.
type defaultTokenRestrict struct{ *Provider }

// Spec implements adapters.Action.
func (defaultTokenRestrict) Spec() plan.Spec {
	return plan.Spec{
		Name: defaultToken.freeze, Summary: "Make GITHUB_TOKEN read-only where a workflow does not say what it needs.", Target: defaultToken.kind,
		Inputs: []plan.Field{repositoryInput}, Outputs: []plan.Field{earlierOutput},
		Effect: plan.Disruptive, Role: plan.Freeze, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: defaultToken.lift,
		Source: `GitHub REST reference, "Set default workflow permissions for a repository"; 409 when the organization forbids it`,
	}
}

// Plan implements adapters.Action.
func (defaultTokenRestrict) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return defaultToken.planFreeze(in, s)
}

// Apply implements adapters.Action.
func (a defaultTokenRestrict) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return defaultToken.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a defaultTokenRestrict) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return defaultToken.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a defaultTokenRestrict) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, defaultToken.verifyFreeze(ctx, a.Provider, t), a.Spec().Settle)
}
