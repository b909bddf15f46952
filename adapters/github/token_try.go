package github

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// tokenTest asks GitHub with the new token whose it is.
type tokenTest struct{ *Provider }

// Spec implements adapters.Action.
func (tokenTest) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.token.test", Summary: "Prove that a new token works, by asking GitHub whose it is.", Target: "token",
		Inputs: []plan.Field{tokenUser, {Name: "value", Type: plan.Secret, Required: true, Doc: "the new token"}},
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P3, Settle: plan.Duration(5 * time.Second),
		Source: `GitHub REST reference, "Get the authenticated user"`,
	}
}

// Plan implements adapters.Action.
func (tokenTest) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	return plan.Change{Target: tokenTarget(in.Text("user"))}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (tokenTest) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (tokenTest) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a tokenTest) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	value := t.Secrets["value"]
	if value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new token cannot be had, so it cannot be tried; make another"}
	}
	login, code, server, err := a.whose(ctx, value)
	switch {
	case err != nil || code != http.StatusOK && code != http.StatusUnauthorized:
		return probeFailed(code, err)
	case code == http.StatusUnauthorized:
		return plan.Reading{State: plan.Broken, Wait: plan.Duration(5 * time.Second), Detail: "GitHub does not take the new token (401)"}
	case login != t.Text("user"):
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the new token is of " + login + ", not of " + t.Text("user")}
	}
	return plan.Reading{State: plan.Held, Proof: plan.P3, Server: server, Detail: "GitHub takes the new token as " + login}
}
