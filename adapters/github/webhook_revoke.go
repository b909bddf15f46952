package github

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// webhookRevoke shows that the old secret is over. There is nothing to send: the new one
// took its place. GitHub never shows a secret, so that this is known by the webhook's id
// and the time of its last change. It counts only once the receiver took the new one:
// until then it takes what is signed with the old.
type webhookRevoke struct{ *Provider }

// Spec implements adapters.Action.
func (webhookRevoke) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.webhook.revoke", Summary: "Show that the old secret of a webhook was replaced.", Target: "webhook",
		Inputs: append(append([]plan.Field{}, webhookInputs...), plan.Field{Name: "new", Type: plan.String, Required: true, Doc: "id of the webhook that has the new secret"},
			plan.Field{Name: "answered", Type: plan.Timestamp, Required: true, Doc: "when the receiver took a ping signed with the new secret"}),
		Effect: plan.Read, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{permitHook + "read", permitOwnerHook + "read"},
		Source:      `GitHub REST reference, "Get a repository webhook" and "Get an organization webhook": the secret is masked`,
	}
}

// Needs implements adapters.Needing.
func (webhookRevoke) Needs(in adapters.Inputs) []string { return hookNeeds(in, "read") }

// Plan implements adapters.Action.
func (webhookRevoke) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	h, owner, err := pickHook(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{
		Target: hookTarget(owner, h), Proof: plan.P2,
		Shortfall: "GitHub never shows a webhook's secret, and cannot know what a receiver takes: one that has not read the new value still takes what is signed with the old one",
	}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (webhookRevoke) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (webhookRevoke) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a webhookRevoke) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	now, server, err := a.hookOf(ctx, t)
	if err != nil {
		return hookGone(t, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Server: server, Detail: "the webhook has a secret and was last changed " + stamped(now.Updated)}
	switch {
	case t.Text("new") != idText(now.ID):
		r.State, r.Proof, r.Detail = plan.Broken, "", "no new secret was set for the webhook"
	case now.Config.Secret == "":
		r.State, r.Proof, r.Final = plan.Broken, "", true
		r.Detail = "the webhook has no secret any more: somebody took it away, and a receiver that asks for none takes anything; set it again"
	case now.Updated.Before(t.Began.Add(-slack)):
		r.State, r.Proof = plan.Unknown, ""
		r.Detail = "GitHub says that the webhook was last changed " + stamped(now.Updated) + ", before the response began, although it accepted our change; look again"
	}
	return r
}
