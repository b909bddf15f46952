// Package manual is the provider of tasks which people carry out and no system can
// confirm. A person's word is proof P0 and is shown as no more than that.
package manual

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Provider has no endpoint, credential or state.
type Provider struct{}

// New makes the provider.
func New() Provider { return Provider{} }

// Name implements adapters.Provider.
func (Provider) Name() string { return "manual" }

// Actions implements adapters.Provider.
func (Provider) Actions() []adapters.Action { return []adapters.Action{task{}} }

// Issuers implements adapters.Provider.
func (Provider) Issuers() []plan.Issuer { return nil }

// Stores implements adapters.Provider.
func (Provider) Stores() []plan.StoreKind { return nil }

// Survey implements adapters.Provider: there is nothing to list.
func (Provider) Survey(context.Context, adapters.Scope, *snapshot.Snapshot) error { return nil }

// Self implements adapters.Provider.
func (Provider) Self(context.Context) (adapters.Self, error) {
	return adapters.Self{Provider: "manual", Account: "people", Who: "whoever answers"}, nil
}

// task is one thing for a person to do. A playbook gives it a `verify` action where
// a reading can close it; this one is for what nobody can read.
type task struct{}

// Spec implements adapters.Action.
func (task) Spec() plan.Spec {
	return plan.Spec{
		Name: "manual.task", Summary: "Ask a person to do something and to say when it is done", Target: "task",
		Inputs: []plan.Field{
			{Name: "instructions", Type: plan.String, Required: true, Doc: "exactly what the person does"},
			{Name: "link", Type: plan.String, Doc: "where it is done"},
		},
		Effect: plan.Read, Role: plan.Notify, Lost: plan.ResendSafe, Proof: plan.P0,
		Source: "none: a person's word",
	}
}

// Plan implements adapters.Action. The same instructions are the same task.
func (task) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	text := in.Text("instructions")
	sum := sha256.Sum256([]byte(text + "\x00" + in.Text("link")))
	id := hex.EncodeToString(sum[:6])
	return plan.Change{
		Target:    plan.Target{Provider: "manual", Kind: "task", ID: id, Name: id},
		Assisted:  &plan.Assisted{Instructions: text, Link: in.Text("link")},
		Shortfall: "a person says so; no system is asked",
	}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (task) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "a person does this; there is nothing to send"}}
}

// Settle implements adapters.Action.
func (task) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action: it can never be seen that it is done.
func (task) Verify(context.Context, adapters.Task) plan.Reading {
	return plan.Reading{State: plan.Broken, Detail: "nobody has said yet that it is done"}
}
