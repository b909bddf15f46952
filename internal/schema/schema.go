// Package schema writes down what our JSON looks like: a JSON Schema document made
// from a Go type, and what two versions of one took away from its readers.
//
// Of is pure: the same type and comments give the same document. Names are a
// contract: fields are added, never renamed or removed; Lost finds where that was
// broken. The documents themselves lie in docs/schema.
package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Dialect is the JSON Schema draft of the documents.
const Dialect = "https://json-schema.org/draft/2020-12/schema"

// Node is one JSON Schema, as a document: keys are keywords. json.Marshal sorts them.
type Node map[string]any

// Comments say what a type ("view.Incident") and a field ("view.Incident.State") mean.
type Comments map[string]string

// Options are what a type alone does not say.
type Options struct {
	Comments Comments
	// Instead gives the type that a field of raw JSON really has, by the field's name
	// ("respond.Planned.Bytes").
	Instead map[string]reflect.Type
}

// Of gives the document of t, named like "firebreak.incident/1". Structs become
// definitions, named package.Type.
func Of(name, title string, t reflect.Type, o Options) (Node, error) {
	m := &maker{Options: o, defs: Node{}}
	root := m.node(t, "")
	if m.err != nil {
		return nil, fmt.Errorf("schema of %s: %w", name, m.err)
	}
	doc := Node{"$schema": Dialect, "$id": ID(name), "title": title, "$defs": m.defs}
	for k, v := range root {
		doc[k] = v
	}
	return doc, nil
}

// Stream gives the document of one line of a stream: heads are whole lines by their
// type, record is the line of an event, data what its field data holds by its type.
func Stream(name, title string, heads map[string]reflect.Type, record reflect.Type, data map[string]reflect.Type, o Options) (Node, error) {
	m := &maker{Options: o, defs: Node{}}
	var lines []any
	for _, k := range sorted(heads) {
		lines = append(lines, Node{"allOf": []any{m.node(heads[k], ""), Node{"properties": Node{"type": Node{"const": k}}}}})
	}
	for _, k := range sorted(data) {
		own := Node{"properties": Node{"type": Node{"const": k}, "data": m.node(data[k], "")}, "required": []any{"data"}}
		lines = append(lines, Node{"allOf": []any{m.node(record, ""), own}})
	}
	if m.err != nil {
		return nil, fmt.Errorf("schema of %s: %w", name, m.err)
	}
	return Node{"$schema": Dialect, "$id": ID(name), "title": title, "oneOf": lines, "$defs": m.defs}, nil
}

// ID is the identifier of a document: "urn:firebreak:incident:1".
func ID(name string) string {
	return "urn:" + strings.NewReplacer(".", ":", "/", ":").Replace(name)
}

// maker collects the definitions of one document.
type maker struct {
	Options
	defs Node
	err  error
}

var (
	raw  = reflect.TypeFor[json.RawMessage]()
	when = reflect.TypeFor[time.Time]()
	text = reflect.TypeFor[encoding.TextMarshaler]()
	own  = reflect.TypeFor[json.Marshaler]()
)

// node is the schema of a value of type t. field is the field it was found in, ""
// for none.
func (m *maker) node(t reflect.Type, field string) Node {
	if instead, ok := m.Instead[field]; ok {
		t = instead
	}
	switch {
	case t == raw, t.Kind() == reflect.Interface:
		return Node{}
	case t == when:
		return Node{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return orNull(m.node(t.Elem(), ""))
	case t.Implements(text):
		return m.word(t)
	case t.Implements(own):
		m.fail("%s makes its own JSON", t)
		return Node{}
	}
	switch t.Kind() {
	case reflect.Bool:
		return Node{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Node{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return Node{"type": "number"}
	case reflect.String:
		return m.word(t)
	case reflect.Slice, reflect.Array:
		return Node{"type": "array", "items": m.node(t.Elem(), "")}
	case reflect.Map:
		return Node{"type": "object", "additionalProperties": m.node(t.Elem(), "")}
	case reflect.Struct:
		return m.define(t)
	}
	m.fail("%s has no JSON", t)
	return Node{}
}

// word is a string; what its type says of it is told.
func (m *maker) word(t reflect.Type) Node {
	n := Node{"type": "string"}
	if c := m.Comments[typeName(t)]; c != "" && t.PkgPath() != "" {
		n["description"] = c
	}
	return n
}

func orNull(n Node) Node {
	if kind, ok := n["type"].(string); ok {
		n["type"] = []any{kind, "null"}
		return n
	}
	return Node{"anyOf": []any{n, Node{"type": "null"}}}
}

// define makes a struct a definition and refers to it.
func (m *maker) define(t reflect.Type) Node {
	name := typeName(t)
	ref := Node{"$ref": "#/$defs/" + name}
	if _, ok := m.defs[name]; ok {
		return ref
	}
	n := Node{"type": "object"}
	m.defs[name] = n // before its fields: a type may hold itself
	if c := m.Comments[name]; c != "" {
		n["description"] = c
	}
	properties, required := Node{}, []any{}
	m.fields(t, properties, &required)
	n["properties"] = properties
	if len(required) > 0 {
		n["required"] = required
	}
	return ref
}

func (m *maker) fields(t reflect.Type, into Node, required *[]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			m.fields(f.Type, into, required)
			continue
		case tag == "-" || !f.IsExported():
			continue
		case tag == "":
			m.fail("%s.%s has no name in JSON", typeName(t), f.Name)
			continue
		}
		maybe := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		field, ft := typeName(t)+"."+f.Name, f.Type
		if maybe && ft.Kind() == reflect.Pointer {
			ft = ft.Elem() // left out where it would be null
		}
		n := m.node(ft, field)
		c := m.Comments[field]
		if c == "" {
			c = words[tag]
		}
		if c == "" {
			c = m.Comments[typeName(inner(ft))]
		}
		if c != "" {
			n["description"] = join(c, n["description"])
		}
		into[tag] = n
		if !maybe {
			*required = append(*required, tag)
		}
	}
}

// inner is what a list or pointer is of.
func inner(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return reflect.TypeFor[struct{}]()
	}
	return t
}

// join puts what a field's type says behind what the field says.
func join(c string, more any) string {
	if text, ok := more.(string); ok {
		return strings.TrimSuffix(c, ".") + ". " + text
	}
	return c
}

func (m *maker) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

// typeName is "view.Incident".
func typeName(t reflect.Type) string {
	return t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:] + "." + t.Name()
}
