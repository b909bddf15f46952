package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// probe makes a declared check with firebreak's own credential: it closes a task that a
// person carries out (a playbook's manual task with verify) as soon as the service
// answers as it should afterwards.
type probe struct{ p *Provider }

// Spec implements adapters.Action.
func (probe) Spec() plan.Spec {
	return plan.Spec{
		Name: "http.probe", Summary: "See with a declared check that a service stands as it should", Target: "check",
		Inputs: serviceInputs(plan.Field{Name: "check", Type: plan.String, Required: true, Doc: "name of the check under checks: of the service"}),
		Effect: plan.Read, Role: plan.Look, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Source: "the service's declaration under http: in firebreak.yaml",
	}
}

// Plan implements adapters.Action.
func (a probe) Plan(in adapters.Inputs, _ *snapshot.Snapshot) (plan.Change, error) {
	t, err := a.p.planned(in)
	name := in.Text("check")
	c := plan.Change{Target: plan.Target{Provider: "http", Kind: "check", ID: t.label() + "/" + name, Name: t.label() + " " + name}}
	if err == nil && t.c.s.Checks[name] == nil {
		err = fmt.Errorf("the service %s declares no check %q; add it under http.%s.checks in firebreak.yaml", t.c.name, name, t.c.name)
	}
	return c, err
}

// Apply implements adapters.Action: there is nothing to send.
func (probe) Apply(context.Context, adapters.Task, plan.Call) adapters.Result { return nothingToSend() }

// Settle implements adapters.Action.
func (probe) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement { return unsent() }

// Verify implements adapters.Action.
func (a probe) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	at, err := a.p.task(t)
	if err != nil {
		return adapters.Unread(err)
	}
	check := at.c.s.Checks[t.Text("check")]
	if check == nil {
		return plan.Reading{State: plan.Unknown, Detail: "the check " + t.Text("check") + " is not declared any more; put it back under http: in firebreak.yaml"}
	}
	own, err := at.c.own()
	if err != nil {
		return adapters.Unread(err)
	}
	req, err := at.c.request(ctx, check, at.vars, own)
	if err != nil {
		return adapters.Unread(err)
	}
	got, err := do(at.c.reads, req)
	if err != nil {
		return adapters.Unread(err)
	}
	code := got.resp.StatusCode
	if limited, _ := adapters.RetryAfter(got.resp, at.c.now()); !check.ok(code) && (adapters.Passing(code) && code >= 400 || limited > 0) {
		return adapters.Unread(&adapters.Status{Method: req.Method, Path: req.URL.Path, Code: code, RetryAfter: limited})
	}
	if !check.ok(code) {
		return plan.Reading{State: plan.Broken, Wait: plan.Duration(15 * time.Second), Detail: fmt.Sprintf("%s %s answers %d", req.Method, req.URL.Path, code)}
	}
	if got.bad != nil && code != http.StatusNoContent && code < 300 {
		return plan.Reading{State: plan.Unknown, Detail: got.bad.Error()}
	}
	if err := got.wanted(check); err != nil && len(check.Is) > 0 {
		return plan.Reading{State: plan.Broken, Wait: plan.Duration(15 * time.Second), Detail: err.Error()}
	}
	return plan.Reading{State: plan.Held, Proof: plan.P1, Detail: fmt.Sprintf("%s %s answers %d, as the check wants", req.Method, req.URL.Path, code)}
}
