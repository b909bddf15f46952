package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// oidcRestore makes an identity provider again, exactly as it was. Its ARN follows from
// its URL, so that the roles that trusted it trust it again, each as its own policy says
// by then. One that somebody made meanwhile is left alone.
type oidcRestore struct{ p *Provider }

const oidcRestoreName = "aws.oidc_provider.restore"

// Spec implements adapters.Action.
func (oidcRestore) Spec() plan.Spec {
	return plan.Spec{
		Name: oidcRestoreName, Summary: "Make an identity provider again that was removed, as it was.",
		Target: "oidc-provider", Inputs: append(providerInputs(),
			plan.Field{Name: "earlier", Type: plan.String, Required: true, Doc: "What the task that removed it found there: its output of that name."}),
		Effect: plan.Disruptive, Role: plan.Lift, Lost: plan.ResendSafe, Proof: plan.P1, Settle: propagation,
		Permissions: []string{"iam:GetOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"},
		Revert:      oidcRemoveName,
		Source:      "IAM API reference, CreateOpenIDConnectProvider",
	}
}

// Needs implements adapters.Needing: whether there are tags is known when it was removed,
// and without any no permission for them is needed.
func (o oidcRestore) Needs(in adapters.Inputs) []string {
	was, err := removed(in.Text("earlier"))
	return slices.DeleteFunc(slices.Clone(o.Spec().Permissions), func(p string) bool {
		return p == "iam:TagOpenIDConnectProvider" && err == nil && len(was.Tags) == 0
	})
}

var _ adapters.Needing = oidcRestore{}

// Plan implements adapters.Action. What was there is known when the removal has read it.
func (oidcRestore) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	acc, x, err := findProvider(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := providerChange(acc, x)
	c.Breaks = "roles of account " + acc.Name + " let in again whoever their own policies name: " + whoTrusts(x)
	c.Inverse = &plan.Inverse{Use: oidcRemoveName, With: map[string]plan.Value{"provider": {Literal: x.ARN}}}
	if acc.Name != "" {
		c.Inverse.With["account"] = plan.Value{Literal: acc.Name}
	}
	text := in.Text("earlier")
	if text == "" {
		c.Before = nil // it will not be there by then, and that is as planned
		return c, nil
	}
	was, err := removed(text)
	if err != nil {
		return plan.Change{}, err
	}
	if now := imageOfProvider(x); now.gone() && !was.gone() {
		c.Calls = []plan.Call{restoreProvider(now, was)}
	}
	return c, nil
}

func restoreProvider(now, was providerImage) plan.Call {
	return plan.Call{
		Key: "restore-provider", Verb: "restore-provider", Object: was.Provider,
		Args: map[string]string{"earlier": string(plan.Image(was))}, Before: plan.Image(now),
	}
}

// Apply implements adapters.Action.
func (o oidcRestore) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	was, err := removed(c.Args["earlier"])
	if err != nil {
		return unsent(err.Error(), false)
	}
	a, err := o.p.account(t.Text("account"), c.Object)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "CreateOpenIDConnectProvider")
	if err != nil {
		return unreachable(err)
	}
	in := &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + was.URL), ClientIDList: was.Clients, ThumbprintList: was.Thumbprints}
	for _, k := range slices.Sorted(maps.Keys(was.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(was.Tags[k])})
	}
	out, err := w.iam.CreateOpenIDConnectProvider(ctx, in)
	if code(err) == "EntityAlreadyExists" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Done, Detail: "there is one already, which is read back"}}
	}
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:CreateOpenIDConnectProvider for "+was.URL, t.Now)}
	}
	r := judged(out.ResultMetadata, nil, "", t.Now)
	if aws.ToString(out.OpenIDConnectProviderArn) != c.Object {
		r.State, r.Detail = plan.Unknown, "the answer is about another provider"
	}
	return adapters.Result{Outcome: r}
}

// Settle implements adapters.Action.
func (o oidcRestore) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	r := o.Verify(ctx, t)
	switch r.State {
	case plan.Held:
		return plan.Settlement{Happened: "yes"}
	case plan.Broken:
		return t.Absent(c, task{t}.settle(), "the provider is not there as it was")
	}
	return plan.Settlement{Happened: "unknown", Detail: r.Detail}
}

// Verify implements adapters.Action.
func (o oidcRestore) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	was, err := removed(t.Text("earlier"))
	if err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	now, r := o.p.theProvider(ctx, t)
	switch {
	case r.State == plan.Unknown || now.again(was):
	case was.gone():
		r.Detail = "there was none before, and what is there now is somebody else's"
	case now.gone():
		r.State, r.Proof, r.Next = plan.Broken, "", []plan.Call{restoreProvider(now, was)}
		r.Detail = was.Provider + " is not there"
	default:
		r.State, r.Proof, r.Final = plan.Broken, "", true
		r.Detail = fmt.Sprintf("somebody made %s meanwhile, so it is left as it is: it is %s, before it was %s; set its client ids and thumbprints by hand and look again", now.Provider, plan.Image(now), plan.Image(was))
	}
	return r
}
