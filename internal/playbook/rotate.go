package playbook

import (
	"cmp"
	"fmt"
	"time"

	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// defaultDeadline ends an overlap for which nobody said when.
const defaultDeadline = 60 * time.Minute

// rotation is one credential on its way to actions.
type rotation struct {
	c          *compiler
	step       plan.Step
	at         document.Node
	gates      []string
	credential *inventory.Credential
	issuer     plan.Issuer

	first  *plan.Action          // stops the old value: disable, or destroy where there is no disable
	cut    *plan.Action          // ends the sessions that the old value made
	last   *plan.Action          // destroys the old object, when first does not
	mint   *plan.Action          // makes the new value
	values map[string]plan.Value // secret name → new value
	puts   []*plan.Action        // into every store
	test   *plan.Action          // probes the new value
	kept   []keeping             // the stores that keep old values
	open   string                // why no action can prove the old value dead; "" when one can
}

func (c *compiler) rotateTask(step plan.Step, t *Task, f frame) {
	v := c.eval(t.Rotate, f)
	if v == nil {
		return
	}
	var x inventory.Credential
	switch y := v.Value().(type) {
	case inventory.Credential:
		x = y
	case *inventory.Credential:
		x = *y
	}
	if before := c.rotated[x.ID]; before != nil {
		c.report(t.at, fmt.Sprintf("%s would be rotated twice", x.Name), fmt.Sprintf("the task in line %d rotates it already; narrow one of the two", before.at.Pos().Line))
		return
	}
	if x.Kind == "job-token" {
		return // dies with its run: see closings
	}
	r := &rotation{c: c, step: step, at: t.at, gates: t.Gates, credential: &x, values: map[string]plan.Value{}}
	c.rotated[x.ID] = r
	r.expand()
}

func (r *rotation) expand() {
	x := r.credential
	if !x.Declared {
		r.open = fmt.Sprintf("nobody declared who issues %s; add it under credentials: in firebreak.yaml", x.Name)
		r.c.gap(plan.Gap{What: x.ID, Why: r.open})
		return
	}
	if x.Issuer != nil {
		if issuer, ok := r.c.request.Catalogue.Issuer(x.Issuer.Name); ok {
			r.issuer = issuer
			if m := r.unseen(); m != nil {
				r.byPerson(r.c.unread(issuer.Name, m) + "; ")
				return
			}
			r.byIssuer()
			return
		}
	}
	r.byPerson("")
}

// byIssuer is the life of a credential whose issuer an adapter speaks to.
//
//	emergency: stop the old → mint → put → test → destroy the old
//	overlap:   mint → put → test → stop the old (or at the deadline) → destroy the old
//	replacing: mint, which stops the old → put → test → show that the old is over
//
// The new one is minted only when the old is dead, because killing may be "every
// object of this issuer identity".
func (r *rotation) byIssuer() {
	if !r.nameValues() {
		return
	}
	if r.credential.Rotation == "overlap" && r.alone() {
		why := "it has one value at a time, so that the new one ends the old: it is rotated in emergency order"
		if r.issuer.Turns != "" {
			why += "; give it two " + r.issuer.Turns + " for overlap"
		}
		r.c.gap(plan.Gap{What: r.credential.ID, Why: why})
	}
	if r.issuer.Replaces {
		r.replace()
		r.forgetOld()
		return
	}
	if r.overlap() {
		r.makeNew(nil)
		if r.issuer.Sessions != "" {
			r.c.gap(plan.Gap{What: "sessions that were made with the old value of " + r.credential.Name, Why: "in overlap order they cannot be told from those of the new value, so they live until they expire; rotate it in emergency order to end them"})
		}
		until := append(ids(r.puts), ids([]*plan.Action{r.test})...)
		r.stopOld(until, r.deadline())
	} else {
		r.stopOld(nil, 0)
		r.endSessions()
		r.makeNew(ids([]*plan.Action{r.first}))
	}
	if r.issuer.Disable != "" {
		d := r.oldDraft(r.issuer.Destroy, plan.Destroy, ids([]*plan.Action{r.first, r.test}))
		r.spare(d)
		r.last = r.c.add(d)
		r.withoutOld(r.last)
	}
	r.forgetOld()
}

// replace makes the new value at once, which is what stops the old one at the issuer. That
// it is over counts when each store has the new one and it was tried: who has not read it
// still takes the old.
func (r *rotation) replace() {
	r.makeNew(nil)
	d := r.oldDraft(r.issuer.Destroy, plan.Kill, merged(append(ids(r.puts), ids([]*plan.Action{r.mint, r.test})...)))
	r.spare(d)
	if _, takes := field(d.spec, "answered"); takes && r.test != nil {
		d.inputs["answered"] = plan.Value{Output: &plan.Ref{Action: r.test.ID, Name: "answered"}} // a test that was skipped gives none
	}
	r.first = r.c.add(d)
	r.withoutOld(r.first)
}

// overlap reports whether the old value lives until the new one is tested. What
// mints others never does: its holder would make himself another.
func (r *rotation) overlap() bool {
	return r.credential.Rotation == "overlap" && len(r.credential.Mints) == 0 && !r.alone()
}

// alone reports whether the credential's object has nobody to take turns with.
func (r *rotation) alone() bool {
	if r.issuer.Turns == "" {
		return r.issuer.Replaces
	}
	turns, _ := typed(r.credential.Issuer.With[r.issuer.Turns], plan.List).([]string)
	return len(turns) < 2
}

func (r *rotation) deadline() plan.Duration {
	if d, err := time.ParseDuration(r.credential.Deadline); err == nil && d > 0 {
		return plan.Duration(d)
	}
	return plan.Duration(defaultDeadline)
}

// nameValues maps the credential's secret names to the mint's outputs.
func (r *rotation) nameValues() bool {
	names, outputs := r.names(), r.issuer.Outputs
	if len(names) == 1 && len(outputs) > 1 {
		outputs = outputs[len(outputs)-1:]
	}
	if len(names) != len(outputs) {
		r.c.report(r.at, fmt.Sprintf("%s is %d secrets, %s makes %d values", r.credential.Name, len(names), r.issuer.Name, len(outputs)),
			"list the secrets of one credential together in firebreak.yaml: secret: [ID_NAME, VALUE_NAME]")
		return false
	}
	for i, n := range names {
		r.values[n] = plan.Value{Output: &plan.Ref{Name: outputs[i]}}
	}
	return true
}

func (r *rotation) names() []string {
	if len(r.credential.Names) == 0 {
		return []string{r.credential.Name}
	}
	return r.credential.Names
}

// stopOld adds what stops the old value: the issuer's reversible disable, or else
// its destruction, which kills in emergency order.
func (r *rotation) stopOld(until []string, deadline plan.Duration) {
	role := plan.Kill
	if r.issuer.Disable == "" && deadline > 0 {
		role = plan.Destroy
	}
	d := r.oldDraft(cmp.Or(r.issuer.Disable, r.issuer.Destroy), role, nil)
	if deadline > 0 {
		delete(d.inputs, "since") // "everything made since" would be the new one too
		r.spare(d)
	}
	d.until, d.deadline = merged(until), deadline
	r.first = r.c.add(d)
	r.withoutOld(r.first)
}

// endSessions adds what ends the sessions that the old value made. It comes after the old
// value is dead, or it would leave some out. In overlap order the new value lives before
// that moment, and its sessions cannot be told from the old one's: there it is a gap.
func (r *rotation) endSessions() {
	if r.issuer.Sessions == "" || r.first == nil {
		return
	}
	spec := r.spec(r.issuer.Sessions)
	in := r.settings(spec)
	if _, takes := field(spec, "stopped"); takes && produces(r.spec(r.first.Use), "stopped") {
		in["stopped"] = plan.Value{Output: &plan.Ref{Action: r.first.ID, Name: "stopped"}}
	}
	r.cut = r.c.add(r.draft(spec, plan.Cut, in, ids([]*plan.Action{r.first})))
}

// spare names the new object to an action that removes old ones.
func (r *rotation) spare(d draft) {
	for _, name := range []string{"new", "keep"} {
		if _, takes := field(d.spec, name); takes && r.mint != nil && produces(r.spec(r.issuer.Mint), "id") {
			d.inputs[name] = plan.Value{Output: &plan.Ref{Action: r.mint.ID, Name: "id"}}
		}
	}
}

// makeNew mints, puts the new value into every store and tests it.
func (r *rotation) makeNew(after []string) {
	spec := r.spec(r.issuer.Mint)
	r.mint = r.c.add(r.draft(spec, plan.Mint, r.settings(spec), after))
	if r.mint == nil {
		return
	}
	for name, v := range r.values {
		r.values[name] = plan.Value{Output: &plan.Ref{Action: r.mint.ID, Name: v.Output.Name}}
	}
	r.putAll()
	spec = r.spec(r.issuer.Test)
	in := r.settings(spec)
	for _, name := range []string{"id", "value"} {
		delete(in, name)
		if _, takes := field(spec, name); takes && produces(r.spec(r.issuer.Mint), name) {
			in[name] = plan.Value{Output: &plan.Ref{Action: r.mint.ID, Name: name}}
		}
	}
	r.test = r.c.add(r.draft(spec, plan.Test, in, append(ids(r.puts), r.mint.ID)))
}

func produces(spec plan.Spec, output string) bool {
	for _, o := range spec.Outputs {
		if o.Name == output {
			return true
		}
	}
	return false
}

func (r *rotation) spec(name string) plan.Spec {
	s, _ := r.c.request.Catalogue.Spec(name)
	return s
}

func (r *rotation) draft(spec plan.Spec, role plan.Role, in map[string]plan.Value, after []string) draft {
	return draft{
		step: r.step, spec: spec, role: role, inputs: in, after: merged(after), at: r.at, gates: r.gates,
		credential: r.credential.ID, owner: r.credential.Owner, contact: r.credential.Contact,
	}
}

// ids gives the ids of the actions that could be planned.
func ids(actions []*plan.Action) []string {
	var out []string
	for _, a := range actions {
		if a != nil {
			out = append(out, a.ID)
		}
	}
	return out
}
