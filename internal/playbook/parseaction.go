package playbook

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

const readEffect = plan.Read

func (p *parser) use(t *Task, s *scope, use, with document.Node) {
	spec, ok := p.action(use)
	if !ok {
		return
	}
	t.Use = spec.Name
	t.With = p.with(s, use, with, spec)
}

func (p *parser) action(n document.Node) (plan.Spec, bool) {
	name, ok := n.Text()
	if !ok {
		return plan.Spec{}, false
	}
	if strings.Contains(name, "${{") {
		n.Report("the action's name cannot be an expression", "what a plan may do must be readable in the playbook; use `when`")
		return plan.Spec{}, false
	}
	spec, ok := p.catalogue.Spec(name)
	if !ok {
		n.Report(fmt.Sprintf("unknown action %q", name), p.nearAction(name))
	}
	return spec, ok
}

func (p *parser) nearAction(name string) string {
	var names []string
	for _, s := range p.catalogue.Specs() {
		names = append(names, s.Name)
	}
	if near := diag.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	for _, n := range names {
		if strings.HasSuffix(n, "."+name) {
			return "did you mean " + n + "?"
		}
	}
	return "`firebreak playbook show` lists the actions of a playbook that works"
}

// with reads an action's inputs: known names, fitting types, nothing missing.
func (p *parser) with(s *scope, use, with document.Node, spec plan.Spec) []Argument {
	var fields []string
	for _, f := range spec.Inputs {
		fields = append(fields, f.Name)
	}
	var out []Argument
	if with.Exists() {
		for _, e := range with.Map() {
			f, ok := field(spec, e.Name)
			if !ok {
				e.Key.Report(fmt.Sprintf("%s has no input %q", spec.Name, e.Name), diag.DidYouMean(e.Name, fields))
				continue
			}
			a := Argument{Name: e.Name, Value: s.template(e.Value), at: e.Value}
			p.fits(a, f, spec)
			out = append(out, a)
		}
	}
	for _, f := range spec.Inputs {
		given := slices.ContainsFunc(out, func(a Argument) bool { return a.Name == f.Name })
		if f.Required && !given && !s.supplies(f) && !mentioned(with, f.Name) {
			use.Report(fmt.Sprintf("%s needs the input %q", spec.Name, f.Name), f.Doc)
		}
	}
	return out
}

func field(spec plan.Spec, name string) (plan.Field, bool) {
	for _, f := range spec.Inputs {
		if f.Name == name {
			return f, true
		}
	}
	return plan.Field{}, false
}

// mentioned keeps a key which was reported already from being called missing too.
func mentioned(with document.Node, name string) bool {
	return with.IsMap() && slices.ContainsFunc(with.Keys(), func(k string) bool { return k == name || diag.Nearest(k, []string{name}) != "" })
}

// supplies reports whether a required input that is not written comes from the
// playbook's input of that name, or from the loop's identity or credential.
func (s *scope) supplies(f plan.Field) bool {
	if in, ok := s.input(f.Name); ok && slices.Contains(inherited, f.Name) && in.Type == f.Type {
		return true
	}
	if s.kind == nil {
		return f.Name == "account"
	}
	switch {
	case s.kind.IsExactType(identityType):
		return slices.Contains([]string{"role", "mount", "account", "address"}, f.Name)
	case s.kind.IsExactType(credentialType):
		return slices.Contains([]string{"user", "id", "account"}, f.Name)
	}
	return f.Name == "account" || s.kind.Kind() == cel.DynKind
}

// inherited are the inputs a task takes from the playbook's inputs when it leaves
// them out: what the incident is about.
var inherited = []string{"repository", "workflow", "since", "account"}

func (p *parser) fits(a Argument, f plan.Field, spec plan.Spec) {
	if e := a.Value.Whole; e != nil && e.Output != nil {
		p.outputFits(a, f, e)
		return
	}
	if f.Type == plan.Secret && a.Value.Const != nil {
		a.at.Report(fmt.Sprintf("%s: %q is secret and must not be written into a playbook", spec.Name, f.Name), "pass the secret output of another task: ${{ tasks.ID.value }}")
		return
	}
	if problem := a.Value.fits(f.Type); problem != "" {
		a.at.Report(fmt.Sprintf("%s: %q does not fit: %s", spec.Name, f.Name, problem), f.Doc)
		return
	}
	if text, ok := a.Value.Const.(string); ok {
		if problem := checkText(text, f.Type); problem != "" {
			a.at.Report(fmt.Sprintf("%s: %q does not fit: %s", spec.Name, f.Name, problem), "")
		}
	}
	p.inner(a.Value, f, spec)
}

// inner checks the elements of a list or map.
func (p *parser) inner(t Template, f plan.Field, spec plan.Spec) {
	each := func(x Template) {
		if x.Whole != nil && x.Whole.Output != nil {
			x.at.ReportAt(x.Whole.at, "the output of a task can only be passed on whole", "it cannot stand inside a list or map")
			return
		}
		if problem := x.fits(plan.String); problem != "" {
			x.at.Report(fmt.Sprintf("%s: an entry of %q does not fit: %s", spec.Name, f.Name, problem), "")
		}
	}
	for _, x := range t.List {
		each(x)
	}
	for _, x := range t.Map {
		each(x.Value)
	}
}

func (p *parser) outputFits(a Argument, f plan.Field, e *Expr) {
	from, ok := p.ids[e.Output.Task]
	if !ok {
		p.unknownTask(a, e)
		return
	}
	var names []string
	for _, o := range from.spec.Outputs {
		names = append(names, o.Name)
		if o.Name != e.Output.Name {
			continue
		}
		switch {
		case o.Type == plan.Secret && f.Type != plan.Secret:
			a.at.ReportAt(e.at, fmt.Sprintf("%s is secret, the input %q is not", e.Text, f.Name), "a secret output may only go into a secret input")
		case !sameText(o.Type, f.Type):
			a.at.ReportAt(e.at, fmt.Sprintf("%s is %s, the input %q must be %s", e.Text, wanted(o.Type), f.Name, wanted(f.Type)), "")
		}
		return
	}
	a.at.ReportAt(e.at, fmt.Sprintf("%s has no output %q", from.use, e.Output.Name), diag.DidYouMean(e.Output.Name, names))
}

func (p *parser) unknownTask(a Argument, e *Expr) {
	if p.later[e.Output.Task] {
		a.at.ReportAt(e.at, fmt.Sprintf("the task %q comes later", e.Output.Task), "an output can only be used by tasks after it")
		return
	}
	var ids []string
	for id := range p.ids {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	hint := diag.DidYouMean(e.Output.Task, ids)
	if hint == "" {
		hint = "give the task an `id:`"
	}
	a.at.ReportAt(e.at, fmt.Sprintf("there is no task with the id %q", e.Output.Task), hint)
}

// sameText: every type that is written as text fits every other here; its form is
// judged when the value is there.
func sameText(from, to plan.Type) bool {
	text := func(t plan.Type) bool {
		return t == plan.String || t == plan.Repository || t == plan.Workflow || t == plan.Timestamp || t == plan.Secret
	}
	return from == to || text(from) && text(to)
}
