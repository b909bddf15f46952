package plan

// Repositories are those the playbook's input `repository` named, one or several, in
// its order; nil when it has no such input.
func (p *Plan) Repositories() []string { return texts(p.Inputs["repository"]) }

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
