package workflow

import (
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
)

// Guarded says whether an if condition keeps out every run that an outsider
// starts by the given event. Only conditions an outsider cannot fake count: where
// the head repository is, which event it was, who opened the pull request. A label,
// a branch name or github.actor do not.
func Guarded(cond, event string) bool {
	c := condition(cond)
	return c != nil && excludes(c, event)
}

func excludes(n actionlint.ExprNode, event string) bool {
	switch n := n.(type) {
	case *actionlint.LogicalOpNode:
		if n.Kind == actionlint.LogicalOpNodeKindAnd {
			return excludes(n.Left, event) || excludes(n.Right, event)
		}
		return excludes(n.Left, event) && excludes(n.Right, event)
	case *actionlint.NotOpNode:
		return dotted(n.Operand) == "github.event.pull_request.head.repo.fork"
	case *actionlint.BoolNode:
		return !n.Value
	case *actionlint.CompareOpNode:
		return compares(n, event)
	}
	return false
}

// sameRepository are pairs that are equal only when the head is in this repository.
var sameRepository = [][2]string{
	{"github.event.pull_request.head.repo.full_name", "github.repository"},
	{"github.event.pull_request.head.repo.full_name", "github.event.pull_request.base.repo.full_name"},
	{"github.event.pull_request.head.repo.id", "github.event.pull_request.base.repo.id"},
	{"github.event.pull_request.head.repo.id", "github.repository_id"},
	{"github.event.pull_request.head.repo.owner.login", "github.repository_owner"},
	{"github.event.pull_request.head.user.login", "github.repository_owner"},
	{"github.event.workflow_run.head_repository.full_name", "github.repository"},
	{"github.event.workflow_run.head_repository.id", "github.repository_id"},
	{"github.event.workflow_run.head_repository.owner.login", "github.repository_owner"},
}

// ours are values an outsider can never make equal to a literal.
var ours = []string{
	"github.event.pull_request.head.repo.full_name", "github.event.pull_request.head.repo.owner.login",
	"github.event.pull_request.head.user.login", "github.event.pull_request.user.login",
	"github.event.workflow_run.head_repository.full_name", "github.event.workflow_run.head_repository.owner.login",
}

func compares(n *actionlint.CompareOpNode, event string) bool {
	left, right := dotted(n.Left), dotted(n.Right)
	text, isText := n.Right.(*actionlint.StringNode)
	if !isText {
		if text, isText = n.Left.(*actionlint.StringNode); isText {
			left = right
		}
	}
	equal := n.Kind == actionlint.CompareOpNodeKindEq
	if !equal && n.Kind != actionlint.CompareOpNodeKindNotEq {
		return false
	}
	if isText {
		switch left {
		case "github.event_name":
			return equal == (text.Value != event)
		case "github.event.workflow_run.event":
			// A run started by a push or by hand is not an outsider's.
			return event == "workflow_run" && (equal && !outsiders(text.Value))
		}
		return equal && slices.Contains(ours, left)
	}
	if b, ok := n.Right.(*actionlint.BoolNode); ok && left == "github.event.pull_request.head.repo.fork" {
		return equal != b.Value
	}
	return equal && (slices.Contains(sameRepository, [2]string{left, right}) || slices.Contains(sameRepository, [2]string{right, left}))
}

func outsiders(event string) bool {
	e, _ := EventNamed(event)
	return e.Trust == Untrusted
}

// dotted writes a chain of properties as text, "" for anything else.
func dotted(n actionlint.ExprNode) string {
	switch n := n.(type) {
	case *actionlint.VariableNode:
		return n.Name
	case *actionlint.ObjectDerefNode:
		if r := dotted(n.Receiver); r != "" {
			return r + "." + n.Property
		}
	case *actionlint.IndexAccessNode:
		if s, ok := n.Index.(*actionlint.StringNode); ok {
			if r := dotted(n.Operand); r != "" {
				return r + "." + strings.ToLower(s.Value)
			}
		}
	}
	return ""
}
