package workflow

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Matrix is what a job's strategy runs it with. Values are those written out, by
// name in lower case, those of "include" with them. Open says that more may come at
// run time, from an expression.
type Matrix struct {
	Values map[string][]string
	Open   bool
}

func matrix(n *yaml.Node) *Matrix {
	switch n.Kind {
	case yaml.ScalarNode:
		if scalar(n) == "" {
			return nil
		}
		return &Matrix{Open: true}
	case yaml.MappingNode:
	default:
		return nil
	}
	m := &Matrix{Values: map[string][]string{}}
	each(n, func(k, v *yaml.Node) {
		switch name := strings.ToLower(k.Value); name {
		case "exclude":
		case "include":
			if v.Kind != yaml.SequenceNode {
				m.Open = true
				return
			}
			for _, c := range v.Content {
				each(c, func(k, v *yaml.Node) { m.add(strings.ToLower(k.Value), v) })
			}
		default:
			if v.Kind != yaml.SequenceNode {
				m.Open = true
				return
			}
			for _, c := range v.Content {
				m.add(name, follow(c))
			}
		}
	})
	return m
}

// add takes a value in, an object's members one by one as NAME.MEMBER.
func (m *Matrix) add(name string, n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		each(n, func(k, v *yaml.Node) { m.add(name+"."+strings.ToLower(k.Value), v) })
		return
	}
	s := scalar(n)
	if n.Kind != yaml.ScalarNode || strings.Contains(s, "${{") {
		m.Open = true
		return
	}
	m.Values[name] = append(m.Values[name], s)
}
