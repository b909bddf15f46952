package github

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// orgActionsReopen switches Actions on again where it was on, once each workflow under
// response is shut by itself. Which repositories and which actions were selected is put
// back after the switch, where GitHub forgot it: until then less runs, never more.
type orgActionsReopen struct{ *Provider }

// Spec implements adapters.Action.
func (orgActionsReopen) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.org_actions.reopen", Summary: "Switch Actions on again in the repositories of an organization where it was on before it was stopped.", Target: "organization-actions",
		Inputs: []plan.Field{organizationInput, earlierInput},
		Effect: plan.Disruptive, Role: plan.Reopen, Lost: plan.ResendSafe, Proof: plan.P1, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"organization_administration=write"}, Revert: "github.org_actions.stop",
		Source: `GitHub REST reference, "Set GitHub Actions permissions for an organization", "Set selected repositories enabled for GitHub Actions in an organization" and "Set allowed actions and reusable workflows for an organization"`,
	}
}

// Plan implements adapters.Action. What was there is known when the stop has read it.
func (orgActionsReopen) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	c, organization, err := orgTarget(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c.Breaks = "each workflow that is not switched off by itself runs again, where Actions was on, in " + c.Breaks
	c.Inverse = &plan.Inverse{Use: "github.org_actions.stop", With: map[string]plan.Value{"organization": in["organization"]}}
	text := in.Text("earlier")
	if text == "" {
		return c, nil
	}
	var was orgSwitch
	if err := given(text, &was); err != nil {
		return plan.Change{}, err
	}
	if was.on() {
		c.Calls = []plan.Call{orgCall("reopen", organization, orgPath, stoppedEverywhere, canonical(was.Permissions))}
	}
	return c, nil
}

// Apply implements adapters.Action.
func (a orgActionsReopen) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return a.putOrgSwitch(ctx, c)
}

// Settle implements adapters.Action.
func (a orgActionsReopen) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.settleOrgSwitch(ctx, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action. It knows two states, as a lift does.
func (a orgActionsReopen) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	organization := t.Text("organization")
	var was orgSwitch
	if err := given(t.Text("earlier"), &was); err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	now, server, err := orgSwitchOf(ctx, a.reads, organization)
	if err != nil {
		return unread("read where Actions is on in "+organization, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now.image(), Server: server, Detail: "Actions of the organization: " + string(now.Permissions)}
	broken := func(verb, below string, is, body json.RawMessage) plan.Reading {
		r.State, r.Next = plan.Broken, []plan.Call{orgCall(verb, organization, below, is, canonical(body))}
		return unshown(t, r, a.Spec().Settle)
	}
	switch {
	case !was.on():
		r.Detail = "Actions was off in the whole organization before"
		return r
	case !now.on():
		return broken("reopen", orgPath, now.Permissions, was.Permissions)
	case !same(now.Permissions, was.Permissions):
		return foreign(r, "where Actions runs", now.Permissions, was.Permissions)
	case now.enabled == chosenOnly && !slices.Equal(now.Repositories, was.Repositories):
		return broken("select repositories of", orgRepositoriesPath, now.where(), was.where())
	case len(was.Selected) > 0 && !same(now.Selected, was.Selected):
		return broken("select", orgSelectedPath, now.Selected, was.Selected)
	}
	return r
}
