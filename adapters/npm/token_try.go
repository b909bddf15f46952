package npm

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// test asks the registry with the new token who it is. It changes nothing: a
// publish is never tried.
type test struct{ p *Provider }

// Spec implements adapters.Action.
func (test) Spec() plan.Spec {
	return plan.Spec{
		Name: "npm.token.test", Summary: "Prove that a new npm token works, by asking the registry whose it is", Target: "user",
		Inputs: []plan.Field{
			{Name: "user", Type: plan.String, Required: true, Doc: "npm user the token must act as"},
			{Name: "value", Type: plan.Secret, Required: true, Doc: "the new token"},
			{Name: "id", Type: plan.String, Doc: "key of the new token, for the report"},
		},
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P3, Settle: plan.Duration(5 * time.Second),
		Source: "npm registry API, GET /-/whoami",
	}
}

// Plan implements adapters.Action.
func (test) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	u := in.Text("user")
	return plan.Change{Target: plan.Target{Provider: "npm", Kind: "user", ID: u, Name: u}}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (test) Apply(context.Context, adapters.Task, plan.Call) adapters.Result { return nothingToSend() }

// Settle implements adapters.Action.
func (test) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

func nothingToSend() adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "this action only reads; there is nothing to send"}}
}

// Verify implements adapters.Action.
func (a test) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	value, ok := t.Secrets["value"]
	if !ok || value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new value cannot be had, so it cannot be tried; mint again"}
	}
	who, err := a.p.c.whoami(ctx, value)
	var s *adapters.Status
	switch {
	case errors.As(err, &s) && s.Code == http.StatusUnauthorized:
		return plan.Reading{State: plan.Broken, Wait: plan.Duration(5 * time.Second), Detail: "the registry does not accept the new token (401)"}
	case err != nil:
		return adapters.Unread(err)
	case who != t.Text("user"):
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the new token is of another user than " + t.Text("user")}
	}
	return plan.Reading{State: plan.Held, Proof: plan.P3, Detail: "the registry accepts the new token as " + who}
}
