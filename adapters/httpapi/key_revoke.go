package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// revoke destroys the old key and waits until the service refuses its value. Which key
// that is: the declared id, or the only one there is; where neither tells, nothing is
// destroyed and a person is asked. Where the service declares no destroy, a person
// does it, and the list or the probe closes the task.
//
// A refused value is proof only where the service shows some of its characters and
// they are the destroyed key's: a service refuses every value it never gave out, too.
type revoke struct{ p *Provider }

// Spec implements adapters.Action.
func (revoke) Spec() plan.Spec {
	return plan.Spec{
		Name: "http.key.revoke", Summary: "Destroy a key at a declared HTTP service and prove that it is refused", Target: "key",
		Inputs: serviceInputs(
			plan.Field{Name: "id", Type: plan.String, Doc: "id of the key, if it is known"},
			plan.Field{Name: "old", Type: plan.Secret, Doc: "the old value: its refusal is the proof"},
			plan.Field{Name: "since", Type: plan.Timestamp, Doc: "also destroy keys created at or after this time, where the list says when"},
			plan.Field{Name: "keep", Type: plan.String, Doc: "id of the new key, which is never destroyed"},
		),
		Effect: plan.Irreversible, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: listing,
		Permissions: []string{"the declared destroy and list"},
		Source:      "the service's declaration under http: in firebreak.yaml",
	}
}

// beforeKey is what is relied on: that this id is this key.
type beforeKey struct {
	ID   string `json:"id"`
	Hint string `json:"hint,omitempty"`
}

func destroy(id string) plan.Call {
	return plan.Call{Key: "destroy " + id, Verb: "destroy", Object: id}
}

func (t target) destroy(ctx context.Context, id string) plan.Outcome {
	if t.c.s.Destroy == nil {
		return nothingToSend().Outcome
	}
	_, o := t.c.send(ctx, t.c.s.Destroy, t.with("id", id))
	return o
}

// Plan implements adapters.Action.
func (a revoke) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	t, err := a.p.planned(in)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: plan.Target{Provider: "http", Kind: "key", ID: t.label() + "/?", Name: t.label() + " key", Selector: true},
		Breaks: "everything that still uses this key of " + t.c.name,
	}
	seen, err := t.surveyed(s)
	if err != nil {
		return plan.Change{}, err
	}
	a.prove(&c, in, t)
	id := a.pick(in, t, seen)
	before := existing{IDs: []string{}}
	for _, k := range seen.Keys {
		before.IDs = append(before.IDs, k.ID)
	}
	switch {
	case t.c.s.Destroy == nil:
		c.Assisted = &plan.Assisted{Instructions: "Remove the old key of " + t.label() + named(id) + ". Removing is enough when the service stops accepting it at once.", Link: t.c.s.Page}
	case id == "":
		c.Gaps = []plan.Gap{{What: "which key of " + t.label(), Why: fmt.Sprintf("no id is declared and %d could be meant; give it under issuer http.key", len(seen.Keys))}}
	}
	if id == "" {
		return c, nil
	}
	c.Target.ID, c.Target.Name, c.Target.Selector = t.label()+"/"+id, id, false
	c.Kills = []string{killKey(t.c.name, id)}
	was := beforeKey{ID: id}
	there := t.c.s.List == nil
	for _, k := range seen.Keys {
		if k.ID == id {
			was.Hint, there = k.Hint, true
		}
	}
	c.Before = plan.Image(was)
	if there && t.c.s.Destroy != nil {
		call := destroy(id)
		call.Before = plan.Image(before)
		c.Calls = []plan.Call{call}
	}
	return c, nil
}

func named(id string) string {
	if id == "" {
		return ""
	}
	return ", " + id
}

// prove says what can be proven with what the service declares.
func (revoke) prove(c *plan.Change, in adapters.Inputs, t target) {
	asked := in["old"].Held != "" || in["old"].Output != nil
	switch {
	case t.c.s.List == nil && !asked:
		c.Proof, c.Shortfall = plan.P0, "the service declares no list and the old value is not asked for: its death is the service's word"
	case t.c.s.List == nil || t.c.s.List.Hint == "":
		c.Proof, c.Shortfall = plan.P2, "the service does not show which value is which key's, so a refused value proves no more than the list"
		if t.c.s.List == nil {
			c.Proof = plan.P1
		}
	case !asked:
		c.Proof, c.Shortfall = plan.P2, "the old value is not asked for, so the key is dead by its id and no probe shows it"
	}
}

// pick is the key meant while planning, "" when nothing tells.
func (revoke) pick(in adapters.Inputs, t target, seen *snapshot.Service) string {
	if id := in.Text("id"); id != "" {
		return id
	}
	var theirs []string
	for _, k := range seen.Keys {
		if k.ID != t.c.s.Auth.Own {
			theirs = append(theirs, k.ID)
		}
	}
	if len(theirs) == 1 {
		return theirs[0]
	}
	return ""
}

// Apply implements adapters.Action.
func (a revoke) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	at, err := a.p.task(t)
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: err.Error()}}
	}
	return adapters.Result{Outcome: at.destroy(ctx, c.Object)}
}

// Settle implements adapters.Action. Destroying twice does no harm.
func (a revoke) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	at, err := a.p.task(t)
	if err != nil {
		return adapters.Unsettled(err)
	}
	if at.c.s.List == nil {
		return plan.Settlement{Happened: "no", Detail: "the service declares no list; destroying again does no harm"}
	}
	keys, err := at.c.keys(ctx, at.vars)
	if err != nil {
		return adapters.Unsettled(err)
	}
	return destroyed(t, c, keys)
}

// meant is the id of the old key, "" when nothing tells.
func (revoke) meant(t adapters.Task) string {
	if id := t.Text("id"); id != "" {
		return id
	}
	var was beforeKey
	if json.Unmarshal(t.Action.Before, &was) == nil {
		return was.ID
	}
	return ""
}

// Verify implements adapters.Action.
func (a revoke) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	at, err := a.p.task(t)
	if err != nil {
		return adapters.Unread(err)
	}
	id := a.meant(t)
	if id != "" && id == at.c.s.Auth.Own {
		return plan.Reading{State: plan.Broken, Final: true, Detail: "this key is firebreak's own credential; come with another one, then retry"}
	}
	if at.c.s.List == nil {
		return a.unlisted(ctx, t, at, id)
	}
	keys, err := at.c.keys(ctx, at.vars)
	if err != nil {
		return adapters.Unread(err)
	}
	if stop := stays(t, at, keys, id); stop != "" {
		return plan.Reading{State: plan.Broken, Final: true, Detail: stop}
	}
	r := plan.Reading{State: plan.Broken}
	doomed := a.doomed(t, at, keys, id)
	r.Found = a.found(t, at, keys, doomed)
	if len(doomed) > 0 {
		for _, k := range doomed {
			if k.ID == id {
				r.Before = plan.Image(beforeKey{ID: k.ID, Hint: k.Hint})
			}
			if at.c.s.Destroy != nil {
				call := destroy(k.ID)
				call.Before = plan.Image(existing{IDs: idsOf(keys)})
				r.Next = append(r.Next, call)
			}
		}
		r.Detail = "the key is still in the list: " + doomed[0].told()
		return r
	}
	if id == "" {
		r.Final, r.Detail = true, fmt.Sprintf("it is not known which of %d keys is the stolen one; give its id under issuer http.key and plan again", len(keys))
		return r
	}
	if known, ok := plannedIDs(t); ok && !slices.Contains(known, id) {
		r.State, r.Detail = plan.Unknown, "no key with this id was ever seen; check the id under issuer http.key"
		return r
	}
	return a.probe(ctx, t, at, r)
}

// stays says why the key that is meant must not be destroyed, "" when it may. A service
// that gives the new value the old id has no old key to destroy, and the list would look
// as if it were gone.
func stays(t adapters.Task, at target, keys []key, id string) string {
	if id != "" && id == t.Text("keep") {
		return "the new key has the id of the old one, so there is no old key to destroy and nothing shows the old value dead; look at " + at.page()
	}
	for _, k := range keys {
		if k.ID == id && ours(at, k) {
			return "the list shows this key with the characters of firebreak's own credential in " + at.c.s.Auth.Env + "; come with another one, then retry"
		}
	}
	return ""
}

// ours reports whether a key looks like the credential firebreak comes with, whatever
// is declared of it.
func ours(at target, k key) bool {
	own, err := at.c.own()
	return err == nil && adapters.MaskTells(k.Hint) && adapters.MaskFits(k.Hint, own)
}

// doomed are the keys in the list that are to go: the old one, and what was made since.
// What was made after the response began may be the new key of another credential at
// the same service, so it is shown instead.
func (a revoke) doomed(t adapters.Task, at target, keys []key, id string) []key {
	since, err := time.Parse(time.RFC3339, t.Text("since"))
	known, planned := plannedIDs(t)
	return slices.DeleteFunc(slices.Clone(keys), func(k key) bool {
		if k.ID == at.c.s.Auth.Own || k.ID == t.Text("keep") || ours(at, k) {
			return true
		}
		late := err == nil && !k.Created.IsZero() && !k.Created.Before(since) && k.Created.Before(t.Began) && (!planned || slices.Contains(known, k.ID))
		return k.ID != id && !late
	})
}

// unlisted is the reading where nothing can be listed: what was sent, and the probe.
func (a revoke) unlisted(ctx context.Context, t adapters.Task, at target, id string) plan.Reading {
	sent := slices.ContainsFunc(t.History, func(h plan.Attempt) bool { return h.Outcome != nil && h.Outcome.State == plan.Done })
	r := plan.Reading{State: plan.Broken}
	switch {
	case !sent && at.c.s.Destroy != nil && id != "":
		r.Before, r.Next, r.Detail = plan.Image(beforeKey{ID: id}), []plan.Call{destroy(id)}, "the key was not destroyed yet"
		return r
	case !sent && at.c.s.Destroy != nil:
		r.Final, r.Detail = true, "it is not known which key is the stolen one, and the service declares no list; give its id under issuer http.key and plan again"
		return r
	}
	return a.probe(ctx, t, at, r)
}

// probe tries the old value once its key is gone. Only a declared code means dead.
func (a revoke) probe(ctx context.Context, t adapters.Task, at target, r plan.Reading) plan.Reading {
	r.Proof = plan.P1
	if at.c.s.List == nil {
		r.Proof = plan.P0
	}
	old := t.Secrets["old"]
	if old.Empty() {
		if at.c.s.Destroy == nil && at.c.s.List == nil {
			r.Proof, r.Detail = "", "nothing shows that the key is gone: paste the old value, which the probe then tries"
			return r
		}
		r.State, r.Detail = plan.Held, "the key is gone by its id; without the old value no probe shows that it is dead"
		return r
	}
	v, err := at.c.try(ctx, at.vars, old)
	switch {
	case err != nil:
		u := adapters.Unread(err)
		u.Found = r.Found
		return u
	case v == works:
		r.Proof, r.Wait, r.Detail = "", plan.Duration(15*time.Second), "the service still accepts the old value"
		if at.overdue(t) {
			r.Final, r.Detail = true, "the service still accepts the old value, longer than it was declared to; it is another key than the one destroyed"
		}
		return r
	}
	var was beforeKey
	_ = json.Unmarshal(t.Action.Before, &was) // no before-image: no hint to compare with
	switch {
	case adapters.MaskTells(was.Hint) && !adapters.MaskFits(was.Hint, old):
		return plan.Reading{State: plan.Unknown, Found: r.Found, Detail: "the pasted value is not the one of the key that was destroyed, so its refusal proves nothing; paste the right one or go on without"}
	case adapters.MaskTells(was.Hint):
		r.State, r.Proof, r.Detail = plan.Held, plan.P3, "the service refuses the old value"
	default:
		r.State, r.Proof, r.Detail = plan.Held, plan.P1, "the service refuses the pasted value; nothing shows that it was this key's"
	}
	return r
}

// overdue reports whether the last destruction is longer ago than a key may live on.
func (t target) overdue(task adapters.Task) bool {
	for i := len(task.History) - 1; i >= 0; i-- {
		if h := task.History[i]; h.Outcome != nil && h.Outcome.State == plan.Done {
			return task.Now.Sub(h.At) > max(t.c.s.Death.D(), listing.D())+10*time.Minute
		}
	}
	return false
}

// found are keys that appeared since the plan and are nobody's we know.
func (a revoke) found(t adapters.Task, at target, keys, doomed []key) []plan.Found {
	known, ok := plannedIDs(t)
	if !ok {
		return nil
	}
	var out []plan.Found
	for _, k := range keys {
		if slices.Contains(known, k.ID) || k.ID == t.Text("keep") || k.ID == at.c.s.Auth.Own || slices.Contains(doomed, k) {
			continue
		}
		out = append(out, plan.Found{Kind: "http.key", Target: k.ID, Why: "appeared since the snapshot: " + k.told()})
	}
	return out
}
