package plan

import (
	"slices"
	"strings"
)

// Repositories are those the playbook's input `repository` named, one or several, in
// its order; nil when it has no such input.
func (p *Plan) Repositories() []string { return texts(p.Inputs["repository"]) }

// Named are the workflows that the playbook's inputs name, sorted: what Subjects has to
// be. A workflow without its repository is meant in every repository given.
func (p *Plan) Named() []string {
	var out []string
	for _, w := range texts(p.Inputs["workflow"]) {
		if repository, _, is := strings.Cut(w, "/.github/"); is && strings.Contains(repository, "/") {
			out = append(out, w)
			continue
		}
		for _, r := range p.Repositories() {
			out = append(out, r+"/"+w)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// texts reads an input that is one text or a list of them, as compiled or as decoded.
func texts(v any) []string {
	switch x := v.(type) {
	case string:
		if x != "" {
			return []string{x}
		}
	case []string:
		return x
	case []any:
		var out []string
		for _, i := range x {
			if s, ok := i.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
