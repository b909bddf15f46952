package rehearse

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/firebreak/firebreak/internal/diag"
)

// document is a decoded YAML file that still knows where everything stands.
type document struct {
	file  string
	lines []string
	at    map[string]place // by path: "attacker.does[0]"
	list  diag.List
}

type place struct{ line, column int }

// decode fills into from src and collects every mistake instead of ending at the
// first: unknown and repeated keys, and values of another type than wanted.
func decode(file string, src []byte, into any) *document {
	d := &document{file: file, lines: strings.Split(string(src), "\n"), at: map[string]place{}}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		at := place{1, 1}
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil {
			at = place{syntax.Token.Position.Line, syntax.Token.Position.Column}
			d.complain(at, "not valid YAML: "+syntax.Message, "")
			return d
		}
		d.complain(at, "not valid YAML", "")
		return d
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		d.complain(place{1, 1}, fmt.Sprintf("a scenario is one YAML document, this file has %d", len(f.Docs)), "")
		return d
	}
	d.value("", f.Docs[0].Body, reflect.ValueOf(into).Elem())
	return d
}

// mistake adds a diagnostic where path stands, or where its nearest parent does.
func (d *document) mistake(path, message, hint string) {
	p, ok := d.at[path]
	for !ok && path != "" {
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
		p, ok = d.at[path]
	}
	d.complain(p, message, hint)
}

func (d *document) complain(p place, message, hint string) {
	g := diag.Diagnostic{File: d.file, Line: p.line, Column: p.column, Message: message, Hint: hint}
	if p.line >= 1 && p.line <= len(d.lines) {
		g.Snippet = d.lines[p.line-1]
	}
	d.list.Add(g)
}

func (d *document) value(path string, n ast.Node, v reflect.Value) {
	d.at[path] = where(n)
	if n.Type() == ast.NullType {
		return
	}
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(path, n, v.Elem())
	case v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[time.Duration]():
		d.leaf(n, v)
	case v.Kind() == reflect.Struct, v.Kind() == reflect.Map:
		d.mapping(path, n, v)
	case v.Kind() == reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			d.complain(where(n), fmt.Sprintf("%s is a list", last(path)), "write it as [ … ] or with one - a line")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
		for i, e := range list.Values {
			d.value(path+"["+strconv.Itoa(i)+"]", e, v.Index(i))
		}
	default:
		d.leaf(n, v)
	}
}

func (d *document) mapping(path string, n ast.Node, v reflect.Value) {
	pairs, ok := pairsOf(n)
	if !ok {
		d.complain(where(n), fmt.Sprintf("%s is a mapping of names to values", last(path)), "")
		return
	}
	if v.Kind() == reflect.Map {
		v.Set(reflect.MakeMap(v.Type()))
	}
	fields, seen := fieldsOf(v.Type()), map[string]bool{}
	for _, p := range pairs {
		key := p.Key.GetToken().Value
		if seen[key] {
			d.complain(where(p.Key), fmt.Sprintf("%s stands here twice", key), "")
			continue
		}
		seen[key] = true
		below := strings.TrimPrefix(path+"."+key, ".")
		if v.Kind() == reflect.Map {
			e := reflect.New(v.Type().Elem()).Elem()
			d.value(below, p.Value, e)
			v.SetMapIndex(reflect.ValueOf(key), e)
			continue
		}
		i, known := fields[key]
		if !known {
			d.complain(where(p.Key), fmt.Sprintf("%s has no %q", last(path), key), "known are: "+strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
			continue
		}
		d.value(below, p.Value, v.Field(i))
	}
}

func (d *document) leaf(n ast.Node, v reflect.Value) {
	if err := yaml.NodeToValue(n, v.Addr().Interface()); err != nil {
		d.complain(where(n), fmt.Sprintf("%q is not %s", n.GetToken().Value, kind(v.Type())), "")
	}
}

func pairsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func fieldsOf(t reflect.Type) map[string]int {
	fields := map[string]int{}
	if t.Kind() != reflect.Struct {
		return fields
	}
	for i := range t.NumField() {
		// Seeds of providers may only name their fields for JSON.
		name, ok := t.Field(i).Tag.Lookup("yaml")
		if !ok {
			name, _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
		}
		if name != "" && name != "-" {
			fields[name] = i
		}
	}
	return fields
}

func kind(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a span of time like 90s or 5m"
	case t == reflect.TypeFor[time.Time]():
		return "a time like 2025-03-14T16:57:00Z"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a text"
	}
	return "a number"
}

func where(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key
	} else if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	p := n.GetToken().Position
	return place{p.Line, p.Column}
}

func last(path string) string {
	if path == "" {
		return "a scenario"
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}
