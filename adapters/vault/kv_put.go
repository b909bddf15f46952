package vault

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// kvPut writes a new value under one key of a KV version 2 path and keeps the
// path's other keys. Check-and-set makes it exact: the write counts only on the
// version that was read, so nobody's change is lost and a lost answer is settled
// by looking at the version that our write would have made.
type kvPut struct{ c *client }

const putPermission = "create and update on MOUNT/data/PATH"

// Spec implements adapters.Action.
func (kvPut) Spec() plan.Spec {
	return plan.Spec{
		Name: "vault.kv.put", Summary: "Write a new value under one key of a Vault KV path", Target: "kv",
		Inputs: []plan.Field{
			{Name: "path", Type: plan.String, Required: true, Doc: "path below the mount"},
			{Name: "key", Type: plan.String, Required: true, Doc: "key in the secret"},
			{Name: "value", Type: plan.Secret, Required: true, Doc: "new value"},
			{Name: "mount", Type: plan.String, Doc: "KV version 2 mount; secret when left out"},
		},
		Outputs: []plan.Field{{Name: "version", Type: plan.String, Doc: "version that holds the value"}},
		Effect:  plan.Reversible, Role: plan.Deliver, Lost: plan.Detectable, Proof: plan.P2, Settle: settle,
		Permissions: []string{permitReadKV, permitWriteKV, permitMetadata},
		Source:      "Vault API documentation, KV version 2: \"Create/update secret\", options.cas",
	}
}

func storeOf(text func(string) string) store {
	return store{or(text("mount"), "secret"), text("path")}
}

// beforeKV is what is relied on: the version written onto.
type beforeKV struct {
	Version int `json:"version"`
}

// Plan implements adapters.Action.
func (kvPut) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	st := storeOf(in.Text)
	if err := clean(st.mount, st.path); err != nil {
		return plan.Change{}, err
	}
	var version int
	_, err := surveyed(s, func(v *snapshot.Vault) bool {
		for _, k := range v.KV {
			if k.Mount == st.mount && k.Path == st.path {
				version = k.Version
				return true
			}
		}
		return false
	}, &adapters.Missing{What: "Vault path " + st.String(), Scope: adapters.Scope{Stores: []adapters.Selector{{Name: "vault.kv", With: map[string]string{"mount": st.mount, "path": st.path}}}}})
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{
		Target: plan.Target{Provider: "vault", Kind: "kv", ID: st.String() + "#" + in.Text("key"), Name: st.String()},
		Before: plan.Image(beforeKV{version}),
		Calls:  []plan.Call{write(st, version)},
	}, nil
}

func write(st store, cas int) plan.Call {
	return plan.Call{Key: "put on version " + strconv.Itoa(cas), Verb: "put", Object: st.String(), Args: map[string]string{"cas": strconv.Itoa(cas)}, Before: plan.Image(beforeKV{cas})}
}

// Apply implements adapters.Action. It reads the other keys first; if the version
// is not the expected one any more, nothing is sent.
func (a kvPut) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	value := t.Secrets["value"]
	if value.Empty() {
		return refused("the new value cannot be had; mint again", false)
	}
	if a.c.writes == nil {
		return refused(errNoAddress.Error(), false)
	}
	cas, err := strconv.Atoi(c.Args["cas"])
	if err != nil {
		return refused("the call does not say which version it writes on", false)
	}
	st := storeOf(t.Text)
	doc, err := a.c.current(ctx, st)
	if err != nil {
		return refused("nothing was written, because the other keys could not be read: "+adapters.Cause(err), true)
	}
	if doc.version != cas {
		return refused("nothing was written: version "+strconv.Itoa(doc.version)+" appeared meanwhile", true)
	}
	data := maps.Clone(doc.data)
	if data == nil {
		data = map[string]any{}
	}
	data[t.Text("key")] = value.Reveal()
	version, resp, err := a.c.put(ctx, st, data, cas)
	o := a.c.judged(err, resp, putPermission)
	switch {
	case o.State == plan.Done && version != cas+1:
		o.State, o.Detail = plan.Unknown, "the answer names version "+strconv.Itoa(version)+", not "+strconv.Itoa(cas+1)
	case o.State == plan.Done:
		o.Outputs = map[string]plan.Output{"version": {Value: strconv.Itoa(version)}}
	case resp != nil && resp.StatusCode == http.StatusBadRequest:
		// A lost race answers like a malformed request; the version tells them apart.
		if now, err := a.c.current(ctx, st); err == nil && now.version != cas {
			o.Temporary, o.Detail = true, "somebody else wrote version "+strconv.Itoa(now.version)+" first"
		}
	}
	return adapters.Result{Outcome: o}
}

func refused(why string, temporary bool) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Temporary: temporary, Detail: why}}
}

// Settle implements adapters.Action. The version after the one written on is ours
// if it holds our value; if it holds another, somebody else won and ours was refused.
func (a kvPut) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	var before beforeKV
	if err := json.Unmarshal(c.Before, &before); err != nil {
		return plan.Settlement{Happened: "unknown", Detail: "the intent does not say which version it wrote on"}
	}
	st, ours := storeOf(t.Text), before.Version+1
	newest, destroyed, err := a.c.metadata(ctx, st)
	switch {
	case err != nil:
		return adapters.Unsettled(err)
	case newest < ours:
		return t.Absent(c, settle, "there is no version "+strconv.Itoa(ours))
	}
	doc, err := a.c.version(ctx, st, ours)
	switch {
	case err != nil:
		return adapters.Unsettled(err)
	case doc.data == nil || slices.Contains(destroyed, ours):
		return plan.Settlement{Happened: "unknown", Detail: "version " + strconv.Itoa(ours) + " is deleted and cannot be compared"}
	case t.Secrets["value"].Empty():
		return plan.Settlement{Happened: "unknown", Detail: "the value cannot be had, so version " + strconv.Itoa(ours) + " cannot be compared"}
	case holds(doc, t.Text("key"), t.Secrets["value"]):
		return plan.Settlement{Happened: "yes", Outputs: map[string]plan.Output{"version": {Value: strconv.Itoa(ours)}}}
	}
	return plan.Settlement{Happened: "no", Detail: "version " + strconv.Itoa(ours) + " is somebody else's"}
}

// holds compares in memory and in constant time.
func holds(d document, key string, value secret.Text) bool {
	s, ok := d.data[key].(string)
	return ok && secret.NewString(s).Equal(value)
}

// Verify implements adapters.Action.
func (a kvPut) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	value, st := t.Secrets["value"], storeOf(t.Text)
	if value.Empty() {
		return plan.Reading{State: plan.Unknown, Detail: "the new value cannot be had, so what the path holds cannot be compared"}
	}
	doc, err := a.c.current(ctx, st)
	if err != nil {
		return adapters.Unread(err)
	}
	r := plan.Reading{Before: plan.Image(beforeKV{doc.version})}
	if holds(doc, t.Text("key"), value) {
		r.State, r.Proof = plan.Held, plan.P1
		r.Outputs = map[string]plan.Output{"version": {Value: strconv.Itoa(doc.version)}}
		r.Detail = "version " + strconv.Itoa(doc.version) + " holds the new value"
		return r
	}
	r.State, r.Next = plan.Broken, []plan.Call{write(st, doc.version)}
	r.Detail = "version " + strconv.Itoa(doc.version) + " does not hold the new value"
	if doc.gone {
		r.Found = []plan.Found{{Kind: "vault.kv", Target: st.String(), Why: "version " + strconv.Itoa(doc.version) + " is deleted; its other keys are not carried over"}}
	}
	return r
}
