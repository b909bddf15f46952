package playbook

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// manualTask is the action behind everything a person does without a reading.
const manualTask = "manual.task"

// task expands one task of a step into actions.
func (c *compiler) task(step plan.Step, t *Task) {
	for _, f := range c.frames(t) {
		if !c.holds(t, f) {
			continue
		}
		switch {
		case t.Use != "":
			c.useTask(step, t, f)
		case t.Rotate != nil:
			c.rotateTask(step, t, f)
		case t.Manual != nil:
			c.manualTask(step, t, f)
		case t.Notify != nil:
			text := c.textOf(*t.Notify, f)
			c.person(draft{step: step, at: t.at, gates: t.Gates, role: plan.Notify}, &plan.Assisted{Instructions: text})
		}
	}
}

func (c *compiler) useTask(step plan.Step, t *Task, f frame) {
	spec, _ := c.request.Catalogue.Spec(t.Use)
	for _, inputs := range c.arguments(spec, t.With, f, t.at) {
		d := draft{step: step, spec: spec, inputs: inputs, at: t.at, gates: t.Gates}
		c.whose(&d, f)
		a := c.add(d)
		if a == nil {
			c.failed[t.ID] = true
		} else if t.ID != "" && !slices.Contains(c.named[t.ID], a) {
			c.named[t.ID] = append(c.named[t.ID], a)
		}
	}
}

func (c *compiler) manualTask(step plan.Step, t *Task, f frame) {
	help := &plan.Assisted{Instructions: c.textOf(t.Manual.Instructions, f)}
	if t.Manual.Link != nil {
		help.Link = c.textOf(*t.Manual.Link, f)
	}
	d := draft{step: step, at: t.at, gates: t.Gates}
	v := t.Manual.Verify
	if v == nil {
		c.person(d, help)
		return
	}
	d.spec, _ = c.request.Catalogue.Spec(v.Use)
	for _, inputs := range c.arguments(d.spec, v.With, f, v.at) {
		e := d
		e.inputs, e.assisted = inputs, help
		c.whose(&e, f)
		c.add(e)
	}
}

// person adds a task that only a person can say is done.
func (c *compiler) person(d draft, help *plan.Assisted) *plan.Action {
	spec, ok := c.request.Catalogue.Spec(manualTask)
	if !ok {
		c.report(d.at, "nothing carries out manual tasks", "the catalogue lacks "+manualTask)
		return nil
	}
	d.spec, d.assisted = spec, help
	given := map[string]plan.Value{}
	for name, text := range map[string]string{"instructions": help.Instructions, "link": help.Link, "wants": help.Wants} {
		if _, known := field(spec, name); known && text != "" {
			given[name] = plan.Value{Literal: text}
		}
	}
	for name, v := range d.inputs {
		given[name] = v
	}
	d.inputs = given
	return c.add(d)
}

// whose says which identity or credential the action serves, and who owns it.
func (c *compiler) whose(d *draft, f frame) {
	x := f.identity
	if x == nil || !strings.HasPrefix(d.spec.Name, x.Provider+".") {
		x = c.reach.identityOf(d.spec.Name, d.inputs)
	}
	switch {
	case x != nil:
		d.credential, d.owner, d.contact = x.ID, x.Owner, x.Contact
		if d.spec.Role == plan.Contain || d.spec.Role == plan.Cut {
			d.doors = append(d.doors, "identity:"+x.ID)
		}
	case f.credential != nil:
		d.credential, d.owner, d.contact = f.credential.ID, f.credential.Owner, f.credential.Contact
	}
}

// arguments gives the inputs of one action, or of several where the playbook's
// workflows are taken over and there are several.
func (c *compiler) arguments(spec plan.Spec, with []Argument, f frame, at document.Node) []map[string]plan.Value {
	base := map[string]plan.Value{}
	for _, a := range with {
		if v, ok := c.value(a.Value, f); ok {
			if problem := c.fitsEvaluated(spec, a.Name, v); problem != "" {
				c.report(a.at, fmt.Sprintf("%s: %q does not fit: %s", spec.Name, a.Name, problem), "")
			}
			base[a.Name] = v
		}
	}
	all := []map[string]plan.Value{base}
	for _, fld := range spec.Inputs {
		if _, given := base[fld.Name]; given || slices.ContainsFunc(with, func(a Argument) bool { return a.Name == fld.Name }) {
			continue
		}
		all = spread(all, fld.Name, c.inheritedValues(fld, base, f))
	}
	all = c.apart(spec, with, all)
	for _, m := range all {
		c.paired(m)
		for _, fld := range spec.Inputs {
			if _, given := m[fld.Name]; fld.Required && !given {
				c.report(at, fmt.Sprintf("%s needs the input %q, which is empty here", spec.Name, fld.Name), fld.Doc)
			}
		}
	}
	return all
}

// apart gives an action on a workflow that was named with its repository that
// repository alone, whatever others the incident is about.
func (c *compiler) apart(spec plan.Spec, with []Argument, all []map[string]plan.Value) []map[string]plan.Value {
	_, takes := field(spec, "repository")
	written := slices.ContainsFunc(with, func(a Argument) bool { return a.Name == "repository" })
	var out []map[string]plan.Value
	for _, m := range all {
		w, _ := m["workflow"].Literal.(string)
		if r, path, is := qualified(w); is && takes {
			m["workflow"] = plan.Value{Literal: path}
			if !written {
				m["repository"] = plan.Value{Literal: r}
			}
		}
		if !slices.ContainsFunc(out, func(o map[string]plan.Value) bool { return reflect.DeepEqual(o, m) }) {
			out = append(out, m)
		}
	}
	return out
}

// spread makes one copy of each map per value.
func spread(all []map[string]plan.Value, name string, values []any) []map[string]plan.Value {
	if len(values) == 0 {
		return all
	}
	var out []map[string]plan.Value
	for _, m := range all {
		for _, v := range values {
			n := maps.Clone(m)
			n[name] = plan.Value{Literal: v}
			out = append(out, n)
		}
	}
	return out
}

func (c *compiler) fitsEvaluated(spec plan.Spec, name string, v plan.Value) string {
	fld, ok := field(spec, name)
	if !ok || v.Literal == nil {
		return ""
	}
	return checkValue(v.Literal, fld.Type)
}

// inheritedValues gives what a task that does not write an input gets for it: from
// the loop's identity or credential, then from the playbook's inputs, then, for an
// account, from the role's ARN or the only account there is. An optional workflow is
// not inherited: it would narrow the action (poisoned caches are everybody's).
func (c *compiler) inheritedValues(fld plan.Field, given map[string]plan.Value, f frame) []any {
	if v := fromLoop(fld.Name, f); v != "" {
		return []any{v}
	}
	declared := slices.ContainsFunc(c.book.Inputs, func(in Input) bool { return in.Name == fld.Name && in.Type == fld.Type })
	if slices.Contains(inherited, fld.Name) && declared && (fld.Required || fld.Name != "workflow") {
		var out []any
		for _, s := range texts(c.inputs[fld.Name]) {
			out = append(out, s)
		}
		return out
	}
	if fld.Name == "account" {
		if v := c.account(given, f); v != "" {
			return []any{v}
		}
	}
	return nil
}

func fromLoop(name string, f frame) string {
	switch {
	case f.identity != nil && name == "role":
		if f.identity.ARN != "" {
			return f.identity.ARN
		}
		return f.identity.Role
	case f.identity != nil && name == "mount":
		return f.identity.Mount
	case f.credential != nil && f.credential.Issuer != nil && (name == "user" || name == "id" || name == "account"):
		return f.credential.Issuer.With[name]
	}
	return ""
}

// account gives the configuration's name for the account of the action's role.
func (c *compiler) account(given map[string]plan.Value, f frame) string {
	arn, _ := given["role"].Literal.(string)
	if f.identity != nil {
		arn = f.identity.ARN
	}
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return c.accountName(parts[4])
	}
	if names := slices.Sorted(maps.Keys(c.request.Config.AWS)); len(names) == 1 {
		return names[0]
	}
	return ""
}

func (c *compiler) accountName(id string) string {
	for _, name := range slices.Sorted(maps.Keys(c.request.Config.AWS)) {
		if c.request.Config.AWS[name].ID == id {
			return name
		}
	}
	return "" // the adapter knows what its default credentials reach
}
