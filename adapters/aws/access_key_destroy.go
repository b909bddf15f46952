package aws

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// keyDestroy deletes the old access key. It takes only an inactive key that is
// known by id, and never one that was made after the response began.
type keyDestroy struct{ p *Provider }

const keyDestroyName = "aws.access_key.destroy"

// Spec implements adapters.Action.
func (keyDestroy) Spec() plan.Spec {
	return plan.Spec{
		Name: keyDestroyName, Summary: "Delete the old, inactive access key of an IAM user.",
		Target: "access_key", Inputs: keyInputs(idField, oldField,
			plan.Field{Name: "new", Type: plan.String, Doc: "Access key id of the new key, which is never deleted."}),
		Effect: plan.Irreversible, Role: plan.Destroy, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: propagation,
		Permissions: []string{"iam:ListAccessKeys", "iam:DeleteAccessKey"},
		Source:      "IAM API reference, DeleteAccessKey (a second time: NoSuchEntity)",
	}
}

// Plan implements adapters.Action. The key's status is not relied on: another
// action of the same plan changes it first.
func (keyDestroy) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	acc, u, k, err := plannedKey(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := oldKeyChange(acc, u, k, "delete")
	c.Evidence = []string{keysEvidence(acc, u.Name)}
	if k == nil {
		return c, nil
	}
	c.Before = plan.Image(keyImage{User: u.Name, ID: k.ID})
	if k.Status != gone {
		c.Calls = []plan.Call{destroyCall(u.Name, k.ID)}
	}
	return c, nil
}

func destroyCall(user, id string) plan.Call {
	return plan.Call{Key: "destroy " + id, Verb: "destroy", Object: id, Before: plan.Image(keyImage{User: user, ID: id})}
}

// Apply implements adapters.Action.
func (d keyDestroy) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if c.Object == t.Text("new") {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: c.Object + " is the new key; it is not deleted"}}
	}
	return d.p.deleteKey(ctx, t, c.Object)
}

// Settle implements adapters.Action.
func (d keyDestroy) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return d.p.settleStatus(ctx, t, c, func(status string) bool { return status == gone })
}

// Verify implements adapters.Action.
func (d keyDestroy) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	user := t.Text("user")
	keys, err := d.p.listKeys(ctx, t)
	if err != nil {
		return unread(ctx, "list the access keys of "+user, err)
	}
	id, value, trouble := oldKey(t)
	r := plan.Reading{State: plan.Broken, Server: keys.at, Before: plan.Image(keyImage{User: user, ID: id}), Saved: []plan.Saved{{
		Evidence: keysEvidence(keys.account.name, user), Listing: listing(keys.keys), Gap: "IAM never shows a key's secret again; the listing is all there is",
	}}}
	if trouble != "" {
		r.Detail, r.Found = trouble+" ("+listing(keys.keys)+")", candidates(keys.keys)
		return r
	}
	i := slices.IndexFunc(keys.keys, func(k snapshot.AccessKey) bool { return k.ID == id })
	if i < 0 {
		r.State, r.Proof = plan.Held, plan.P1
		return keys.account.probeDead(ctx, r, id, value)
	}
	switch k := keys.keys[i]; {
	case id == t.Text("new") || !k.Created.Before(t.Began.Add(keys.skew).Truncate(time.Second)): // by IAM's clock, in seconds
		r.Final = true
		r.Detail = id + " was made after the response began: it is not the old key and is not deleted; correct the id in firebreak.yaml"
	case k.Status == string(types.StatusTypeActive):
		r.Detail = id + " is still active; " + keyDisableName + " comes first"
	default:
		r.Next = []plan.Call{destroyCall(user, id)}
		r.Detail = id + " is inactive and still there"
	}
	return r
}
