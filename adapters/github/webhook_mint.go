package github

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// webhookMint gives a webhook a new secret. One whose setting has no answer is lost, and
// the next takes its place: no object is left behind. Only the configuration's own address
// leaves the rest of it as it is; an update of the webhook without the secret takes the
// secret away.
type webhookMint struct{ *Provider }

// Spec implements adapters.Action.
func (webhookMint) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.webhook.mint", Summary: "Give a webhook a new secret.", Target: "webhook",
		Inputs: webhookInputs,
		Outputs: []plan.Field{
			{Name: "id", Type: plan.String, Doc: "id of the webhook that has the new secret"},
			{Name: "value", Type: plan.Secret, Doc: "the secret"},
		},
		Effect: plan.Disruptive, Role: plan.Mint, Lost: plan.ResendSafe, Proof: plan.P1, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{permitHook + "write", permitOwnerHook + "write"},
		Source:      `GitHub REST reference, "Update a webhook configuration for a repository" and "for an organization"`,
	}
}

// Needs implements adapters.Needing.
func (webhookMint) Needs(in adapters.Inputs) []string { return hookNeeds(in, "write") }

// Plan implements adapters.Action.
func (webhookMint) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	h, owner, err := pickHook(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: hookTarget(owner, h), Breaks: "a receiver that checks signatures refuses what " + h.URL + " is sent until it has the new value; what it refused can be delivered again for three days"}
	c.Calls = []plan.Call{hookCall(adapters.Create, "set the secret", owner, idText(h.ID))}
	return c, nil
}

// secretLength is that of a new secret: 40 letters and digits are 238 bits.
const secretLength = 40

// Apply implements adapters.Action.
func (a webhookMint) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	value, err := secret.Generate(secret.AlphaNumeric, secretLength)
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: err.Error()}}
	}
	var kept struct {
		Secret *string `json:"secret"`
	}
	o, _ := a.send(ctx, http.MethodPatch, a.hookAt(t, c, "config"), map[string]string{"secret": value.Reveal()}, &kept)
	if o.State != plan.Done {
		return adapters.Result{Outcome: o}
	}
	if kept.Secret == nil || *kept.Secret == "" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Unknown, Request: o.Request, Detail: "GitHub accepted the request, but its answer shows no secret"}}
	}
	o.Outputs = map[string]plan.Output{"id": {Value: c.Args["id"]}}
	return adapters.Result{Outcome: o, Secrets: map[string]secret.Text{"value": value}}
}

// Settle implements adapters.Action. Which secret was set is nothing GitHub says, and
// nothing that matters: its value is lost, and another will be set.
func (webhookMint) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "unknown", Wait: plan.Duration(5 * time.Second), Detail: "GitHub does not say which secret a webhook has; another will take its place"}
}

// Verify implements adapters.Action. That our call was accepted is what counts; the read
// shows that the webhook is there and has some secret.
func (a webhookMint) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	now, server, err := a.hookOf(ctx, t)
	if err != nil {
		return hookGone(t, err)
	}
	id := idText(now.ID)
	if made, _ := t.Current(); made == id && now.Config.Secret != "" {
		return plan.Reading{State: plan.Held, Proof: plan.P1, Server: server, Outputs: map[string]plan.Output{"id": {Value: id}}, Detail: "the webhook has a secret, and our call to set it was accepted; it was last changed " + stamped(now.Updated)}
	}
	return plan.Reading{State: plan.Broken, Server: server, Next: []plan.Call{hookCall(adapters.Create, "set the secret", hookOwner(t), id)}, Detail: "no new secret yet"}
}
