package playbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// putAll delivers the new value to every place a copy is kept.
func (r *rotation) putAll() {
	for _, s := range r.credential.Possible {
		r.c.gap(plan.Gap{
			What: fmt.Sprintf("%s in the %s store of %s", s.With["name"], s.With["scope"], s.With["repository"]),
			Why:  fmt.Sprintf("it has the name of %s, and nobody said whether it is a copy; it keeps its value until firebreak.yaml names it as a store of the credential", r.credential.Name),
		})
	}
	for _, store := range r.credential.Stores {
		kind, ok := r.c.request.Catalogue.Store(store.Name)
		if !ok {
			r.c.gap(plan.Gap{What: r.credential.ID, Why: fmt.Sprintf("no adapter writes to %s; put the new value of %s there by hand", store.Name, r.credential.Name)})
			continue
		}
		before := len(r.puts)
		r.put(store, r.spec(kind.Put))
		if kind.Forget != "" && len(r.puts) > before {
			r.kept = append(r.kept, keeping{store, kind.Forget, r.puts[before:]})
		}
	}
}

// keeping is a store that still has the old value after the new one was put.
type keeping struct {
	store  inventory.System
	forget string
	puts   []*plan.Action
}

// forgetOld removes old values from the stores that keep them, last of all: they are no
// use to anybody once the credential is dead, but to whoever still trusts it somewhere.
// Where nothing stops the old value or tests the new one they stay: somebody may need them.
func (r *rotation) forgetOld() {
	if r.first == nil || r.test == nil {
		return
	}
	for _, k := range r.kept {
		spec := r.spec(k.forget)
		in := r.storeSettings(k.store, spec)
		if _, takes := field(spec, "below"); takes {
			in["below"] = plan.Value{Output: &plan.Ref{Action: k.puts[len(k.puts)-1].ID, Name: "version"}}
		}
		d := r.draft(spec, plan.Destroy, in, merged(ids(k.puts), ids([]*plan.Action{r.first, r.last, r.test})))
		d.credential, d.optional = "", true // it ends copies, not the credential: no closing rests on it
		r.c.add(d)
	}
}

// put writes one store. A store that keeps named entries gets one call per secret of
// the credential; where those are keys of one document, one after the other. A store
// whose action takes value.NAME gets them all at once.
func (r *rotation) put(store inventory.System, spec plan.Spec) {
	base := r.storeSettings(store, spec)
	names := r.names()
	if only := store.With["name"]; slices.Contains(names, only) {
		names = []string{only}
	}
	doors := r.doors(store)
	if len(names) > 1 && takesAll(spec) {
		for _, n := range names {
			base["value."+n] = r.values[n]
		}
		r.deliver(spec, base, doors, nil)
		return
	}
	var before []string
	for _, n := range names {
		in := map[string]plan.Value{"value": r.values[n]}
		for k, v := range base {
			in[k] = v
		}
		for _, entry := range []string{"name", "key"} {
			if _, set := in[entry]; set && len(names) == 1 {
				continue
			}
			if f, takes := field(spec, entry); takes && (f.Required || len(names) > 1) {
				in[entry] = plan.Value{Literal: n}
			}
		}
		a := r.deliver(spec, in, doors, before)
		if _, document := in["key"]; document && a != nil {
			before = []string{a.ID} // both write the same document; at once, one would be refused
		}
	}
}

// takesAll reports whether one call of the action can carry all secrets of a pair, as
// value.NAME: it needs neither a single value nor a name for it.
func takesAll(spec plan.Spec) bool {
	return !slices.ContainsFunc(spec.Inputs, func(f plan.Field) bool {
		return f.Required && (f.Name == "value" || f.Name == "name" || f.Name == "key")
	})
}

func (r *rotation) deliver(spec plan.Spec, in map[string]plan.Value, doors, before []string) *plan.Action {
	after := slices.Clone(before)
	for _, v := range in {
		if v.Output != nil {
			after = append(after, v.Output.Action)
		}
	}
	d := r.draft(spec, plan.Deliver, in, after)
	d.doors, d.optional = doors, true // a store nobody can write must not hold up the kill
	a := r.c.add(d)
	if a != nil && !slices.Contains(r.puts, a) {
		r.puts = append(r.puts, a)
	}
	return a
}

// storeSettings are the store's settings as far as the action takes them.
func (r *rotation) storeSettings(store inventory.System, spec plan.Spec) map[string]plan.Value {
	out := map[string]plan.Value{}
	for _, f := range spec.Inputs {
		if s, ok := store.With[f.Name]; ok && s != "" && f.Type != plan.Secret {
			out[f.Name] = plan.Value{Literal: typed(s, f.Type)}
		}
	}
	defaults := map[string]string{"repository": r.credential.Repository, "scope": r.credential.Scope}
	if r.credential.Issuer != nil {
		defaults["account"] = r.credential.Issuer.With["account"]
	}
	if defaults["account"] == "" {
		defaults["account"] = r.c.account(nil, frame{})
	}
	for name, s := range defaults {
		if _, takes := field(spec, name); takes && out[name].Literal == nil && s != "" {
			out[name] = plan.Value{Literal: s}
		}
	}
	return out
}

// doors are what must be shut before a new value may lie in this store: the workflows
// under response that reach the credential, and every reached identity of the store's
// own provider, which might read it there.
func (r *rotation) doors(store inventory.System) []string {
	var out []string
	for _, subject := range r.c.reach.doors[r.credential.ID] {
		out = append(out, "workflow:"+subject)
	}
	provider, _, _ := strings.Cut(store.Name, ".")
	for _, x := range r.c.reach.inventory.Identities {
		if x.Provider == provider {
			out = append(out, "identity:"+x.ID)
		}
	}
	return out
}
