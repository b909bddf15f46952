package github

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// orgActionsStop switches Actions off in every repository of an organization: the largest
// hammer, for an attacker who goes from one repository to the next. Where Actions was on is
// read again right before, and kept with the intent. Runs that are under way go on.
type orgActionsStop struct{ *Provider }

// Spec implements adapters.Action.
func (orgActionsStop) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.org_actions.stop", Summary: "Switch Actions off in every repository of an organization.", Target: "organization-actions",
		Inputs: []plan.Field{organizationInput}, Outputs: []plan.Field{earlierOutput},
		Effect: plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"organization_administration=write"}, Revert: "github.org_actions.reopen",
		Source: `GitHub REST reference, "Set GitHub Actions permissions for an organization", enabled_repositories`,
	}
}

// Plan implements adapters.Action. No survey reads the switch: most tokens may not.
func (orgActionsStop) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	c, organization, err := orgTarget(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c.Breaks = "nothing runs any more, checks that pull requests need, releases and the rebuild included, in " + c.Breaks
	c.Calls = []plan.Call{orgCall("stop", organization, orgPath, nil, stoppedEverywhere)}
	c.Gaps = []plan.Gap{{What: "in which repositories of " + organization + " Actions is on", Why: "a survey does not ask; it is read before it is changed, and kept"}}
	c.Inverse = &plan.Inverse{Use: "github.org_actions.reopen", With: map[string]plan.Value{"organization": in["organization"]}}
	return c, nil
}

// Apply implements adapters.Action.
func (a orgActionsStop) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return a.putOrgSwitch(ctx, c)
}

// Settle implements adapters.Action.
func (a orgActionsStop) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.settleOrgSwitch(ctx, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a orgActionsStop) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	organization := t.Text("organization")
	now, server, err := orgSwitchOf(ctx, a.reads, organization)
	if err != nil {
		return unread("read where Actions is on in "+organization, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now.image(), Server: server, Detail: "Actions of the organization: " + string(now.Permissions)}
	if !now.on() {
		r.Outputs = outputs(earlier(t, "stop", now.image()))
		return r
	}
	r.State, r.Next = plan.Broken, []plan.Call{orgCall("stop", organization, orgPath, now.image(), stoppedEverywhere)}
	return unshown(t, r, a.Spec().Settle)
}
