package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// keyDisable makes an access key inactive. It does not end sessions the key
// minted with GetSessionToken (up to 36 hours): userRevokeSessions does.
type keyDisable struct{ p *Provider }

const keyDisableName = "aws.access_key.disable"

// Spec implements adapters.Action.
func (keyDisable) Spec() plan.Spec {
	return plan.Spec{
		Name: keyDisableName, Summary: "Make the old access key of an IAM user inactive.",
		Target: "access_key", Inputs: keyInputs(idField, oldField),
		Effect: plan.Disruptive, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: propagation,
		Permissions: []string{"iam:ListAccessKeys", "iam:UpdateAccessKey"},
		Revert:      "manual.task",
		Source:      "IAM API reference, UpdateAccessKey; IAM user guide, \"Manage access keys for IAM users\"",
	}
}

// Plan implements adapters.Action.
func (keyDisable) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	acc, u, k, err := plannedKey(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := oldKeyChange(acc, u, k, "make inactive")
	c.Evidence = nil // nothing is lost by making a key inactive
	if k == nil {
		return c, nil
	}
	c.Before = plan.Image(keyImage{u.Name, k.ID, k.Status})
	c.Inverse = &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {
		Literal: "An access key that leaked stays inactive: give its users the new key. To restore service at once, mint a new key for " + u.Name + ".",
	}}}
	if k.Status == string(types.StatusTypeActive) {
		c.Calls = []plan.Call{disableCall(u.Name, *k)}
	}
	return c, nil
}

func disableCall(user string, k snapshot.AccessKey) plan.Call {
	return plan.Call{Key: "disable " + k.ID, Verb: "disable", Object: k.ID, Before: plan.Image(keyImage{user, k.ID, k.Status})}
}

// Apply implements adapters.Action.
func (d keyDisable) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	return d.p.setInactive(ctx, t, c)
}

// setInactive is shared with the mint, which disables its orphans.
func (p *Provider) setInactive(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	a, err := task{t}.account(p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "UpdateAccessKey")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
		UserName: aws.String(t.Text("user")), AccessKeyId: aws.String(c.Object), Status: types.StatusTypeInactive,
	})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:UpdateAccessKey on user "+t.Text("user"), t.Now)}
	}
	return adapters.Result{Outcome: judged(out.ResultMetadata, nil, "", t.Now)}
}

// Settle implements adapters.Action.
func (d keyDisable) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return d.p.settleStatus(ctx, t, c, func(status string) bool { return status != string(types.StatusTypeActive) })
}

// settleStatus judges a call on a key by the status IAM shows.
func (p *Provider) settleStatus(ctx context.Context, t adapters.Task, c plan.Call, done func(status string) bool) plan.Settlement {
	keys, err := p.listKeys(ctx, t)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: explain(err)}
	}
	status := statusOf(keys.keys, c.Object)
	if done(status) {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, task{t}.settle(), c.Object+" is still "+status)
}

// Verify implements adapters.Action.
func (d keyDisable) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	keys, err := d.p.listKeys(ctx, t)
	if err != nil {
		return unread(ctx, "list the access keys of "+t.Text("user"), err)
	}
	r := plan.Reading{State: plan.Broken, Server: keys.at, Before: plan.Image(keyImage{User: t.Text("user")})}
	id, value, trouble := oldKey(t)
	if trouble != "" {
		r.Detail = trouble + " (" + listing(keys.keys) + ")"
		r.Found = candidates(keys.keys)
		return r
	}
	status := statusOf(keys.keys, id)
	r.Before = plan.Image(keyImage{t.Text("user"), id, status})
	if status == string(types.StatusTypeActive) {
		r.Next = []plan.Call{disableCall(t.Text("user"), snapshot.AccessKey{ID: id, Status: status})}
		r.Detail = id + " is active"
		return r
	}
	r.State, r.Proof = plan.Held, plan.P1
	return keys.account.probeDead(ctx, r, id, value)
}

func candidates(keys []snapshot.AccessKey) []plan.Found {
	var out []plan.Found
	for _, k := range keys {
		out = append(out, plan.Found{Kind: "access_key", Target: k.ID, Why: "may be the key that leaked: " + listing([]snapshot.AccessKey{k})})
	}
	return out
}
