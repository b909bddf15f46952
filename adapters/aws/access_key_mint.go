package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// keyMint makes a new access key. IAM shows its secret once and a user has two
// keys at most; a key whose secret was lost on the way is found by the ids that
// existed before, disabled, deleted and minted anew. No other key is ever touched.
type keyMint struct{ p *Provider }

const (
	keyMintName = "aws.access_key.mint"
	slots       = 2 // Source: IAM user guide, "IAM and AWS STS quotas".
)

// Spec implements adapters.Action.
func (keyMint) Spec() plan.Spec {
	return plan.Spec{
		Name: keyMintName, Summary: "Make a new access key for an IAM user.",
		Target: "user", Inputs: keyInputs(),
		Outputs: []plan.Field{
			{Name: "id", Type: plan.String, Required: true, Doc: "Access key id of the new key."},
			{Name: "value", Type: plan.Secret, Required: true, Doc: "Its secret access key."},
		},
		Effect: plan.Reversible, Role: plan.Mint, Lost: plan.Detectable, Proof: plan.P2, Settle: propagation,
		Permissions: []string{"iam:ListAccessKeys", "iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey"},
		Revert:      keyDestroyName,
		Source:      "IAM API reference, CreateAccessKey (not idempotent; LimitExceeded at two keys)",
	}
}

// mintImage is the before-image: the ids that exist.
type mintImage struct {
	User string   `json:"user"`
	IDs  []string `json:"ids"`
}

func mintBefore(user string, keys []snapshot.AccessKey) json.RawMessage {
	ids := []string{}
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	slices.Sort(ids)
	return plan.Image(mintImage{user, ids})
}

// Plan implements adapters.Action. A mint is always needed: what a snapshot shows
// is never our key.
func (keyMint) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	_, u, err := findUser(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	before := mintBefore(u.Name, u.Keys)
	c := plan.Change{
		Target:  plan.Target{Provider: "aws", Kind: "user", ID: u.ARN, Name: u.Name},
		Before:  before,
		Calls:   []plan.Call{{Key: "mint", Verb: "mint", Object: u.Name, Before: before}},
		Inverse: &plan.Inverse{Use: keyDestroyName, With: map[string]plan.Value{"user": {Literal: u.Name}}},
	}
	if len(u.Keys) >= slots {
		c.Gaps = []plan.Gap{{What: "a free place for a new access key of " + u.Name, Why: "IAM allows two and both are taken: " + listing(u.Keys) + "; decide which one goes"}}
	}
	return c, nil
}

// Apply implements adapters.Action.
func (m keyMint) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	switch c.Verb {
	case "disable-orphan":
		return m.p.setInactive(ctx, t, c)
	case "delete-orphan":
		return m.p.deleteKey(ctx, t, c.Object)
	}
	a, err := task{t}.account(m.p)
	if err != nil {
		return unreachable(err)
	}
	w, err := a.writer(ctx, "CreateAccessKey")
	if err != nil {
		return unreachable(err)
	}
	out, err := w.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String(t.Text("user"))})
	if err != nil {
		return adapters.Result{Outcome: judged(noMetadata, err, "iam:CreateAccessKey on user "+t.Text("user"), t.Now)}
	}
	o := judged(out.ResultMetadata, nil, "", t.Now)
	if k := out.AccessKey; k == nil || aws.ToString(k.AccessKeyId) == "" || aws.ToString(k.SecretAccessKey) == "" {
		o.State, o.Detail = plan.Unknown, "the answer to CreateAccessKey holds no key"
		return adapters.Result{Outcome: o}
	}
	o.Outputs = map[string]plan.Output{"id": {Value: *out.AccessKey.AccessKeyId}}
	return adapters.Result{Outcome: o, Secrets: map[string]secret.Text{"value": secret.NewString(*out.AccessKey.SecretAccessKey)}}
}

// Settle implements adapters.Action. A key that was not there before and is not
// in the journal came from the call in doubt; its secret is lost.
func (m keyMint) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	switch c.Verb {
	case "disable-orphan":
		return m.p.settleStatus(ctx, t, c, func(s string) bool { return s != string(types.StatusTypeActive) })
	case "delete-orphan":
		return m.p.settleStatus(ctx, t, c, func(s string) bool { return s == gone })
	}
	keys, err := m.p.listKeys(ctx, t)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: explain(err)}
	}
	switch maybe := strangers(t, c, keys); len(maybe) {
	case 0:
	case 1:
		return plan.Settlement{
			Happened: "yes", Lost: true, Outputs: map[string]plan.Output{"id": {Value: maybe[0].ID}},
			Detail: "a key appeared whose secret nobody has: " + listing(maybe),
		}
	default:
		return plan.Settlement{Happened: "unknown", Wait: (task{t}).settle(), Detail: "more than one key appeared and each may be ours: " + listing(maybe) + "; find out which in CloudTrail (CreateAccessKey) and delete the other"}
	}
	return t.Absent(c, task{t}.settle(), "no new key is listed")
}

// Verify implements adapters.Action.
func (m keyMint) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	user := t.Text("user")
	keys, err := m.p.listKeys(ctx, t)
	if err != nil {
		return unread(ctx, "list the access keys of "+user, err)
	}
	before := mintBefore(user, keys.keys)
	r := plan.Reading{State: plan.Broken, Server: keys.at, Before: before, Saved: []plan.Saved{{
		Evidence: keysEvidence(keys.account.name, user), Listing: listing(keys.keys), Gap: "IAM never shows a key's secret again; the listing is all there is",
	}}}
	if o := orphans(t, keys.keys); len(o) > 0 {
		r.Detail = "a key was made and its secret lost: " + listing(o)
		for _, k := range o {
			r.Next = append(r.Next, removal(user, k))
		}
		return r
	}
	if last := lastMint(t); last != nil {
		return m.ours(t, r, keys.keys, *last)
	}
	if len(keys.keys) >= slots {
		r.Detail = "no place for a new key of " + user + ": IAM allows two and both are taken (" + listing(keys.keys) + "); decide which one goes"
		r.Found = candidates(keys.keys)
		return r
	}
	r.Next = []plan.Call{{Key: "mint", Verb: "mint", Object: user, Before: before}}
	r.Detail = "no new key yet"
	return r
}

// ours judges the key that was minted: it must be listed and active.
func (keyMint) ours(t adapters.Task, r plan.Reading, keys []snapshot.AccessKey, mint plan.Attempt) plan.Reading {
	id := mint.Outcome.Outputs["id"].Value
	switch status := statusOf(keys, id); {
	case status == string(types.StatusTypeActive):
		r.State, r.Proof, r.Outputs = plan.Held, plan.P1, mint.Outcome.Outputs
	case status != gone:
		r.Final = true
		r.Detail = fmt.Sprintf("the new key %s was made inactive by somebody else; find out by whom, then try the action again", id)
	case t.Now.Sub(t.Answered(mint.Call)) < (task{t}).settle().D():
		r.Wait = (task{t}).settle()
		r.Detail = "the new key " + id + " is not listed yet"
	default:
		r.Final = true
		r.Detail = fmt.Sprintf("the new key %s was deleted by somebody else; find out by whom, then try the action again", id)
	}
	return r
}
