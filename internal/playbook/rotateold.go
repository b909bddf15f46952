package playbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// settings are the issuer's settings from the configuration, as far as the action
// takes them, and what every action inherits.
func (r *rotation) settings(spec plan.Spec) map[string]plan.Value {
	out := map[string]plan.Value{}
	for _, f := range spec.Inputs {
		if s, ok := r.credential.Issuer.With[f.Name]; ok && s != "" && f.Type != plan.Secret {
			out[f.Name] = plan.Value{Literal: typed(s, f.Type)}
			continue
		}
		if !slices.Contains(inherited, f.Name) {
			continue
		}
		if v := r.c.inheritedValues(f, out, frame{credential: r.credential}); len(v) == 1 {
			out[f.Name] = plan.Value{Literal: v[0]}
		}
	}
	return out
}

// typed undoes what the configuration did to everything that is not text.
func typed(s string, t plan.Type) any {
	switch t {
	case plan.List:
		var v []string
		if json.Unmarshal([]byte(s), &v) == nil {
			return v
		}
	case plan.Map:
		var v map[string]string
		if json.Unmarshal([]byte(s), &v) == nil {
			return v
		}
	case plan.Bool:
		return s == "true"
	case plan.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	}
	return s
}

// oldDraft is an action on the old object, with the old value to probe with where
// somebody can give it.
func (r *rotation) oldDraft(use string, role plan.Role, after []string) draft {
	spec := r.spec(use)
	in := r.settings(spec)
	if f, ok := field(spec, "old"); ok && f.Type == plan.Secret {
		r.holdOld(spec, in)
	}
	return r.draft(spec, role, in, after)
}

// holdOld names the old values that would help. Of a pair the id is wanted only where
// it is not known otherwise which object leaked: a value nobody has lowers the proof.
func (r *rotation) holdOld(spec plan.Spec, in map[string]plan.Value) {
	names := r.names()
	if len(names) == 1 {
		in["old"] = plan.Value{Held: "old:" + r.credential.ID}
		return
	}
	var ids []string
	for _, n := range names {
		if v := r.values[n]; v.Output != nil && !r.mintsSecret(v.Output.Name) {
			if _, tells := field(spec, v.Output.Name); tells { // what it has not for an input tells no object from another
				ids = append(ids, n)
			}
			continue
		}
		in["old."+n] = plan.Value{Held: "old:" + r.credential.ID + "/" + n}
	}
	if r.objectKnown(spec, in) {
		return
	}
	for _, n := range ids {
		in["old."+n] = plan.Value{Held: "old:" + r.credential.ID + "/" + n}
	}
}

// objectKnown asks the adapter whether it can tell the one object that is meant.
func (r *rotation) objectKnown(spec plan.Spec, in map[string]plan.Value) bool {
	action, ok := r.c.request.Catalogue.Action(spec.Name)
	if !ok {
		return false
	}
	change, err := action.Plan(adapters.Inputs(in), r.c.request.Snapshot)
	return err == nil && !change.Target.Selector
}

func (r *rotation) mintsSecret(output string) bool {
	for _, o := range r.spec(r.issuer.Mint).Outputs {
		if o.Name == output {
			return o.Type == plan.Secret
		}
	}
	return false
}

// withoutOld says what may be proven when nobody has the old value.
func (r *rotation) withoutOld(a *plan.Action) {
	if a == nil || !probes(a) || a.Proof.Rank() <= plan.P2.Rank() {
		return
	}
	a.ProofWithout = plan.P2
	if w := r.spec(a.Use).Without; w != "" {
		a.ProofWithout = w
	}
	a.Shortfall = fmt.Sprintf("without the old value of %s its death is shown by the object's id only; no probe shows the value refused", r.credential.Name)
}

// probes reports whether an action wants a value that a person may not have.
func probes(a *plan.Action) bool {
	for _, v := range a.Inputs {
		if v.Held != "" {
			return true
		}
	}
	return false
}

// byPerson is a credential whose issuer no adapter speaks to: a person makes the new
// value, firebreak puts it into the stores. The old one cannot be proven dead, so the
// closing stays open and says so.
func (r *rotation) byPerson(because string) {
	x := r.credential
	where := "where it was issued"
	if x.Issuer != nil {
		where = "at " + x.Issuer.Name
	}
	r.open = because + fmt.Sprintf("no adapter can prove the old value of %s dead %s; revoke it there and sign an exception, or declare an issuer firebreak knows", x.Name, where)
	r.c.gap(plan.Gap{What: x.ID, Why: r.open})
	for _, name := range r.names() {
		help := &plan.Assisted{
			Instructions: fmt.Sprintf("Revoke the old value of %s %s and make a new one. Paste the new value when asked; it is not shown.", name, where),
			Wants:        "value",
		}
		a := r.c.person(r.draft(plan.Spec{}, plan.Mint, nil, nil), help)
		if a == nil {
			return
		}
		r.mint = a
		r.values[name] = plan.Value{Output: &plan.Ref{Action: a.ID, Name: "value"}}
	}
	r.putAll()
}
