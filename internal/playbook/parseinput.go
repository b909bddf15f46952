package playbook

import (
	"fmt"
	"slices"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// inputTypes are the types an input may have. Secrets never come as inputs: a
// command line and a playbook are no place for them.
func inputTypes() []string {
	return []string{string(plan.String), string(plan.Bool), string(plan.Int), string(plan.Repository), string(plan.Workflow), string(plan.Timestamp)}
}

func (p *parser) inputs(n document.Node) {
	for _, e := range n.Map() {
		if !identifier.MatchString(e.Name) {
			e.Key.Report(fmt.Sprintf("%q is not a name for an input", e.Name), "small letters, digits and underscores, beginning with a letter")
			continue
		}
		p.book.Inputs = append(p.book.Inputs, p.input(e))
	}
}

func (p *parser) input(e document.Entry) Input {
	in := Input{Name: e.Name, Type: plan.String, at: e.Key}
	typed := false
	var fallback document.Node
	for _, f := range e.Value.Map("type", "required", "default", "doc") {
		switch f.Name {
		case "type":
			typed = true
			in.Type, in.List = inputType(f.Value)
		case "required":
			in.Required, _ = f.Value.Bool()
		case "default":
			fallback = f.Value
		case "doc":
			in.Doc, _ = f.Value.Text()
		}
	}
	if !typed && e.Value.IsMap() {
		e.Key.Report(fmt.Sprintf("the input %q has no type", e.Name), diag.DidYouMean("", inputTypes()))
	}
	if fallback.Exists() {
		in.Default = p.fallback(fallback, in)
		if in.Required {
			fallback.Report("a required input has a default", "leave one of the two out")
		}
	}
	return in
}

// inputType reads `workflow` or `[workflow]`.
func inputType(n document.Node) (t plan.Type, list bool) {
	if n.IsList() {
		items := n.List()
		if len(items) != 1 {
			n.Report("a list type names exactly one type", "for example [workflow]")
			return plan.String, true
		}
		n, list = items[0], true
	}
	s, ok := n.Text()
	if !ok {
		return plan.String, list
	}
	if s == string(plan.Secret) {
		n.Report("an input cannot be secret", "old values are asked for without echo, new ones are minted; neither passes through an input")
		return plan.String, list
	}
	if !slices.Contains(inputTypes(), s) {
		n.Report(fmt.Sprintf("unknown type %q", s), diag.DidYouMean(s, inputTypes()))
		return plan.String, list
	}
	return plan.Type(s), list
}

func (p *parser) fallback(n document.Node, in Input) any {
	v := n.Literal()
	problem := ""
	if in.List {
		items, ok := v.([]any)
		if !ok {
			items = []any{v}
		}
		var out []string
		for _, i := range items {
			s, isText := i.(string)
			if problem == "" {
				problem = checkValue(i, in.Type)
			}
			if isText {
				out = append(out, s)
			}
		}
		v = out
	} else {
		problem = checkValue(v, in.Type)
	}
	if problem != "" {
		n.Report(fmt.Sprintf("the default of %q does not fit: %s", in.Name, problem), "")
	}
	return v
}
