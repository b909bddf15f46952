package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// mint makes a new key as the service's declaration says; where that declares no mint,
// a person makes it and pastes the value. A key it made and whose value was lost is
// destroyed; any other that appeared is shown and left to people.
type mint struct{ p *Provider }

// existing is the before-image of a mint's call: the ids there were.
type existing struct {
	IDs []string `json:"ids"`
}

// Spec implements adapters.Action.
func (mint) Spec() plan.Spec {
	return plan.Spec{
		Name: "http.key.mint", Summary: "Make a new key at a declared HTTP service", Target: "service",
		Inputs: serviceInputs(),
		Outputs: []plan.Field{
			{Name: "id", Type: plan.String, Doc: "the key's id at the service"},
			{Name: "value", Type: plan.Secret, Doc: "the key"},
		},
		Effect: plan.Reversible, Role: plan.Mint, Lost: plan.Detectable, Proof: plan.P1, Settle: listing,
		Revert: "http.key.revoke", Permissions: []string{"the declared mint and list"},
		Source: "the service's declaration under http: in firebreak.yaml",
	}
}

// Plan implements adapters.Action.
func (m mint) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	t, err := m.p.planned(in)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: plan.Target{Provider: "http", Kind: "service", ID: t.label(), Name: t.label()}}
	if t.c.s.Mint == nil {
		c.Assisted = &plan.Assisted{
			Instructions: "Make a new key at " + t.label() + " which may do what the old one could and nothing more, and paste its value.",
			Link:         t.c.s.Page, Wants: "value",
		}
		c.Proof, c.Shortfall = plan.P0, "a person makes the key; the test after it proves that it works"
		return c, nil
	}
	seen, err := t.surveyed(s)
	if err != nil {
		return plan.Change{}, err
	}
	before := existing{IDs: []string{}}
	for _, k := range seen.Keys {
		before.IDs = append(before.IDs, k.ID)
	}
	c.Calls = []plan.Call{create(t, before)}
	if t.c.s.List == nil {
		c.Proof, c.Shortfall = plan.P0, "the service declares no list, so nothing reads back that the key exists; the test after it proves that it works"
	}
	return c, nil
}

func create(t target, before existing) plan.Call {
	return plan.Call{Key: "create", Verb: adapters.Create, Object: t.label(), Before: plan.Image(before)}
}

// label names a key so that people recognize it, a different one for each mint of a
// response. It is no evidence that a key is ours.
func label(t adapters.Task) string {
	sum := sha256.Sum256([]byte(t.Action.ID))
	return "firebreak-" + t.Began.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(sum[:3])
}

// Apply implements adapters.Action.
func (m mint) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	at, err := m.p.task(t)
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: err.Error()}}
	}
	if c.Verb == "destroy" {
		return adapters.Result{Outcome: at.destroy(ctx, c.Object)}
	}
	if at.c.s.Mint == nil {
		return nothingToSend()
	}
	a, o := at.c.send(ctx, at.c.s.Mint, at.with("label", label(t)))
	if o.State != plan.Done {
		return adapters.Result{Outcome: o}
	}
	value := text(a.json, at.c.s.Mint.Value)
	id := text(a.json, at.c.s.Mint.ID)
	if a.bad != nil || value == "" || id == "" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Unknown, Request: o.Request, Detail: "the service accepted the request, but " + errPointer.Error()}}
	}
	o.Outputs = map[string]plan.Output{"id": {Value: id}}
	return adapters.Result{Outcome: o, Secrets: map[string]secret.Text{"value": secret.NewString(value)}}
}

// Settle implements adapters.Action. The one key that appeared since the intent is what
// a lost answer leaves behind; where several may be ours, or nothing can be listed, a
// person decides.
func (m mint) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	at, err := m.p.task(t)
	if err != nil {
		return adapters.Unsettled(err)
	}
	if at.c.s.List == nil {
		return plan.Settlement{Happened: "unknown", Wait: listing, Detail: "the service declares no list; look at " + at.page() + " whether a key was made"}
	}
	keys, err := at.c.keys(ctx, at.vars)
	if err != nil {
		return adapters.Unsettled(err)
	}
	if c.Verb == "destroy" {
		return destroyed(t, c, keys)
	}
	var before existing
	if err := json.Unmarshal(c.Before, &before); err != nil {
		return plan.Settlement{Happened: "unknown", Detail: "the intent does not say which keys existed"}
	}
	const skew = 5 * time.Minute
	made := t.Made()
	maybe := slices.DeleteFunc(keys, func(k key) bool {
		early := !k.Created.IsZero() && k.Created.Before(t.Asked(c).Add(-skew))
		return slices.Contains(before.IDs, k.ID) || slices.Contains(made, k.ID) || early
	})
	switch len(maybe) {
	case 0:
		return t.Absent(c, listing, "no new key is in the list")
	case 1:
		return plan.Settlement{
			Happened: "yes", Lost: true, Outputs: map[string]plan.Output{"id": {Value: maybe[0].ID}},
			Detail: "the key " + maybe[0].told() + " appeared; its value is lost, it will be destroyed",
		}
	}
	return plan.Settlement{Happened: "unknown", Wait: listing, Detail: fmt.Sprintf("%d keys appeared and each may be ours; remove them at %s", len(maybe), at.page())}
}

func (t target) page() string {
	if t.c.s.Page != "" {
		return t.c.s.Page
	}
	return "the service"
}

func destroyed(t adapters.Task, c plan.Call, keys []key) plan.Settlement {
	if slices.ContainsFunc(keys, func(k key) bool { return k.ID == c.Object }) {
		return t.Absent(c, listing, "the key is still in the list")
	}
	return plan.Settlement{Happened: "yes", Detail: "the key is not in the list any more"}
}

// Verify implements adapters.Action.
func (m mint) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	at, err := m.p.task(t)
	if err != nil {
		return adapters.Unread(err)
	}
	want, since := t.Current()
	outputs := map[string]plan.Output{"id": {Value: want}}
	switch {
	case at.c.s.Mint == nil:
		return plan.Reading{State: plan.Broken, Detail: "nobody has pasted the new key yet"}
	case at.c.s.List == nil && want != "":
		return plan.Reading{State: plan.Held, Proof: plan.P0, Outputs: outputs, Detail: "the service answered with a key; it declares no list to read it back from"}
	case at.c.s.List == nil:
		return plan.Reading{State: plan.Broken, Next: []plan.Call{create(at, existing{IDs: []string{}})}, Detail: "no new key yet"}
	}
	keys, err := at.c.keys(ctx, at.vars)
	if err != nil {
		return adapters.Unread(err)
	}
	r := plan.Reading{State: plan.Broken, Detail: "no new key yet"}
	r.Next, r.Found = at.strays(t, keys, want)
	there := slices.ContainsFunc(keys, func(k key) bool { return k.ID == want })
	switch {
	case want != "" && there && len(r.Next) == 0:
		r.State, r.Proof, r.Outputs, r.Detail = plan.Held, plan.P1, outputs, "the new key is in the list"
	case want != "" && there:
		r.Detail = "the new key is in the list, and so is one whose value was lost"
	case want != "" && t.Now.Sub(since) < listing.D():
		r.Wait, r.Detail = plan.Duration(5*time.Second), "the new key is not in the list yet"
	default:
		r.Next = append(r.Next, create(at, existing{IDs: idsOf(keys)}))
	}
	return r
}

// strays are keys that were not there when this was planned and are not what we hold
// now. Those which this mint made and lost are destroyed, where the service says how;
// any other may be an attacker's or somebody's new one, and is shown.
func (t target) strays(task adapters.Task, keys []key, want string) (calls []plan.Call, found []plan.Found) {
	known, ok := plannedIDs(task)
	made := task.Made()
	for _, k := range keys {
		switch {
		case k.ID == want || k.ID == t.c.s.Auth.Own:
		case slices.Contains(made, k.ID) && t.c.s.Destroy != nil:
			calls = append(calls, destroy(k.ID))
		case slices.Contains(made, k.ID):
			found = append(found, plan.Found{Kind: "http.key", Target: k.ID, Why: "firebreak made it and its value was lost; remove it at " + t.page()})
		case ok && !slices.Contains(known, k.ID):
			found = append(found, plan.Found{Kind: "http.key", Target: k.ID, Why: "appeared since the snapshot and nobody accounts for it: " + k.told()})
		}
	}
	return calls, found
}

// plannedIDs are the ids that existed when the action was planned; not ok when nothing
// recorded them.
func plannedIDs(t adapters.Task) (known []string, ok bool) {
	calls := slices.Clone(t.Action.Calls)
	for _, a := range t.History {
		calls = append(calls, a.Call)
	}
	for _, c := range calls {
		var e existing
		if len(c.Before) > 0 && json.Unmarshal(c.Before, &e) == nil && e.IDs != nil {
			return e.IDs, true
		}
	}
	return nil, false
}

func idsOf(keys []key) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		out = append(out, k.ID)
	}
	return out
}
