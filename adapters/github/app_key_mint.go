package github

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// appKeyMint has a person generate a new key: no API does.
type appKeyMint struct{ *Provider }

// Spec implements adapters.Action.
func (appKeyMint) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.app_key.mint", Summary: "Have a person generate a new private key of a GitHub App.", Target: "app-key",
		Inputs:  appKeyInputs(),
		Outputs: []plan.Field{{Name: "value", Type: plan.Secret, Doc: "the private key, PEM"}},
		Effect:  plan.Reversible, Role: plan.Mint, Lost: plan.Detectable, Proof: plan.P0,
		Permissions: []string{permitAppOwner},
		Source:      `GitHub Docs, "Managing private keys for GitHub Apps"`,
	}
}

// Plan implements adapters.Action.
func (appKeyMint) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{
		Target: appTarget(in.Text("app")),
		Assisted: &plan.Assisted{
			Instructions: "Generate a private key of the App, under Private keys in its settings, and give the file that is downloaded: @FILE reads it. It is tried before it counts. Delete the file afterwards.",
			Link:         appsPage(in), Wants: "value",
		},
	}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (appKeyMint) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (appKeyMint) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action: what was given is tried by the test.
func (appKeyMint) Verify(context.Context, adapters.Task) plan.Reading {
	return plan.Reading{State: plan.Held, Proof: plan.P0, Detail: "a person made it; it is tried before it counts"}
}

// appKeyTest asks GitHub, signed with the new key, whose it is.
type appKeyTest struct{ *Provider }

// Spec implements adapters.Action.
func (appKeyTest) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.app_key.test", Summary: "Prove that a new private key of a GitHub App works, by asking GitHub whose it is.", Target: "app-key",
		Inputs: appKeyInputs(plan.Field{Name: "value", Type: plan.Secret, Required: true, Doc: "the new private key"}),
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P3, Settle: plan.Duration(5 * time.Second),
		Source: `GitHub REST reference, "Get the authenticated app"`,
	}
}

// Plan implements adapters.Action.
func (appKeyTest) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{Target: appTarget(in.Text("app"))}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (appKeyTest) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (appKeyTest) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a appKeyTest) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	value := t.Secrets["value"]
	if value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new key cannot be had, so it cannot be tried; generate another"}
	}
	if _, err := appKeyOf(value); err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	v, err := a.whichApp(ctx, t.Text("app"), value)
	is, _ := leaked(t, v.shown)
	switch {
	case is:
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the key that was given as the new one is " + v.shown + ", the one that leaked, and it is in the stores again; skip this, then generate another by a new plan (firebreak plan)"}
	case err != nil || v.code != http.StatusOK && v.code != http.StatusUnauthorized:
		return appProbeFailed(v.code, err)
	case v.code == http.StatusUnauthorized:
		return plan.Reading{State: plan.Broken, Wait: plan.Duration(5 * time.Second), Detail: "GitHub does not take what the new key " + v.shown + " signs (401)"}
	case v.app != t.Text("app"):
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the new key is of App " + v.app + ", not of " + t.Text("app")}
	}
	return plan.Reading{State: plan.Held, Proof: plan.P3, Server: v.server, Detail: "GitHub takes what the new key " + v.shown + " signs"}
}
