package counterpart

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// extra lists the members of a JSON document that its schema does not know. The
// library lets them pass, as JSON Schema does; a world that makes them up would teach
// an adapter to read what GitHub never sends.
func (v violation) extra(schema *openapi3.SchemaRef, doc []byte) []violation {
	var value any
	if schema == nil || json.Unmarshal(doc, &value) != nil {
		return nil // told elsewhere
	}
	return v.below("", []*openapi3.Schema{schema.Value}, value)
}

// below compares a value with all schemas it may be meant by.
func (v violation) below(at string, schemas []*openapi3.Schema, value any) []violation {
	var out []violation
	schemas = branches(schemas)
	switch x := value.(type) {
	case []any:
		var items []*openapi3.Schema
		for _, s := range schemas {
			if s.Items != nil {
				items = append(items, s.Items.Value)
			}
		}
		for i, e := range x {
			out = append(out, v.below(fmt.Sprintf("%s/%d", at, i), items, e)...)
		}
	case map[string]any:
		if len(schemas) == 0 || slices.ContainsFunc(schemas, open) {
			return nil
		}
		for _, name := range slices.Sorted(maps.Keys(x)) {
			var known []*openapi3.Schema
			for _, s := range schemas {
				if p := s.Properties[name]; p != nil {
					known = append(known, p.Value)
				}
			}
			if len(known) == 0 {
				v.member, v.wants, v.has = at+"/"+name, "no such member", short(fmt.Sprint(x[name]))
				out = append(out, v)
				continue
			}
			out = append(out, v.below(at+"/"+name, known, x[name])...)
		}
	}
	return out
}

// branches opens allOf, oneOf and anyOf: a member which one of them knows is known.
func branches(schemas []*openapi3.Schema) []*openapi3.Schema {
	var out []*openapi3.Schema
	for _, s := range schemas {
		out = append(out, s)
		for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
			for _, r := range refs {
				out = append(out, branches([]*openapi3.Schema{r.Value})...)
			}
		}
	}
	return out
}

// open reports whether a schema says that it takes members it does not name: it
// names none, or it has a schema for others.
func open(s *openapi3.Schema) bool {
	others := s.AdditionalProperties.Schema != nil || s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has
	named := len(s.Properties) > 0 || len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) > 0
	return others || !named && (s.Type == nil || s.Type.Is("object"))
}
