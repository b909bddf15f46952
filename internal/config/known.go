package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// Kinds are the issuers and stores there are, by name, each with the settings its
// actions take.
type Kinds struct {
	Issuers, Stores map[string][]plan.Field
}

// Check holds a file that Parse accepted against what there is: an issuer nobody has,
// or a setting it does not take, would quietly make a rotation somebody's handwork. The
// error is a diag.List with every mistake.
func Check(file string, b []byte, k Kinds) error {
	doc, root, ok := document.Open(file, b)
	if !ok {
		return doc.Problems.Err()
	}
	for _, e := range root.Map() {
		if e.Name != "credentials" || !e.Value.IsList() {
			continue
		}
		for _, c := range e.Value.List() {
			if c.IsMap() {
				k.credential(c)
			}
		}
	}
	return doc.Problems.Err()
}

func (k Kinds) credential(n document.Node) {
	for _, e := range n.Map() {
		switch e.Name {
		case "issuer":
			system(e.Value, k.Issuers, "issuer", "leave issuer out where a person makes the new value")
		case "stores":
			for _, s := range list(e.Value) {
				system(s, k.Stores, "store", "leave it out, and tell the people who keep that copy")
			}
		}
	}
}

// system reads `npm.token: { user: acme-bot }`.
func system(n document.Node, known map[string][]plan.Field, what, otherwise string) {
	if !n.IsMap() {
		return
	}
	for _, e := range n.Map() {
		fields, ok := known[e.Name]
		if !ok {
			e.Key.Report(fmt.Sprintf("firebreak knows no %s %q", what, e.Name), diag.DidYouMean(e.Name, slices.Sorted(maps.Keys(known)))+"; "+otherwise)
			continue
		}
		var takes []string
		for _, f := range fields {
			if f.Type != plan.Secret && !slices.Contains(takes, f.Name) {
				takes = append(takes, f.Name)
			}
		}
		slices.Sort(takes)
		given := map[string]bool{}
		if e.Value.Exists() && e.Value.IsMap() {
			for _, s := range e.Value.Map(takes...) {
				given[s.Name] = true
			}
		}
		for _, f := range fields {
			if f.Required && f.Type != plan.Secret && !given[f.Name] {
				given[f.Name] = true // once
				e.Key.Report(fmt.Sprintf("%s needs the setting %q", e.Name, f.Name), f.Doc)
			}
		}
	}
}
