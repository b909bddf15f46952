package workflow

import (
	"encoding/json"
	"strings"

	"github.com/rhysd/actionlint"
)

// verdict is what is known of a condition before a run.
type verdict int

const (
	maybe verdict = iota
	yes
	no
)

func (v verdict) not() verdict {
	switch v {
	case yes:
		return no
	case no:
		return yes
	}
	return maybe
}

func of(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// decide folds a condition as far as the event alone decides it; "" where that is not known.
func decide(n actionlint.ExprNode, event string) verdict {
	switch n := n.(type) {
	case *actionlint.BoolNode:
		return of(n.Value)
	case *actionlint.NullNode:
		return no
	case *actionlint.IntNode:
		return of(n.Value != 0)
	case *actionlint.StringNode:
		return of(n.Value != "")
	case *actionlint.NotOpNode:
		return decide(n.Operand, event).not()
	case *actionlint.LogicalOpNode:
		l, r := decide(n.Left, event), decide(n.Right, event)
		if n.Kind == actionlint.LogicalOpNodeKindAnd {
			switch {
			case l == no || r == no:
				return no
			case l == yes && r == yes:
				return yes
			}
			return maybe
		}
		switch {
		case l == yes || r == yes:
			return yes
		case l == no && r == no:
			return no
		}
		return maybe
	case *actionlint.CompareOpNode:
		return decideComparison(n, event)
	case *actionlint.FuncCallNode:
		return decideCall(n, event)
	}
	return maybe
}

// fixed is a value that is known: a literal, or the event's name.
func fixed(n actionlint.ExprNode, event string) (string, bool) {
	switch n := n.(type) {
	case *actionlint.StringNode:
		return n.Value, true
	case *actionlint.ObjectDerefNode:
		if dotted(n) == "github.event_name" {
			return event, event != ""
		}
	}
	return "", false
}

func decideComparison(n *actionlint.CompareOpNode, event string) verdict {
	l, lok := fixed(n.Left, event)
	r, rok := fixed(n.Right, event)
	if !lok || !rok {
		return maybe
	}
	switch n.Kind {
	case actionlint.CompareOpNodeKindEq:
		return of(strings.EqualFold(l, r)) // GitHub compares strings without case
	case actionlint.CompareOpNodeKindNotEq:
		return of(!strings.EqualFold(l, r))
	}
	return maybe
}

func decideCall(n *actionlint.FuncCallNode, event string) verdict {
	name := strings.ToLower(n.Callee)
	if name == "always" {
		return yes
	}
	if len(n.Args) != 2 {
		return maybe
	}
	needle, ok := fixed(n.Args[1], event)
	if !ok {
		return maybe
	}
	if name == "contains" {
		if list, ok := literalList(n.Args[0]); ok {
			for _, s := range list {
				if strings.EqualFold(s, needle) {
					return yes
				}
			}
			return no
		}
	}
	hay, ok := fixed(n.Args[0], event)
	if !ok {
		return maybe
	}
	hay, needle = strings.ToLower(hay), strings.ToLower(needle)
	switch name {
	case "contains":
		return of(strings.Contains(hay, needle))
	case "startswith":
		return of(strings.HasPrefix(hay, needle))
	case "endswith":
		return of(strings.HasSuffix(hay, needle))
	}
	return maybe
}

// literalList reads fromJSON('["a","b"]').
func literalList(n actionlint.ExprNode) ([]string, bool) {
	c, ok := n.(*actionlint.FuncCallNode)
	if !ok || !strings.EqualFold(c.Callee, "fromJSON") || len(c.Args) != 1 {
		return nil, false
	}
	s, ok := c.Args[0].(*actionlint.StringNode)
	if !ok {
		return nil, false
	}
	var list []string
	return list, json.Unmarshal([]byte(s.Value), &list) == nil && list != nil
}

// refsOf gives patterns of the refs a condition lets through; nil when it does not
// decide by the ref.
func refsOf(n actionlint.ExprNode) []string {
	switch n := n.(type) {
	case *actionlint.LogicalOpNode:
		l, r := refsOf(n.Left), refsOf(n.Right)
		if n.Kind == actionlint.LogicalOpNodeKindAnd {
			switch {
			case l == nil:
				return r
			case r == nil:
				return l
			}
			return both(l, r)
		}
		if l == nil || r == nil {
			return nil
		}
		return append(l, r...)
	case *actionlint.CompareOpNode:
		if n.Kind != actionlint.CompareOpNodeKindEq {
			return nil
		}
		return refEquals(dotted(n.Left), n.Right, dotted(n.Right), n.Left)
	case *actionlint.FuncCallNode:
		if strings.EqualFold(n.Callee, "startsWith") && len(n.Args) == 2 {
			if s, ok := n.Args[1].(*actionlint.StringNode); ok && dotted(n.Args[0]) == "github.ref" {
				return []string{s.Value + "*"}
			}
		}
	}
	return nil
}

func refEquals(left string, right actionlint.ExprNode, other string, swapped actionlint.ExprNode) []string {
	s, ok := right.(*actionlint.StringNode)
	if !ok {
		if s, ok = swapped.(*actionlint.StringNode); !ok {
			return nil
		}
		left = other
	}
	switch left {
	case "github.ref":
		return []string{s.Value}
	case "github.ref_name":
		return []string{"refs/heads/" + s.Value, "refs/tags/" + s.Value}
	case "github.ref_type":
		switch s.Value {
		case "branch":
			return []string{"refs/heads/*"}
		case "tag":
			return []string{"refs/tags/*"}
		}
	}
	return nil
}
