package github

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// deployKeyMint makes a key pair and gives GitHub its public half. A key it made and whose
// private half was lost with the answer is deleted.
type deployKeyMint struct{ *Provider }

// Spec implements adapters.Action.
func (deployKeyMint) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.deploy_key.mint", Summary: "Make a new deploy key of a repository.", Target: "deploy-key",
		Inputs: []plan.Field{
			repositoryInput, deployKeyInputs[1],
			{Name: "writes", Type: plan.Bool, Doc: "whether the new key may push; left out: as the old one where it is known, otherwise not"},
		},
		Outputs: []plan.Field{
			{Name: "id", Type: plan.String, Doc: "id of the new key"},
			{Name: "value", Type: plan.Secret, Doc: "the private key, as OpenSSH writes it"},
		},
		Effect: plan.Reversible, Role: plan.Mint, Lost: plan.Detectable, Proof: plan.P1, Settle: plan.Duration(10 * time.Second),
		Permissions: []string{"administration=write"},
		Source:      `GitHub REST reference, "Create a deploy key"; OpenSSH, PROTOCOL.key`,
	}
}

// Plan implements adapters.Action.
func (deployKeyMint) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	reads := true
	if writes, said := in["writes"].Literal.(bool); said {
		reads = !writes
	} else if k := pickKey(in.Text("id"), r.Keys); k != nil {
		reads = k.ReadOnly
	}
	return plan.Change{
		Target: plan.Target{Provider: "github", Kind: "deploy-keys", ID: r.FullName, Name: r.FullName},
		Calls:  []plan.Call{makeKey(r.FullName, reads, r.Keys)},
	}, nil
}

// pickKey is the key meant while planning: by its id, or the only one there is.
func pickKey(id string, all []snapshot.DeployKey) *snapshot.DeployKey {
	for i := range all {
		if keyID(all[i]) == id || id == "" && len(all) == 1 {
			return &all[i]
		}
	}
	return nil
}

func makeKey(repository string, reads bool, before []snapshot.DeployKey) plan.Call {
	return plan.Call{
		Key: "create", Verb: adapters.Create, Object: "deploy key of " + repository,
		Args: map[string]string{"read_only": strconv.FormatBool(reads)}, Before: plan.Image(keysBefore(before)),
	}
}

func removeKey(repository string, k snapshot.DeployKey, before []snapshot.DeployKey) plan.Call {
	return plan.Call{
		Key: "delete " + keyID(k), Verb: "delete", Object: repository + " " + shownKey(k),
		Args: map[string]string{"id": keyID(k), "public": k.Key}, Before: plan.Image(keysBefore(before)),
	}
}

// Apply implements adapters.Action.
func (a deployKeyMint) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if c.Verb == "delete" {
		return a.deleteKey(ctx, t, c)
	}
	private, public, err := newKeyPair(keyLabel(t))
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "make a key: " + err.Error()}}
	}
	var made struct {
		ID  int64  `json:"id"`
		Key string `json:"key"`
	}
	body := map[string]any{"title": keyLabel(t), "key": public, "read_only": c.Args["read_only"] != "false"}
	o, _ := a.send(ctx, http.MethodPost, at(t.Text("repository"), "keys"), body, &made)
	if o.State != plan.Done {
		return adapters.Result{Outcome: o}
	}
	if made.ID == 0 || made.Key != "" && !samePublic(made.Key, public) {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Unknown, Request: o.Request, Detail: "GitHub accepted the request, but its answer names another key or none"}}
	}
	o.Outputs = map[string]plan.Output{"id": {Value: strconv.FormatInt(made.ID, 10)}}
	return adapters.Result{Outcome: o, Secrets: map[string]secret.Text{"value": private}}
}

// deleteKey takes one key away. One that is not there is gone already, or hidden from us:
// reading tells.
func (p *Provider) deleteKey(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	o, code := p.send(ctx, http.MethodDelete, at(t.Text("repository"), "keys", c.Args["id"]), nil, nil)
	if code == http.StatusNotFound {
		o.State, o.Detail = plan.Done, "GitHub does not know it, or does not show it to this token"
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action. The one key that appeared since the intent under our
// label is what a lost answer leaves behind; its private half is gone with the answer.
func (a deployKeyMint) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	all, err := keysAt(ctx, a.reads, t.Text("repository"))
	if err != nil {
		return unsettled(err)
	}
	if c.Verb == "delete" {
		return deletedKey(t, c, all, a.Spec().Settle)
	}
	var before keysImage
	if err := json.Unmarshal(c.Before, &before); err != nil {
		return plan.Settlement{Happened: "unknown", Detail: "the intent does not say which deploy keys existed"}
	}
	made := t.Made()
	maybe := slices.DeleteFunc(all, func(k snapshot.DeployKey) bool {
		return slices.Contains(before.IDs, k.ID) || slices.Contains(made, keyID(k)) || k.Title != keyLabel(t)
	})
	switch len(maybe) {
	case 0:
		return t.Absent(c, a.Spec().Settle, "no new key is in the list")
	case 1:
		return plan.Settlement{
			Happened: "yes", Lost: true, Outputs: map[string]plan.Output{"id": {Value: keyID(maybe[0])}},
			Detail: shownKey(maybe[0]) + " appeared; its private half is lost, it will be deleted",
		}
	}
	return plan.Settlement{Happened: "unknown", Wait: a.Spec().Settle, Detail: strconv.Itoa(len(maybe)) + " keys appeared under our label and each may be ours; delete them in the repository's settings, Deploy keys"}
}

// deletedKey settles a deletion.
func deletedKey(t adapters.Task, c plan.Call, all []snapshot.DeployKey, wait plan.Duration) plan.Settlement {
	if slices.ContainsFunc(all, func(k snapshot.DeployKey) bool { return keyID(k) == c.Args["id"] }) {
		return t.Absent(c, wait, "the key is still there")
	}
	return plan.Settlement{Happened: "yes"}
}

// Verify implements adapters.Action.
func (a deployKeyMint) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	repository := t.Text("repository")
	all, err := keysAt(ctx, a.reads, repository)
	if err != nil {
		return unread("list the deploy keys of "+repository, err)
	}
	want, at := t.Current()
	r := plan.Reading{State: plan.Broken, Detail: "no new key yet"}
	there := false
	for _, k := range all {
		switch {
		case keyID(k) == want:
			there = true
		case slices.Contains(t.Made(), keyID(k)):
			r.Next = append(r.Next, removeKey(repository, k, all))
		case appeared(t, k):
			r.Found = append(r.Found, plan.Found{Kind: "deploy key", Target: keyID(k), Why: "appeared in " + repository + " since the snapshot and nobody accounts for it: " + shownKey(k)})
		}
	}
	switch {
	case want != "" && there && len(r.Next) == 0:
		r.State, r.Proof, r.Outputs, r.Detail = plan.Held, plan.P1, map[string]plan.Output{"id": {Value: want}}, "the new key is in the list"
	case want != "" && there:
		r.Detail = "the new key is in the list, and so is one whose private half was lost"
	case want != "" && t.Now.Sub(at) < a.Spec().Settle.D():
		r.Wait, r.Detail = plan.Duration(5*time.Second), "the new key is not in the list yet"
	default:
		r.Next = append(r.Next, makeKey(repository, readsOnly(t), all))
	}
	return r
}

// readsOnly is what the plan says of the new key.
func readsOnly(t adapters.Task) bool {
	return !slices.ContainsFunc(t.Action.Calls, func(c plan.Call) bool { return c.Args["read_only"] == "false" })
}

// appeared reports whether a key was not there when this was planned.
func appeared(t adapters.Task, k snapshot.DeployKey) bool {
	for _, c := range t.Action.Calls {
		var before keysImage
		if json.Unmarshal(c.Before, &before) == nil && before.IDs != nil {
			return !slices.Contains(before.IDs, k.ID)
		}
	}
	return false
}
