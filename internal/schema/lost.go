package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Lost lists what a reader of documents of an old version may rely on and of a new
// one may not: fields that are gone, that may be missing now, or that have another
// type. Both are documents as json.Unmarshal gives them.
func Lost(before, after []byte) ([]string, error) {
	was, err := promises(before)
	if err != nil {
		return nil, err
	}
	is, err := promises(after)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, path := range sorted(was) {
		had, has := was[path], is[path]
		switch {
		case has.kind == "" && had.kind != "":
			out = append(out, path+" is gone")
		case has.kind != had.kind:
			out = append(out, fmt.Sprintf("%s was %s and is %s", path, had.kind, has.kind))
		case had.always && !has.always:
			out = append(out, path+" was always there and may be missing")
		}
	}
	return out, nil
}

// promise is what a document says of one field.
type promise struct {
	kind   string
	always bool
}

// promises walks a document and gives every field by its path: "actions[].proof".
func promises(b []byte) (map[string]promise, error) {
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	w := walk{defs: object(doc["$defs"]), out: map[string]promise{}}
	w.node(doc, "", nil)
	return w.out, nil
}

type walk struct {
	defs map[string]any
	out  map[string]promise
}

// node walks one schema. within are the definitions it was reached through: one that
// holds itself is walked once.
func (w *walk) node(n map[string]any, path string, within []string) {
	if ref, ok := n["$ref"].(string); ok {
		name := ref[len("#/$defs/"):]
		if !slices.Contains(within, name) {
			w.node(object(w.defs[name]), path, append(slices.Clone(within), name))
		}
	}
	for _, k := range []string{"oneOf", "anyOf", "allOf"} {
		for _, x := range list(n[k]) {
			w.node(object(x), path+of(object(x)), within)
		}
	}
	if items := object(n["items"]); len(items) > 0 {
		w.node(items, path+"[]", within)
	}
	if values := object(n["additionalProperties"]); len(values) > 0 {
		w.node(values, path+"{}", within)
	}
	for name, p := range object(n["properties"]) {
		field := object(p)
		if _, is := field["const"]; is {
			continue
		}
		at := path + "." + name
		w.out[at] = promise{kind(field), slices.Contains(list(n["required"]), any(name))}
		w.node(field, at, within)
	}
}

// of names a line of a stream by its type.
func of(n map[string]any) string {
	for _, x := range list(n["allOf"]) {
		if kind, ok := object(object(object(x)["properties"])["type"])["const"].(string); ok {
			return "(" + kind + ")"
		}
	}
	return ""
}

// kind is a field's type in a word.
func kind(n map[string]any) string {
	switch t := n["type"].(type) {
	case string:
		return t
	case []any:
		return fmt.Sprint(t)
	}
	if _, ok := n["$ref"]; ok {
		return "object"
	}
	if _, ok := n["anyOf"]; ok {
		return "object or null"
	}
	return "anything"
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
