package playbook

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// frame is where expressions are evaluated: the names, and the element of the loop.
type frame struct {
	names      map[string]any
	identity   *inventory.Identity
	credential *inventory.Credential
}

// eval gives nil after reporting a mistake.
func (c *compiler) eval(e *Expr, f frame) ref.Val {
	v, _, err := e.program.Eval(f.names)
	if err != nil {
		c.problems.Add(c.book.doc.Source.At(e.at.Line, e.at.Column, "this expression has no value here: "+err.Error(), ""))
		return nil
	}
	return v
}

// frames gives one frame per element of the task's loop, or one.
func (c *compiler) frames(t *Task) []frame {
	base := frame{names: c.bindings()}
	if t.For == nil {
		return []frame{base}
	}
	v := c.eval(t.For.In, base)
	l, ok := v.(traits.Lister)
	if !ok {
		return nil
	}
	var out []frame
	for it := l.Iterator(); it.HasNext() == types.True; {
		element := it.Next()
		f := frame{names: maps.Clone(base.names)}
		f.names[t.For.Name] = element
		switch x := element.Value().(type) {
		case inventory.Identity:
			f.identity = &x
		case *inventory.Identity:
			f.identity = x
		case inventory.Credential:
			f.credential = &x
		case *inventory.Credential:
			f.credential = x
		}
		out = append(out, f)
	}
	return out
}

// holds evaluates a task's `when`.
func (c *compiler) holds(t *Task, f frame) bool {
	if t.When == nil {
		return true
	}
	return c.eval(t.When, f) == types.True
}

// value evaluates a template. ok is false when there is no value: it is empty text,
// or a mistake was reported.
func (c *compiler) value(t Template, f frame) (plan.Value, bool) {
	if t.Whole != nil && t.Whole.Output != nil {
		return c.output(t)
	}
	v := c.literal(t, f)
	if empty(v) {
		return plan.Value{}, false
	}
	return plan.Value{Literal: v}, true
}

// output refers to another task's action. Where there is none, a mistake is noted
// already or reported here, and the reference only keeps more from being reported.
// Which of several it is shows when the other inputs are known: see paired.
func (c *compiler) output(t Template) (plan.Value, bool) {
	o := t.Whole.Output
	v := plan.Value{Output: &plan.Ref{Name: o.Name}}
	switch found := c.named[o.Task]; {
	case len(found) == 1:
		v.Output.Action = found[0].ID
	case c.failed[o.Task]:
	case len(found) == 0:
		c.report(t.at, fmt.Sprintf("the task %q is not carried out, so it has no outputs", o.Task), "its `when` is false or its loop empty; give this task the same `when` or `for`")
	default:
		c.open[v.Output] = t
	}
	return v, true
}

// paired puts in the place of an output of several actions that of the one which has
// the same inputs as this action, as far as both have them: what was frozen in a
// repository is lifted in that repository.
func (c *compiler) paired(inputs map[string]plan.Value) {
	for name, v := range inputs {
		t, is := c.open[v.Output]
		if v.Output == nil || !is {
			continue
		}
		found := c.named[t.Whole.Output.Task]
		var alike []*plan.Action
		for _, a := range found {
			if agree(a.Inputs, inputs) {
				alike = append(alike, a)
			}
		}
		if len(alike) != 1 {
			c.report(t.at, fmt.Sprintf("the task %q became %d actions, and %d of them have this task's inputs, so its outputs are many", t.Whole.Output.Task, len(found), len(alike)), "loop over the same here, or name one target in it")
			continue
		}
		inputs[name] = plan.Value{Output: &plan.Ref{Action: alike[0].ID, Name: v.Output.Name}}
	}
}

// agree reports whether no plain input that both have differs.
func agree(a, b map[string]plan.Value) bool {
	for name, v := range a {
		if w, both := b[name]; both && v.Literal != nil && w.Literal != nil && !reflect.DeepEqual(v.Literal, w.Literal) {
			return false
		}
	}
	return true
}

func (c *compiler) literal(t Template, f frame) any {
	switch {
	case t.Whole != nil:
		v := c.eval(t.Whole, f)
		if v == nil {
			return nil
		}
		return native(v)
	case t.Parts != nil:
		var b strings.Builder
		for _, p := range t.Parts {
			if p.Expr == nil {
				b.WriteString(p.Text)
			} else if v := c.eval(p.Expr, f); v != nil {
				fmt.Fprint(&b, v.Value())
			}
		}
		return b.String()
	case t.List != nil:
		out := []string{}
		for _, x := range t.List {
			out = append(out, fmt.Sprint(c.literal(x, f)))
		}
		return out
	case t.Map != nil:
		out := map[string]string{}
		for _, x := range t.Map {
			out[x.Name] = fmt.Sprint(c.literal(x.Value, f))
		}
		return out
	}
	return t.Const
}

func (c *compiler) textOf(t Template, f frame) string {
	s, ok := c.literal(t, f).(string)
	if !ok {
		return ""
	}
	return s
}

// native turns a CEL value into what a plan holds: string, bool, int64, list or map
// of strings; nil for anything else, which the checker has refused before.
func native(v ref.Val) any {
	switch x := v.Value().(type) {
	case string, bool, int64:
		return x
	}
	if l, err := v.ConvertToNative(reflect.TypeFor[[]string]()); err == nil {
		return l
	}
	if m, err := v.ConvertToNative(reflect.TypeFor[map[string]string]()); err == nil {
		return m
	}
	return nil
}
