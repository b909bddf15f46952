package playbook

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// Template is a value in a playbook: a constant, one expression which keeps its
// type, text with expressions in it, or a list or map of templates.
type Template struct {
	Const any   // string, bool, int64; nil when one of the others is set
	Whole *Expr // the value is exactly one ${{ }}
	Parts []Part
	List  []Template
	Map   []Field

	at document.Node
}

// Part is a piece of interpolated text: an expression, or literal text.
type Part struct {
	Text string
	Expr *Expr
}

// Field is an entry of a map of templates.
type Field struct {
	Name  string
	Value Template
}

func (s *scope) template(n document.Node) Template {
	t := Template{at: n}
	switch {
	case n.IsText():
		text, _ := n.Text()
		s.text(&t, text)
	case n.IsList():
		t.List = []Template{}
		for _, i := range n.List() {
			t.List = append(t.List, s.template(i))
		}
	case n.IsMap():
		t.Map = []Field{}
		for _, e := range n.Map() {
			t.Map = append(t.Map, Field{e.Name, s.template(e.Value)})
		}
	default:
		if t.Const = n.Literal(); t.Const == nil && !n.Exists() {
			n.Report("the value is empty", "write one, or leave the key out")
		}
	}
	return t
}

func (s *scope) text(t *Template, text string) {
	parts, ok := split(t.at, text)
	if !ok {
		return
	}
	switch {
	case len(parts) == 0:
		t.Const = ""
		return
	case len(parts) == 1 && !parts[0].expr:
		t.Const = parts[0].text
		return
	case len(parts) == 1:
		t.Whole = s.compileExpr(t.at, parts[0].text)
		return
	}
	for _, p := range parts {
		if !p.expr {
			t.Parts = append(t.Parts, Part{Text: p.text})
			continue
		}
		e := s.compileExpr(t.at, p.text)
		switch {
		case e.Output != nil:
			t.at.ReportAt(e.at, "the output of a task can only be passed on whole", "the value must be exactly ${{ "+e.Text+" }}")
		case e.kind != nil && !interpolates(e.kind):
			t.at.ReportAt(e.at, fmt.Sprintf("%s cannot be put into text", typeName(e.kind)), "name one of its fields, or make the value exactly one ${{ }}")
		}
		t.Parts = append(t.Parts, Part{Expr: e})
	}
}

func interpolates(t *cel.Type) bool {
	return t.Kind() == cel.StringKind || t.Kind() == cel.IntKind || t.Kind() == cel.BoolKind
}

type piece struct {
	text string
	expr bool
}

// split cuts text at ${{ and }}. Braces inside CEL strings and map literals do not
// end an expression.
func split(n document.Node, text string) ([]piece, bool) {
	var out []piece
	for {
		i := strings.Index(text, "${{")
		if i < 0 {
			if text != "" {
				out = append(out, piece{text: text})
			}
			return out, true
		}
		if i > 0 {
			out = append(out, piece{text: text[:i]})
		}
		end := closing(text[i+3:])
		if end < 0 {
			n.ReportAt(n.Find("${{"), "the expression is not closed", "end it with }}")
			return nil, false
		}
		out = append(out, piece{text: text[i+3 : i+3+end], expr: true})
		text = text[i+3+end+2:]
	}
}

func closing(s string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}' && i+1 < len(s) && s[i+1] == '}':
			return i
		}
	}
	return -1
}

// fits reports where a template cannot become a value of the wanted type. It gives
// the message and "" when it fits; outputs are judged elsewhere.
func (t Template) fits(want plan.Type) string {
	if want == plan.Secret {
		return "it is secret and can only come from the secret output of another task"
	}
	switch {
	case t.Whole != nil:
		if t.Whole.kind == nil || t.Whole.kind.Kind() == cel.DynKind || celFits(t.Whole.kind, want) {
			return ""
		}
		return fmt.Sprintf("it must be %s, this is %s", wanted(want), typeName(t.Whole.kind))
	case t.Parts != nil:
		return constFits("", want)
	case t.List != nil:
		if want == plan.List {
			return ""
		}
		return fmt.Sprintf("it must be %s, this is a list", wanted(want))
	case t.Map != nil:
		if want == plan.Map {
			return ""
		}
		return fmt.Sprintf("it must be %s, this is a map", wanted(want))
	case t.Const != nil:
		return constFits(t.Const, want)
	}
	return ""
}

func celFits(t *cel.Type, want plan.Type) bool {
	switch want {
	case plan.Bool:
		return t.Kind() == cel.BoolKind
	case plan.Int:
		return t.Kind() == cel.IntKind
	case plan.List:
		return t.IsExactType(cel.ListType(cel.StringType))
	case plan.Map:
		return t.IsExactType(cel.MapType(cel.StringType, cel.StringType))
	}
	return t.Kind() == cel.StringKind
}

func constFits(v any, want plan.Type) string {
	ok, is := false, ""
	switch v.(type) {
	case string:
		is, ok = "a string", want != plan.Bool && want != plan.Int && want != plan.List && want != plan.Map
	case bool:
		is, ok = "true or false", want == plan.Bool
	case int64:
		is, ok = "a number", want == plan.Int
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("it must be %s, this is %s", wanted(want), is)
}

func wanted(t plan.Type) string {
	switch t {
	case plan.Bool:
		return "true or false"
	case plan.Int:
		return "a whole number"
	case plan.List:
		return "a list of strings"
	case plan.Map:
		return "a map of strings"
	case plan.Repository:
		return "a repository (owner/name)"
	case plan.Workflow:
		return "a workflow's path"
	case plan.Timestamp:
		return "a time"
	}
	return "a string"
}
