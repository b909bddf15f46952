package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
)

// Details is what a person reads before agreeing to an action: its calls, what it
// relies on, whom it concerns, and the way back.
func Details(a *plan.Action) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s\n", Line(a.Use), Line(TargetName(a)))
	fmt.Fprintf(&b, "  effect %s, proof wanted %s\n", a.Effect, a.Proof)
	for _, c := range a.Calls {
		fmt.Fprintf(&b, "  would %s %s\n", Line(c.Verb), Line(c.Object))
	}
	for _, f := range fields(a.Before) {
		fmt.Fprintf(&b, "  now: %s\n", Line(f))
	}
	if a.Owner != "" {
		fmt.Fprintf(&b, "  concerns %s\n", Line(Owner{a.Owner, a.Contact}.String()))
	}
	if a.Breaks != "" {
		fmt.Fprintf(&b, "  breaks: %s\n", Line(a.Breaks))
	}
	if a.Shortfall != "" {
		fmt.Fprintf(&b, "  proof ends there: %s\n", Line(a.Shortfall))
	}
	fmt.Fprintf(&b, "  way back: %s\n", Undo(a))
	if a.Inverse != nil {
		if how, ok := a.Inverse.With["instructions"].Literal.(string); ok {
			fmt.Fprintf(&b, "    %s\n", Line(how))
		}
	}
	return b.String()
}

// fields gives a before-image as "name: value" lines, sorted by name; what is inside
// a member is named with dots. What is no JSON object comes as it is.
func fields(image json.RawMessage) []string {
	if len(image) == 0 {
		return nil
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(image))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return []string{string(image)}
	}
	return flatten("", v)
}

func flatten(name string, v any) []string {
	switch x := v.(type) {
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out = append(out, flatten(strings.TrimPrefix(name+"."+k, "."), x[k])...)
		}
		return out
	case []any:
		var out, plain []string
		for i, e := range x {
			switch e.(type) {
			case map[string]any, []any:
				out = append(out, flatten(fmt.Sprintf("%s %d", name, i+1), e)...)
			default:
				plain = append(plain, fmt.Sprint(e))
			}
		}
		if len(out) == 0 {
			return []string{field(name, strings.Join(plain, ", "))}
		}
		return append(out, plain...)
	case nil:
		return []string{field(name, "none")}
	case bool:
		return []string{field(name, map[bool]string{true: "yes", false: "no"}[x])}
	}
	return []string{field(name, fmt.Sprint(v))}
}

func field(name, value string) string {
	switch {
	case name == "":
		return value
	case value == "":
		return name + ": none"
	}
	return name + ": " + value
}
