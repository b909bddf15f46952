package postgres

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// test logs in with the new value and asks who that is, in a read-only transaction.
type test struct{ p *Provider }

// Spec implements adapters.Action.
func (test) Spec() plan.Spec {
	return plan.Spec{
		Name: "postgres.role.test", Summary: "Prove that a new database password works, by logging in with it.", Target: "role",
		Inputs: []plan.Field{
			inputDSN, inputRoles, inputLive, inputURL,
			{Name: "id", Type: plan.String, Required: true, Doc: "the role that has the new password"},
			{Name: "value", Type: plan.Secret, Required: true, Doc: "the new value"},
		},
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P3, Settle: settle,
		Source: `PostgreSQL documentation, "Password Authentication"`,
	}
}

// Plan implements adapters.Action.
func (test) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	db, err := surveyed(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	t, err := turnsOf(in, db)
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{Target: target(db, []string{t.next()})}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (test) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "this action only reads; there is nothing to send"}}
}

// Settle implements adapters.Action.
func (test) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a test) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	new := t.Secrets["value"]
	if new.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new value cannot be had, so it cannot be tried; mint again"}
	}
	db, err := a.p.server(t.Text("dsn_env"))
	if err != nil {
		return adapters.Unread(err)
	}
	_, password := login(new)
	switch err := db.try(ctx, t.Text("id"), password); {
	case adapters.StatusOf(err) == http.StatusUnauthorized:
		return plan.Reading{State: plan.Broken, Wait: plan.Duration(5 * time.Second), Detail: "the server does not let " + t.Text("id") + " in with the new value"}
	case err != nil:
		return adapters.Unread(err)
	}
	return plan.Reading{State: plan.Held, Proof: plan.P3, Detail: "the server lets " + t.Text("id") + " in with the new value"}
}
