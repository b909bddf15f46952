package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Row is one field of a document, for people. Text is Markdown.
type Row struct {
	Of    string // the object it is in: "Incident", "opened"
	About string // what that object is, with a space before it
	Field string
	Type  string
	Text  string
}

// Table gives the fields of a document, the outermost object first, then the others
// by name.
func Table(doc []byte) ([]Row, error) {
	var d map[string]any
	if err := json.Unmarshal(doc, &d); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	defs := object(d["$defs"])
	names := sorted(defs)
	root := strings.TrimPrefix(fmt.Sprint(d["$ref"]), "#/$defs/")
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case a == root:
			return -1
		case b == root:
			return 1
		}
		return 0
	})
	var out []Row
	for _, name := range names {
		def := object(defs[name])
		about := prose(def)
		if about != "" {
			about = ": " + about
		}
		required := list(def["required"])
		for _, f := range sorted(object(def["properties"])) {
			n := object(object(def["properties"])[f])
			r := Row{Of: name, About: about, Field: f, Type: described(n), Text: prose(n)}
			if !slices.Contains(required, any(f)) {
				r.Type += ", *maybe*"
			}
			out = append(out, r)
		}
	}
	return out, nil
}

func prose(n map[string]any) string {
	s, _ := n["description"].(string)
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*").Replace(s)
}

// described is a type in words.
func described(n map[string]any) string {
	if ref, ok := n["$ref"].(string); ok {
		return strings.TrimPrefix(ref, "#/$defs/")
	}
	for _, x := range list(n["anyOf"]) {
		return described(object(x)) + " or null"
	}
	if n["format"] == "date-time" {
		if kinds := list(n["type"]); len(kinds) > 0 {
			return "time or null"
		}
		return "time"
	}
	switch n["type"] {
	case "array":
		return "list of " + described(object(n["items"]))
	case "object":
		return "map of " + described(object(n["additionalProperties"]))
	case nil:
		return "any JSON"
	}
	if kinds := list(n["type"]); len(kinds) > 0 {
		return fmt.Sprintf("%s or null", kinds[0])
	}
	return fmt.Sprint(n["type"])
}
