package workflow

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// The functions here read a YAML tree in which anything may be missing or of
// another kind than GitHub wants: what does not fit is empty, never a panic.

var nothing = &yaml.Node{}

// each calls f for every entry of a mapping, aliases followed; nothing for any
// other node. A merge key's entries come where it stands, if the mapping has no
// key of the name: GitHub refuses merge keys, other readers of the file do not.
func each(n *yaml.Node, f func(k, v *yaml.Node)) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Value == "<<" && k.Style == 0 {
			each(n.Content[i+1], func(mk, mv *yaml.Node) {
				if !has(n, mk.Value) {
					f(mk, mv)
				}
			})
			continue
		}
		f(follow(k), follow(n.Content[i+1]))
	}
}

func has(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// value is the value of a key, or an empty node.
func value(n *yaml.Node, key string) *yaml.Node {
	found := nothing
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

func where(n *yaml.Node) Pos {
	if n.Line == 0 {
		return Pos{1, 1}
	}
	return Pos{n.Line, n.Column}
}

// scalar is a single value's text, "" for anything else and for null.
func scalar(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// texts is a list of single values, or one of them alone.
func texts(n *yaml.Node) []string {
	n = follow(n)
	switch n.Kind {
	case yaml.ScalarNode:
		if s := scalar(n); s != "" {
			return []string{s}
		}
	case yaml.SequenceNode:
		out := make([]string, 0, len(n.Content))
		for _, c := range n.Content {
			if s := scalar(follow(c)); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// vars are a mapping's entries, in the order of the file.
func vars(n *yaml.Node) []Var {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		return nil
	}
	out := make([]Var, 0, len(n.Content)/2)
	each(n, func(k, v *yaml.Node) { out = append(out, Var{k.Value, scalar(v), where(v)}) })
	return out
}
