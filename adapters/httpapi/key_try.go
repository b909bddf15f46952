package httpapi

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// test tries the new key with the service's declared probe. It changes nothing.
type test struct{ p *Provider }

// Spec implements adapters.Action.
func (test) Spec() plan.Spec {
	return plan.Spec{
		Name: "http.key.test", Summary: "Prove that a new key works, with the probe the service declares", Target: "service",
		Inputs: serviceInputs(
			plan.Field{Name: "value", Type: plan.Secret, Required: true, Doc: "the new key"},
			plan.Field{Name: "id", Type: plan.String, Doc: "id of the new key, for the report"},
		),
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P3, Settle: plan.Duration(5 * time.Second),
		Source: "the service's declaration under http: in firebreak.yaml",
	}
}

// Plan implements adapters.Action.
func (a test) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	t, err := a.p.planned(in)
	return plan.Change{Target: plan.Target{Provider: "http", Kind: "service", ID: t.label(), Name: t.label()}}, err
}

// Apply implements adapters.Action: there is nothing to send.
func (test) Apply(context.Context, adapters.Task, plan.Call) adapters.Result { return nothingToSend() }

// Settle implements adapters.Action.
func (test) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement { return unsent() }

// Verify implements adapters.Action.
func (a test) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	at, err := a.p.task(t)
	if err != nil {
		return adapters.Unread(err)
	}
	value := t.Secrets["value"]
	if value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new value cannot be had, so it cannot be tried; mint again"}
	}
	switch v, err := at.c.try(ctx, at.vars, value); {
	case err != nil:
		return adapters.Unread(err)
	case v == dead:
		return plan.Reading{State: plan.Broken, Wait: plan.Duration(5 * time.Second), Detail: "the service refuses the new key"}
	}
	return plan.Reading{State: plan.Held, Proof: plan.P3, Detail: "the service accepts the new key"}
}
