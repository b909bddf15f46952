package github

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// deployKeyRevoke deletes the old deploy key. Which that is, in this order of trust: the
// one with the public half of the old private key; the declared id; the only one there
// is. Where none of these tells, nothing is deleted and a person is asked.
//
// GitHub's API has no way to try a key: it is dead by its id, or by its public half where
// the old value is at hand, which no other key of GitHub can have at the same time.
type deployKeyRevoke struct{ *Provider }

// Spec implements adapters.Action.
func (deployKeyRevoke) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.deploy_key.revoke", Summary: "Delete the old deploy key of a repository.", Target: "deploy-key",
		Inputs: append(slices.Clone(deployKeyInputs), plan.Field{Name: "keep", Type: plan.String, Doc: "id of the new key, which is never deleted"}),
		Effect: plan.Irreversible, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(10 * time.Second),
		Permissions: []string{"administration=write"},
		Source:      `GitHub REST reference, "Delete a deploy key"; "Create a deploy key": 422 for a key that is in use anywhere`,
	}
}

// Plan implements adapters.Action.
func (deployKeyRevoke) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target:    plan.Target{Provider: "github", Kind: "deploy-key", ID: r.FullName + "/?", Name: "the deploy key of " + r.FullName, Selector: true},
		Breaks:    "whoever still pulls or pushes with this key",
		Shortfall: "GitHub has no way to try a deploy key: it is gone from its list, and no probe shows it",
		Proof:     plan.P2,
	}
	k := pickKey(in.Text("id"), r.Keys)
	switch {
	case k != nil:
		c.Target = plan.Target{Provider: "github", Kind: "deploy-key", ID: r.FullName + "/" + keyID(*k), Name: shownKey(*k)}
		c.Before, c.Calls = plan.Image(keyImage{k.ID, k.Key}), []plan.Call{removeKey(r.FullName, *k, r.Keys)}
	case in.Text("id") != "":
		c.Target = plan.Target{Provider: "github", Kind: "deploy-key", ID: r.FullName + "/" + in.Text("id"), Name: "deploy key " + in.Text("id") + " of " + r.FullName}
	default:
		c.Calls = []plan.Call{{Key: "delete by value", Verb: "delete", Object: "the deploy key of " + r.FullName + " whose private half leaked", Before: plan.Image(keysBefore(r.Keys))}}
		c.Gaps = []plan.Gap{{What: "which deploy key of " + r.FullName, Why: fmt.Sprintf("no id is declared and there are %d; the old private key tells, otherwise a person is asked", len(r.Keys))}}
	}
	return c, nil
}

// keyImage is what is relied on: that this id is this key.
type keyImage struct {
	ID  int64  `json:"id"`
	Key string `json:"key"`
}

// Apply implements adapters.Action.
func (a deployKeyRevoke) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	return a.deleteKey(ctx, t, c)
}

// Settle implements adapters.Action.
func (a deployKeyRevoke) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	all, err := keysAt(ctx, a.reads, t.Text("repository"))
	if err != nil {
		return unsettled(err)
	}
	return deletedKey(t, c, all, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a deployKeyRevoke) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	repository := t.Text("repository")
	all, err := keysAt(ctx, a.reads, repository)
	if err != nil {
		return unread("list the deploy keys of "+repository, err)
	}
	doomed, known, how := a.meant(t, all)
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Detail: how}
	switch {
	case doomed != nil:
		r.State, r.Next = plan.Broken, []plan.Call{removeKey(repository, *doomed, all)}
		r.Before = plan.Image(keyImage{doomed.ID, doomed.Key})
	case !known:
		r.State, r.Final = plan.Broken, true
	}
	return unshown(t, r, a.Spec().Settle)
}

// meant tells which key is the old one. It is nil where that is not in the list; known is
// false where that proves nothing.
func (a deployKeyRevoke) meant(t adapters.Task, all []snapshot.DeployKey) (k *snapshot.DeployKey, known bool, how string) {
	find := func(is func(snapshot.DeployKey) bool) *snapshot.DeployKey {
		if i := slices.IndexFunc(all, func(k snapshot.DeployKey) bool { return keyID(k) != t.Text("keep") && is(k) }); i >= 0 {
			return &all[i]
		}
		return nil
	}
	id, planned := t.Text("id"), false
	for _, c := range t.Action.Calls {
		if planned = planned || c.Args["id"] != ""; id == "" {
			id = c.Args["id"]
		}
	}
	byID := find(func(k snapshot.DeployKey) bool { return keyID(k) == id && id != "" })
	if old := t.Secrets["old"]; !old.Empty() {
		public, err := publicHalf(old)
		if err != nil {
			return nil, false, "the pasted value tells no key: " + err.Error() + "; paste the private key, or go on without"
		}
		byValue := find(func(k snapshot.DeployKey) bool { return samePublic(k.Key, public) })
		switch {
		case byValue != nil && t.Text("id") != "" && byID != nil && byID.ID != byValue.ID:
			return nil, false, "the old private key is that of " + shownKey(*byValue) + ", and the declared id is another key's; correct the id under issuer github.deploy_key"
		case byValue != nil:
			return byValue, true, "known by the public half of the old key"
		case byID == nil || !samePublic(byID.Key, public) && t.Text("id") == "":
			return nil, true, "no deploy key has the public half of the old key"
		default:
			return nil, false, "the old private key is not that of the declared " + shownKey(*byID) + "; correct the id under issuer github.deploy_key"
		}
	}
	switch {
	case byID != nil:
		return byID, true, "known by its id"
	case planned || len(t.History) > 0:
		return nil, true, "the key is not in the list any more"
	case id != "":
		return nil, false, "no deploy key with this id was ever seen; check the id under issuer github.deploy_key, or paste the old private key"
	}
	return nil, false, fmt.Sprintf("it is not known which of %d deploy keys is the stolen one; give its id under issuer github.deploy_key, or paste the old private key", len(all))
}
