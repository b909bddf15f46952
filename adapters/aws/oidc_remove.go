package aws

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// oidcRemove removes an identity provider from an account: the last resort, where roles
// cannot be shut one by one. Nobody it vouches for gets a session of any role any more.
// Roles are not changed: what they trust points nowhere until the provider is made again.
type oidcRemove struct{ p *Provider }

const oidcRemoveName = "aws.oidc_provider.remove"

// Spec implements adapters.Action.
func (oidcRemove) Spec() plan.Spec {
	return plan.Spec{
		Name: oidcRemoveName, Summary: "Remove an identity provider, which shuts every role of the account that trusts it.",
		Target: "oidc-provider", Inputs: providerInputs(),
		Outputs: []plan.Field{{Name: "earlier", Type: plan.String, Doc: "What was removed, as JSON; the input of the task that makes it again."}},
		Effect:  plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"iam:GetOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider"},
		Revert:      oidcRestoreName,
		Source:      "IAM API reference, DeleteOpenIDConnectProvider: \"does not update any roles\", and is idempotent",
	}
}

// Plan implements adapters.Action.
func (oidcRemove) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	acc, x, err := findProvider(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := providerChange(acc, x)
	c.Breaks = "every repository and workflow that comes into account " + acc.Name + " through " + roleName(x.ARN) + ", not those under response alone: " + whoTrusts(x)
	now := imageOfProvider(x)
	if now.gone() {
		return c, nil
	}
	c.Calls = []plan.Call{removeProvider(now)}
	for _, role := range x.Roles {
		c.Kills = append(c.Kills, roleKill(x.ARN, role)) // our own session could not be renewed
	}
	c.Gaps = []plan.Gap{{What: "sessions had through " + roleName(x.ARN), Why: "removing the provider ends none of them: each goes on until its role's sessions are revoked or it expires, after twelve hours at most"}}
	c.Inverse = &plan.Inverse{Use: oidcRestoreName, With: map[string]plan.Value{"provider": {Literal: x.ARN}, "earlier": {Literal: string(plan.Image(now))}}}
	if acc.Name != "" {
		c.Inverse.With["account"] = plan.Value{Literal: acc.Name}
	}
	return c, nil
}

func removeProvider(now providerImage) plan.Call {
	return plan.Call{Key: "remove-provider", Verb: "remove-provider", Object: now.Provider, Before: plan.Image(now)}
}

// Apply implements adapters.Action.
func (o oidcRemove) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := o.p.account(t.Text("account"), c.Object)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "DeleteOpenIDConnectProvider")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &c.Object})
	if code(err) == "NoSuchEntity" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Done, Detail: "it was removed already"}}
	}
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:DeleteOpenIDConnectProvider on "+c.Object, t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// Settle implements adapters.Action. Who removed it does not matter.
func (o oidcRemove) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	r := o.Verify(ctx, t)
	switch r.State {
	case plan.Held:
		return plan.Settlement{Happened: "yes"}
	case plan.Broken:
		return t.Absent(c, task{t}.settle(), "the provider is still there")
	}
	return plan.Settlement{Happened: "unknown", Detail: r.Detail}
}

// Verify implements adapters.Action. What the first removal found is kept: one that was
// made since is somebody else's.
func (o oidcRemove) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	now, r := o.p.theProvider(ctx, t)
	if r.State == plan.Unknown {
		return r
	}
	if !now.gone() {
		r.State, r.Proof, r.Next = plan.Broken, "", []plan.Call{removeProvider(now)}
		r.Detail = "roles still trust " + now.Provider + ", which is there"
		return r
	}
	was := json.RawMessage(plan.Image(now))
	if len(t.Action.Before) > 0 {
		was = t.Action.Before
	}
	for _, h := range t.History {
		if happened(&h) && len(h.Call.Before) > 0 {
			was = h.Call.Before
			break
		}
	}
	r.Outputs = map[string]plan.Output{"earlier": {Value: string(was)}}
	return r
}
