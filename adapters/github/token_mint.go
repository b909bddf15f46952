package github

import (
	"context"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// tokenMint has a person make a new token: no API makes one.
type tokenMint struct{ *Provider }

// Spec implements adapters.Action.
func (tokenMint) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.token.mint", Summary: "Have a person make a new token of a user.", Target: "token",
		Inputs:  []plan.Field{tokenUser},
		Outputs: []plan.Field{{Name: "value", Type: plan.Secret, Doc: "the token"}},
		Effect:  plan.Reversible, Role: plan.Mint, Lost: plan.Detectable, Proof: plan.P0,
		Permissions: []string{permitOwner},
		Source:      `GitHub Docs, "Managing your personal access tokens": they are made in the web page alone`,
	}
}

// Plan implements adapters.Action.
func (tokenMint) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	user := in.Text("user")
	return plan.Change{
		Target: tokenTarget(user),
		Assisted: &plan.Assisted{
			Instructions: "Log in as " + user + ", make a fine-grained personal access token that may do what the old one was used for and nothing more, with an end, and paste it. It is tried before it counts.",
			Link:         "https://github.com/settings/personal-access-tokens/new", Wants: "value",
		},
	}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (tokenMint) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (tokenMint) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action: what was pasted is tried by the test.
func (tokenMint) Verify(context.Context, adapters.Task) plan.Reading {
	return plan.Reading{State: plan.Held, Proof: plan.P0, Detail: "a person made it; it is tried before it counts"}
}
