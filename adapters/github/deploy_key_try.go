package github

import (
	"context"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// deployKeyTest shows that GitHub has the public half of the new private key. Whether it
// lets it in only a connection tells, which the canary makes.
type deployKeyTest struct{ *Provider }

// Spec implements adapters.Action.
func (deployKeyTest) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.deploy_key.test", Summary: "Show that GitHub has the public half of a new deploy key.", Target: "deploy-key",
		Inputs: []plan.Field{
			repositoryInput,
			{Name: "id", Type: plan.String, Required: true, Doc: "id of the new key"},
			{Name: "value", Type: plan.Secret, Required: true, Doc: "the new private key"},
		},
		Effect: plan.Read, Role: plan.Test, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=read"},
		Source:      `GitHub REST reference, "List deploy keys"`,
	}
}

// Plan implements adapters.Action.
func (deployKeyTest) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{
		Target: plan.Target{Provider: "github", Kind: "deploy-keys", ID: r.FullName, Name: r.FullName},
		Proof:  plan.P2, Shortfall: "GitHub has no way to try a deploy key; the canary is the first to use it",
	}, nil
}

// Apply implements adapters.Action: there is nothing to send.
func (deployKeyTest) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return nothingToSend()
}

// Settle implements adapters.Action.
func (deployKeyTest) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a deployKeyTest) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	value := t.Secrets["value"]
	if value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new key cannot be had, so it cannot be tried; mint again"}
	}
	public, err := publicHalf(value)
	if err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the new value: " + err.Error()}
	}
	all, err := keysAt(ctx, a.reads, t.Text("repository"))
	if err != nil {
		return unread("list the deploy keys of "+t.Text("repository"), err)
	}
	if slices.ContainsFunc(all, func(k snapshot.DeployKey) bool { return keyID(k) == t.Text("id") && samePublic(k.Key, public) }) {
		return plan.Reading{State: plan.Held, Proof: plan.P1, Detail: "GitHub has the public half of the new key"}
	}
	return plan.Reading{State: plan.Broken, Wait: plan.Duration(5 * time.Second), Detail: "GitHub does not list the new key"}
}
