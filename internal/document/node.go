package document

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/firebreak/firebreak/internal/diag"
)

// Node is a place in a document with what stands there. The zero Node is nothing.
type Node struct {
	doc *Document
	ast ast.Node
}

// Entry is a key of a map with its value.
type Entry struct {
	Name  string
	Key   Node
	Value Node
}

// Pos is a place; both count from 1.
type Pos struct{ Line, Column int }

// Pos gives where the node begins.
func (n Node) Pos() Pos {
	if n.ast == nil {
		return Pos{}
	}
	at := n.ast
	if m, ok := at.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		at = m.Values[0].Key // a block map's own token is its first colon
	}
	if m, ok := at.(*ast.MappingValueNode); ok {
		at = m.Key
	}
	p := at.GetToken().Position
	return Pos{p.Line, max(p.Column, 1)}
}

// Report adds a problem at the node.
func (n Node) Report(message, hint string) { n.ReportAt(n.Pos(), message, hint) }

// ReportAt adds a problem elsewhere in the node's document.
func (n Node) ReportAt(p Pos, message, hint string) {
	if n.doc != nil {
		n.doc.Problems.Add(n.doc.Source.At(p.Line, p.Column, message, hint))
	}
}

// Exists is false for the zero Node and for an empty value.
func (n Node) Exists() bool { return n.ast != nil && n.ast.Type() != ast.NullType }

// IsMap, IsList and IsText say what stands here.
func (n Node) IsMap() bool {
	return n.ast != nil && (n.ast.Type() == ast.MappingType || n.ast.Type() == ast.MappingValueType)
}

// IsList reports whether the node is a list.
func (n Node) IsList() bool { return n.ast != nil && n.ast.Type() == ast.SequenceType }

// IsText reports whether the node is a string, quoted, plain or block.
func (n Node) IsText() bool {
	return n.ast != nil && (n.ast.Type() == ast.StringType || n.ast.Type() == ast.LiteralType)
}

// What names the kind of thing that stands here, for messages.
func (n Node) What() string {
	switch {
	case !n.Exists():
		return "nothing"
	case n.IsMap():
		return "a map"
	case n.IsList():
		return "a list"
	case n.IsText():
		return "a string"
	}
	switch n.ast.Type() {
	case ast.BoolType:
		return "true or false"
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType:
		return "a number"
	case ast.AliasType:
		return "an alias"
	case ast.AnchorType:
		return "an anchor"
	case ast.TagType:
		return "a tag"
	}
	return "something else"
}

func (n Node) expected(what, hint string) {
	switch n.What() {
	case "an alias", "an anchor", "a tag":
		n.Report(n.What()+" is not allowed here", "write the value out; what is approved must be what is read")
	default:
		n.Report("expected "+what+", found "+n.What(), hint)
	}
}

// Map gives the entries in order. A key that is not among known, or stands twice,
// is reported and left out; no known keys means every key is taken.
func (n Node) Map(known ...string) []Entry {
	if !n.IsMap() {
		n.expected("a map", "")
		return nil
	}
	var values []*ast.MappingValueNode
	switch m := n.ast.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	}
	var out []Entry
	for _, v := range values {
		e := Entry{Name: v.Key.GetToken().Value, Key: Node{n.doc, v.Key}, Value: Node{n.doc, v.Value}}
		switch {
		case v.Key.IsMergeKey():
			e.Key.Report("a merge key is not allowed here", "write the entries out; what is approved must be what is read")
		case slices.ContainsFunc(out, func(o Entry) bool { return o.Name == e.Name }):
			e.Key.Report("the key "+strconv.Quote(e.Name)+" stands here twice", "keep one of them")
		case len(known) > 0 && !slices.Contains(known, e.Name):
			e.Key.Report("unknown key "+strconv.Quote(e.Name), diag.DidYouMean(e.Name, known))
		default:
			out = append(out, e)
		}
	}
	return out
}

// List gives the items.
func (n Node) List() []Node {
	s, ok := n.asSequence()
	if !ok {
		n.expected("a list", "begin each item with `- `")
		return nil
	}
	out := make([]Node, len(s.Values))
	for i, v := range s.Values {
		out[i] = Node{n.doc, v}
	}
	return out
}

func (n Node) asSequence() (*ast.SequenceNode, bool) {
	if n.ast == nil {
		return nil, false
	}
	s, ok := n.ast.(*ast.SequenceNode)
	return s, ok
}

// Text gives a string. A number or a word such as `true` is reported: in YAML it is
// not a string, and ids like 0123 would lose their zeros.
func (n Node) Text() (string, bool) {
	if !n.IsText() {
		hint := ""
		if n.Exists() && !n.IsMap() && !n.IsList() {
			hint = "put it in quotes"
		}
		n.expected("a string", hint)
		return "", false
	}
	if l, ok := n.ast.(*ast.LiteralNode); ok {
		return l.Value.Value, true
	}
	return n.ast.(*ast.StringNode).Value, true //nolint:forcetypeassert // IsText
}

// Texts gives a list of strings; a single string counts as a list of one.
func (n Node) Texts() []string {
	if n.IsText() {
		s, _ := n.Text()
		return []string{s}
	}
	if !n.IsList() {
		n.expected("a string or a list of strings", "")
		return nil
	}
	var out []string
	for _, i := range n.List() {
		if s, ok := i.Text(); ok {
			out = append(out, s)
		}
	}
	return out
}

// Bool gives true or false.
func (n Node) Bool() (bool, bool) {
	if n.ast != nil {
		if b, ok := n.ast.(*ast.BoolNode); ok {
			return b.Value, true
		}
	}
	n.expected("true or false", "")
	return false, false
}

// Int gives a whole number.
func (n Node) Int() (int64, bool) {
	if n.ast != nil && n.ast.Type() == ast.IntegerType {
		if v, err := strconv.ParseInt(strings.ReplaceAll(n.ast.GetToken().Value, "_", ""), 0, 64); err == nil {
			return v, true
		}
	}
	n.expected("a whole number", "")
	return 0, false
}

// Literal gives a plain value: string, bool, int64, list or map of these.
func (n Node) Literal() any {
	switch {
	case !n.Exists():
		return nil
	case n.IsText():
		s, _ := n.Text()
		return s
	case n.IsList():
		out := []any{}
		for _, i := range n.List() {
			out = append(out, i.Literal())
		}
		return out
	case n.IsMap():
		out := map[string]any{}
		for _, e := range n.Map() {
			out[e.Name] = e.Value.Literal()
		}
		return out
	case n.ast.Type() == ast.BoolType:
		b, _ := n.Bool()
		return b
	case n.ast.Type() == ast.IntegerType:
		i, _ := n.Int()
		return i
	}
	n.expected("a string, a whole number, true, false, a list or a map", "")
	return nil
}

// Find gives where text stands inside a string node. The node's own place when it
// cannot be found again, as after an escape.
func (n Node) Find(text string) Pos {
	p := n.Pos()
	last := p.Line
	switch v := n.ast.(type) {
	case *ast.LiteralNode:
		last += 1 + strings.Count(v.Value.GetToken().Origin, "\n")
	case *ast.StringNode:
		last += strings.Count(v.GetToken().Origin, "\n")
	}
	if l, c, ok := n.doc.Source.Find(text, p.Line, p.Column, last); ok {
		return Pos{l, c}
	}
	return p
}

// Peek gives the string value of a key without reporting anything.
func (n Node) Peek(name string) (string, bool) {
	m, ok := n.ast.(*ast.MappingNode)
	if !ok {
		return "", false
	}
	for _, v := range m.Values {
		if v.Key.GetToken().Value == name && (Node{n.doc, v.Value}).IsText() {
			return (Node{n.doc, v.Value}).Text()
		}
	}
	return "", false
}

// Keys gives the names of a map's keys without reporting anything.
func (n Node) Keys() []string {
	m, ok := n.ast.(*ast.MappingNode)
	if !ok {
		return nil
	}
	var out []string
	for _, v := range m.Values {
		out = append(out, v.Key.GetToken().Value)
	}
	return out
}
