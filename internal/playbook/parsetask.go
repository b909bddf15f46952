package playbook

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
)

var taskKinds = []string{"use", "rotate", "manual", "notify"}

func (p *parser) task(n document.Node) (Task, error) {
	t := Task{at: n}
	keys := map[string]document.Node{}
	for _, e := range n.Map("id", "for", "when", "use", "with", "rotate", "manual", "notify", "gate") {
		keys[e.Name] = e.Value
	}
	if !n.IsMap() {
		return t, nil
	}
	if !p.oneKind(n, keys) {
		return t, nil
	}
	s := p.scope
	if v, ok := keys["for"]; ok {
		inner, err := p.loop(&t, v)
		if err != nil {
			return t, err
		}
		s = inner
	}
	if v, ok := keys["when"]; ok {
		t.When = p.condition(s, v)
	}
	if v, ok := keys["gate"]; ok {
		t.Gates = p.taskGates(v)
	}
	if v, ok := keys["with"]; ok && !keys["use"].Exists() {
		v.Report("`with` belongs to `use`", "a manual task's verify has a `with` of its own")
	}
	switch {
	case keys["use"].Exists():
		p.use(&t, s, keys["use"], keys["with"])
	case keys["rotate"].Exists():
		t.Rotate = p.rotate(s, keys["rotate"])
	case keys["manual"].Exists():
		t.Manual = p.manual(s, keys["manual"])
	default:
		text := s.template(keys["notify"])
		p.mustBeText(text, "notify")
		t.Notify = &text
	}
	if v, ok := keys["id"]; ok {
		p.id(&t, v)
	}
	return t, nil
}

func (p *parser) oneKind(n document.Node, keys map[string]document.Node) bool {
	var kinds []string
	for _, k := range taskKinds {
		if v, ok := keys[k]; ok {
			kinds = append(kinds, k)
			if !v.Exists() {
				v.Report(fmt.Sprintf("%q is empty", k), "")
				return false
			}
		}
	}
	switch len(kinds) {
	case 1:
		return true
	case 0:
		n.Report("the task does nothing", "give it one of use, rotate, manual, notify")
	default:
		n.Report("the task has "+strings.Join(kinds, " and "), "make two tasks of it")
	}
	return false
}

// loop reads `NAME in CEL`.
func (p *parser) loop(t *Task, n document.Node) (*scope, error) {
	text, ok := n.Text()
	if !ok {
		return p.scope, nil
	}
	name, expr, found := strings.Cut(text, " in ")
	name = strings.TrimSpace(name)
	switch {
	case !found:
		n.Report("`for` is written NAME in EXPRESSION", "for example: role in inventory.identities")
		return p.scope, nil
	case !identifier.MatchString(name):
		n.Report(fmt.Sprintf("%q is not a name for a loop variable", name), "small letters, digits and underscores, beginning with a letter")
		return p.scope, nil
	case slices.Contains([]string{"inventory", "inputs", "tasks"}, name):
		n.Report(fmt.Sprintf("%q is taken", name), "call the loop variable something else")
		return p.scope, nil
	}
	if strings.Contains(expr, "${{") {
		n.ReportAt(n.Find("${{"), "`for` is an expression already", "leave ${{ and }} out")
		return p.scope, nil
	}
	e := p.scope.compileExpr(n, expr)
	t.For = &Loop{Name: name, In: e}
	kind := cel.DynType
	switch {
	case e.Output != nil:
		n.ReportAt(e.at, "a loop cannot go over the output of a task", "what it is made of must be known when the plan is compiled")
	case e.kind != nil && (e.kind.Kind() != cel.ListKind):
		n.ReportAt(e.at, fmt.Sprintf("a loop goes over a list, this is %s", typeName(e.kind)), "")
	case e.kind != nil:
		kind = e.kind.Parameters()[0]
	}
	return p.scope.with(name, kind)
}

func (p *parser) condition(s *scope, n document.Node) *Expr {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	trimmed := strings.TrimSpace(text)
	if inner, whole := strings.CutPrefix(trimmed, "${{"); whole {
		trimmed = strings.TrimSuffix(inner, "}}")
	}
	e := s.compileExpr(n, trimmed)
	switch {
	case e.Output != nil:
		n.ReportAt(e.at, "`when` cannot depend on the output of a task", "what is done must be known when the plan is compiled")
	case e.kind != nil && e.kind.Kind() != cel.BoolKind:
		n.ReportAt(e.at, fmt.Sprintf("`when` must be true or false, this is %s", typeName(e.kind)), "")
	}
	return e
}

func (p *parser) taskGates(n document.Node) []string {
	names := gateNames()
	for _, g := range p.book.Gates {
		names = append(names, g.Name)
	}
	var out []string
	for _, g := range n.Texts() {
		if !slices.Contains(names, g) {
			n.ReportAt(n.Find(g), fmt.Sprintf("unknown gate %q", g), diag.DidYouMean(g, names))
			continue
		}
		out = append(out, g)
	}
	return out
}

func (p *parser) rotate(s *scope, n document.Node) *Expr {
	t := s.template(n)
	switch {
	case t.Whole == nil:
		if t.Const != nil || t.Parts != nil || t.List != nil || t.Map != nil {
			n.Report("rotate names a credential of the inventory", "for example: rotate: \"${{ c }}\", with for: c in inventory.credentials")
		}
		return nil
	case t.Whole.Output != nil, t.Whole.kind != nil && !t.Whole.kind.IsExactType(credentialType):
		n.ReportAt(t.Whole.at, fmt.Sprintf("rotate needs a credential, this is %s", outputOr(t.Whole)), "loop over inventory.credentials")
	}
	return t.Whole
}

func outputOr(e *Expr) string {
	if e.Output != nil {
		return "the output of a task"
	}
	return typeName(e.kind)
}

func (p *parser) manual(s *scope, n document.Node) *Manual {
	m := &Manual{}
	told := false
	for _, e := range n.Map("instructions", "link", "verify") {
		switch e.Name {
		case "instructions":
			told = true
			m.Instructions = s.template(e.Value)
			p.mustBeText(m.Instructions, "instructions")
		case "link":
			link := s.template(e.Value)
			p.mustBeText(link, "link")
			m.Link = &link
		case "verify":
			m.Verify = p.verify(s, e.Value)
		}
	}
	if !told && n.IsMap() {
		n.Report("the manual task has no instructions", "say exactly what the person does")
	}
	return m
}

func (p *parser) verify(s *scope, n document.Node) *Verify {
	v := &Verify{at: n}
	var use, with document.Node
	for _, e := range n.Map("use", "with") {
		switch e.Name {
		case "use":
			use = e.Value
		case "with":
			with = e.Value
		}
	}
	if !n.IsMap() {
		return v
	}
	if !use.Exists() {
		n.Report("verify does not say which action reads", "for example use: npm.dist.digest")
		return v
	}
	spec, ok := p.action(use)
	if !ok {
		return v
	}
	v.Use = spec.Name
	if spec.Effect != readEffect {
		use.Report(fmt.Sprintf("%s changes something, verify only reads", spec.Name), "use an action of effect read")
	}
	v.With = p.with(s, use, with, spec)
	return v
}

func (p *parser) mustBeText(t Template, what string) {
	if t.Whole != nil && t.Whole.Output == nil && t.Whole.kind != nil && !interpolates(t.Whole.kind) || t.List != nil || t.Map != nil {
		t.at.Report(fmt.Sprintf("%s must be text", what), "")
	} else if t.Whole != nil && t.Whole.Output != nil {
		t.at.Report(fmt.Sprintf("%s cannot show the output of a task", what), "the text is part of the plan, which is approved before there are outputs")
	}
}

func (p *parser) id(t *Task, n document.Node) {
	id, ok := n.Text()
	if !ok {
		return
	}
	switch _, twice := p.ids[id]; {
	case !taskID.MatchString(id):
		n.Report(fmt.Sprintf("%q is not an id", id), "small letters, digits, dashes and underscores, beginning with a letter")
		return
	case twice:
		n.Report(fmt.Sprintf("the id %q is given twice", id), "ids are unique in a playbook")
		return
	case t.Use == "":
		n.Report("only a task with `use` can have an id", "the others have no outputs")
		return
	}
	t.ID = id
	spec, _ := p.catalogue.Spec(t.Use)
	p.ids[id] = task{use: t.Use, spec: spec}
}
