package github

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// defaultTokenLift gives GITHUB_TOKEN back what it got by default before the freeze.
type defaultTokenLift struct{ *Provider }

// Spec implements adapters.Action.
func (defaultTokenLift) Spec() plan.Spec {
	return plan.Spec{
		Name: defaultToken.lift, Summary: "Give GITHUB_TOKEN back what it got by default before the freeze.", Target: defaultToken.kind,
		Inputs: []plan.Field{repositoryInput, earlierInput},
		Effect: plan.Reversible, Role: plan.Lift, Lost: plan.ResendSafe, Proof: plan.P1, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: defaultToken.freeze,
		Source: `GitHub REST reference, "Set default workflow permissions for a repository"`,
	}
}

// Plan implements adapters.Action.
func (defaultTokenLift) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return defaultToken.planLift(in, s)
}

// Apply implements adapters.Action.
func (a defaultTokenLift) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return defaultToken.apply(ctx, a.Provider, c)
}

// Settle implements adapters.Action.
func (a defaultTokenLift) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return defaultToken.settle(ctx, a.Provider, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a defaultTokenLift) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, defaultToken.verifyLift(ctx, a.Provider, t), a.Spec().Settle)
}
