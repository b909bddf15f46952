package workflow

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// ParseAction reads the metadata file of an action (action.yml). actionlint has
// no parser that keeps a composite action's steps, so this is our own walk. Like
// Parse it never fails.
func ParseAction(name string, src []byte) *Action {
	a := &Action{Path: name}
	t := newText(src)
	root, w := read(name, t, inAction, &a.Problems)
	if root == nil {
		a.Broken = true
		a.Refs = t.scan()
		return a
	}
	a.Name = value(root, "name").Value
	a.Refs = w.of(func(string) bool { return true })
	runs := value(root, "runs")
	a.Using = value(runs, "using").Value
	each(value(root, "inputs"), func(k, v *yaml.Node) {
		d := value(v, "default")
		a.Inputs = append(a.Inputs, Var{k.Value, d.Value, Pos{k.Line, k.Column}})
	})
	for i, s := range follow(value(runs, "steps")).Content {
		a.Steps = append(a.Steps, actionStep(i, follow(s)))
	}
	return a
}

func actionStep(i int, n *yaml.Node) Step {
	s := Step{Index: i, Pos: Pos{n.Line, n.Column}}
	each(n, func(k, v *yaml.Node) {
		here := Pos{v.Line, v.Column}
		switch strings.ToLower(k.Value) {
		case "id":
			s.ID = v.Value
		case "name":
			s.Name = v.Value
		case "if":
			s.If = v.Value
		case "uses":
			s.Uses, s.UsesPos = v.Value, here
		case "run":
			s.Run, s.RunPos = v.Value, here
		case "with":
			s.With = vars(v)
		case "env":
			s.Env = vars(v)
		}
	})
	return s
}

func vars(n *yaml.Node) []Var {
	var out []Var
	each(n, func(k, v *yaml.Node) {
		out = append(out, Var{k.Value, v.Value, Pos{v.Line, v.Column}})
	})
	return out
}

// each calls f for every entry of a mapping, aliases followed; nothing for any other node.
func each(n *yaml.Node, f func(k, v *yaml.Node)) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f(n.Content[i], follow(n.Content[i+1]))
	}
}

// value is the value of a key, or an empty node.
func value(n *yaml.Node, key string) *yaml.Node {
	found := &yaml.Node{}
	each(n, func(k, v *yaml.Node) {
		if strings.EqualFold(k.Value, key) {
			found = v
		}
	})
	return found
}

func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}
