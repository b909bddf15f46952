package workflow

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rhysd/actionlint"
)

// Folded gives the names that secrets[...] in a value can stand for, upper case and
// sorted, where a literal matrix decides them; nil where anything else does.
// Source: GitHub Docs, "Evaluate expressions", format; "Contexts", matrix.
func Folded(value string, m *Matrix) []string {
	var out []string
	for _, e := range expressions(value, !strings.Contains(value, "${{")) {
		if e.tree() == nil {
			return nil
		}
		ok := true
		actionlint.VisitExprNode(e.tree(), func(n, _ actionlint.ExprNode, entering bool) {
			x, is := n.(*actionlint.IndexAccessNode)
			if v, of := operand(x, is); !entering || !of || v != "secrets" {
				return
			}
			names, known := constant(x.Index, m)
			ok = ok && known
			out = append(out, names...)
		})
		if !ok {
			return nil
		}
	}
	for i := range out {
		out[i] = strings.ToUpper(out[i])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func operand(x *actionlint.IndexAccessNode, is bool) (string, bool) {
	if !is {
		return "", false
	}
	v, ok := x.Operand.(*actionlint.VariableNode)
	if !ok {
		return "", false
	}
	return v.Name, true
}

// constant gives every text an expression can be.
func constant(n actionlint.ExprNode, m *Matrix) ([]string, bool) {
	switch n := n.(type) {
	case *actionlint.StringNode:
		return []string{n.Value}, true
	case *actionlint.IntNode:
		return []string{strconv.Itoa(n.Value)}, true
	case *actionlint.ObjectDerefNode, *actionlint.IndexAccessNode:
		name, ok := strings.CutPrefix(dotted(n), "matrix.")
		if !ok || m == nil || m.Open {
			return nil, false
		}
		values, ok := m.Values[name]
		return values, ok
	case *actionlint.FuncCallNode:
		return formatted(n, m)
	case *actionlint.LogicalOpNode:
		l, lok := constant(n.Left, m)
		r, rok := constant(n.Right, m)
		return append(slices.Clone(l), r...), lok && rok
	}
	return nil, false
}

func formatted(n *actionlint.FuncCallNode, m *Matrix) ([]string, bool) {
	if !strings.EqualFold(n.Callee, "format") || len(n.Args) == 0 {
		return nil, false
	}
	out, ok := constant(n.Args[0], m)
	for i, a := range n.Args[1:] {
		values, known := constant(a, m)
		if !known {
			return nil, false
		}
		var next []string
		for _, s := range out {
			for _, v := range values {
				next = append(next, strings.ReplaceAll(s, "{"+strconv.Itoa(i)+"}", v))
			}
		}
		out = next
	}
	return out, ok
}
