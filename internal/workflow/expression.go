package workflow

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
)

// expression is one ${{ }} in a value, or a whole if condition without the marks.
type expression struct {
	start int // byte offset of the body in the value
	end   int // byte offset behind the body
	body  string
	// unread: it is a chain of names alone, which parses for certain and need not be read.
	unread bool
	node   actionlint.ExprNode
}

// tree is the expression read; nil when it does not parse.
func (e *expression) tree() actionlint.ExprNode {
	if e.unread {
		e.unread = false
		e.node, _ = parseExpression(e.body + "}}")
	}
	return e.node
}

// chain says whether a body is names with dots between and nothing else, as most are.
func chain(body string) bool {
	body = strings.TrimSpace(body)
	begins := true
	for i := 0; i < len(body); i++ {
		c := body[i] | 0x20
		switch {
		case c >= 'a' && c <= 'z', body[i] == '_':
			begins = false
		case begins:
			return false
		case body[i] == '.':
			begins = true
		case body[i] != '-' && (body[i] < '0' || body[i] > '9'):
			return false
		}
	}
	return !begins
}

// expressions finds every expression in a value. implicit says that the value is
// one even without ${{ }}, as in "if".
func expressions(value string, implicit bool) []expression {
	if implicit && !strings.Contains(value, "${{") {
		if strings.TrimSpace(value) == "" {
			return nil
		}
		node, _ := parseExpression(value + "}}")
		return []expression{{end: len(value), body: value, node: node}}
	}
	var out []expression
	for at := 0; ; {
		i := strings.Index(value[at:], "${{")
		if i < 0 {
			return out
		}
		start := at + i + len("${{")
		if n := strings.Index(value[start:], "}}"); n >= 0 && chain(value[start:start+n]) {
			out = append(out, expression{start: start, end: start + n, body: value[start : start+n], unread: true})
			at = start + n + len("}}")
			continue
		}
		node, n := parseExpression(value[start:])
		if n == 0 { // it does not parse: up to the next mark, or to the end
			if n = strings.Index(value[start:], "}}"); n < 0 {
				n = len(value) - start
			} else {
				n += len("}}")
			}
		}
		end := start + n
		body := strings.TrimSuffix(value[start:end], "}}")
		out = append(out, expression{start: start, end: start + len(body), body: body, node: node})
		at = end
	}
}

// longestExpression is the longest GitHub takes. A longer one is read as text: nested deep
// enough it would take the parser's stack, which no recover gives back.
// Source: GitHub Actions' own error, "exceeded max expression length 21000".
const longestExpression = 21_000

// parseExpression parses up to the closing braces and gives the number of bytes
// read, braces included; 0 when it does not parse.
func parseExpression(src string) (actionlint.ExprNode, int) {
	src = src[:min(len(src), longestExpression+len("}}"))]
	lexer := actionlint.NewExprLexer(src)
	node, err := actionlint.NewExprParser().Parse(lexer)
	if err != nil || lexer.Err() != nil {
		return nil, 0
	}
	return node, min(lexer.Offset(), len(src))
}

func (e *expression) mayRefer() bool { return mayRefer(e.body) }

// mayRefer says whether a text can hold a reference to a secret, the job's token or a
// variable, without reading it as an expression. Every such reference begins with
// one of three words, of which "github" counts only where it is not followed by a
// property other than the token.
func mayRefer(s string) bool {
	for i := 0; i+4 <= len(s); i++ {
		switch s[i] | 0x20 {
		case 's':
			if starts(s[i:], "secrets") {
				return true
			}
		case 'v':
			if starts(s[i:], "vars") {
				return true
			}
		case 'g':
			if starts(s[i:], "github") {
				rest := strings.TrimLeft(s[i+len("github"):], " \t\n")
				if rest == "" || rest[0] != '.' || starts(strings.TrimLeft(rest[1:], " \t\n*"), "token") || strings.HasPrefix(rest, ".*") {
					return true
				}
				i += len("github") - 1
			}
		}
	}
	return false
}

// starts compares a beginning without case.
func starts(s, word string) bool {
	return len(s) >= len(word) && strings.EqualFold(s[:len(word)], word)
}

// use is a reference found in an expression; offset is in bytes from the body's start.
type use struct {
	kind   RefKind
	name   string
	offset int
}

// uses lists the references to secrets, the job's token and variables.
func (e *expression) uses() []use {
	if e.unread {
		return e.chained()
	}
	if e.node == nil {
		return scan(e.body)
	}
	var out []use
	actionlint.VisitExprNode(e.node, func(n, parent actionlint.ExprNode, entering bool) {
		v, ok := n.(*actionlint.VariableNode)
		if !ok || !entering {
			return
		}
		u := use{offset: min(v.Token().Offset, len(e.body))}
		name, how := member(v, parent)
		switch v.Name {
		case "secrets":
			u.kind, u.name = how, name
			if name == "GITHUB_TOKEN" {
				u.kind = JobToken
			}
		case "github":
			// github alone, as in toJSON(github), carries the token too.
			if how == Secret && name != "TOKEN" {
				return
			}
			u.kind, u.name = JobToken, "GITHUB_TOKEN"
		case "vars":
			if how != Secret {
				return
			}
			u.kind, u.name = Variable, name
		default:
			return
		}
		out = append(out, u)
	})
	return out
}

// chained is uses of a chain of names, by its text.
func (e *expression) chained() []use {
	u := use{offset: len(e.body) - len(strings.TrimLeft(e.body, " \t\n"))}
	context, rest, deeper := strings.Cut(strings.TrimSpace(e.body), ".")
	name, _, _ := strings.Cut(rest, ".")
	name = strings.ToUpper(name)
	switch strings.ToLower(context) {
	case "secrets":
		switch {
		case !deeper:
			u.kind = All
		case name == "GITHUB_TOKEN":
			u.kind, u.name = JobToken, name
		default:
			u.kind, u.name = Secret, name
		}
	case "github":
		if deeper && name != "TOKEN" {
			return nil
		}
		u.kind, u.name = JobToken, "GITHUB_TOKEN"
	case "vars":
		if !deeper {
			return nil
		}
		u.kind, u.name = Variable, name
	default:
		return nil
	}
	return []use{u}
}

// member says what of a context is taken: one named member (Secret), one that is
// only known at run time (Dynamic), or all of it (All).
func member(v *actionlint.VariableNode, parent actionlint.ExprNode) (string, RefKind) {
	switch p := parent.(type) {
	case *actionlint.ObjectDerefNode:
		return strings.ToUpper(p.Property), Secret
	case *actionlint.IndexAccessNode:
		if p.Operand != actionlint.ExprNode(v) {
			return "", All
		}
		if s, ok := p.Index.(*actionlint.StringNode); ok {
			return strings.ToUpper(s.Value), Secret
		}
		return "", Dynamic
	}
	return "", All
}

var (
	secretText = regexp.MustCompile(`(?i)\bsecrets\b(?:\s*\.\s*([a-z_][a-z0-9_-]*)|\s*\[\s*'([^']+)'\s*\])?`)
	tokenText  = regexp.MustCompile(`(?i)\bgithub\s*\.\s*token\b`)
)

// scan finds references in text that does not parse: rather one too many.
func scan(body string) []use {
	var out []use
	for _, m := range secretText.FindAllStringSubmatchIndex(body, -1) {
		u := use{kind: All, offset: m[0]}
		for g := 2; g <= 4; g += 2 {
			if m[g] >= 0 {
				u.kind, u.name = Secret, strings.ToUpper(body[m[g]:m[g+1]])
			}
		}
		if u.name == "GITHUB_TOKEN" {
			u.kind = JobToken
		}
		out = append(out, u)
	}
	for _, m := range tokenText.FindAllStringIndex(body, -1) {
		out = append(out, use{kind: JobToken, name: "GITHUB_TOKEN", offset: m[0]})
	}
	return out
}

// SecretsIn lists the secrets a value names, in order, without repeats. The job's
// own token is not among them.
func SecretsIn(value string) []string {
	var out []string
	for _, e := range expressions(value, false) {
		for _, u := range e.uses() {
			if u.kind == Secret && !slices.Contains(out, u.name) {
				out = append(out, u.name)
			}
		}
	}
	return out
}

// Single gives the context ("secrets", "vars", "env") and the name when a value is
// exactly one ${{ context.NAME }}.
func Single(value string) (context, name string, ok bool) {
	value = strings.TrimSpace(value)
	list := expressions(value, false)
	if len(list) != 1 || list[0].start != len("${{") || list[0].end+len("}}") != len(value) {
		return "", "", false
	}
	if list[0].tree() == nil {
		return "", "", false
	}
	context, name, ok = strings.Cut(dotted(list[0].tree()), ".")
	return context, strings.ToUpper(name), ok && !strings.Contains(name, ".")
}

// yields says whether an expression can give what a context's member holds: not where
// that is only compared, or chosen by.
func yields(n actionlint.ExprNode, context string) bool {
	switch n := n.(type) {
	case *actionlint.VariableNode:
		return n.Name == context
	case *actionlint.ObjectDerefNode:
		return yields(n.Receiver, context)
	case *actionlint.IndexAccessNode:
		return yields(n.Operand, context)
	case *actionlint.ArrayDerefNode:
		return yields(n.Receiver, context)
	case *actionlint.LogicalOpNode:
		if n.Kind == actionlint.LogicalOpNodeKindAnd {
			return yields(n.Right, context) // the left is given only where it is empty
		}
		return yields(n.Left, context) || yields(n.Right, context)
	case *actionlint.FuncCallNode:
		switch strings.ToLower(n.Callee) {
		case "contains", "startswith", "endswith", "hashfiles":
			return false
		}
		for _, a := range n.Args {
			if yields(a, context) {
				return true
			}
		}
	}
	return false
}

// Addresses says whether a script uses a secret only where a name begins, as in
// ${{ secrets.REGISTRY }}/app:latest: what such a secret hides is an address.
func Addresses(script, secret string) bool {
	found := false
	for _, e := range expressions(script, false) {
		for _, u := range e.uses() {
			if u.kind != Secret || u.name != secret {
				continue
			}
			if !strings.EqualFold(strings.TrimSpace(e.body), "secrets."+secret) || !strings.HasPrefix(script[e.end:], "}}/") || !beginsName(script[:e.start-len("${{")]) {
				return false
			}
			found = true
		}
	}
	return found
}

func beginsName(before string) bool {
	return before == "" || strings.HasSuffix(before, "://") || strings.ContainsAny(before[len(before)-1:], " \t\n\"'=")
}
