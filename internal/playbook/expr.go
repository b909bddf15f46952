package playbook

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
)

// Expr is a checked expression: CEL, or the output of another task.
type Expr struct {
	Text   string
	Output *Output // set when it is exactly tasks.ID.OUTPUT

	kind    *cel.Type // nil for an output and for an expression with a mistake
	program cel.Program
	at      document.Pos
	node    document.Node
}

// Output names an output of another task.
type Output struct {
	Task string
	Name string
}

// steps of work one expression may take. A filter over a thousand credentials with
// a nested search in their lists needs about a tenth of it.
const costLimit = 1_000_000

var (
	outputText = regexp.MustCompile(`^tasks\.([A-Za-z_][A-Za-z0-9_-]*)\.([A-Za-z_][A-Za-z0-9_]*)$`)
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	undefined  = regexp.MustCompile(`^undefined field '([^']*)'`)
	inputText  = regexp.MustCompile(`^inputs\.([A-Za-z_][A-Za-z0-9_]*)`)
)

// compileExpr checks text, which stands in node. Mistakes are reported; the Expr is
// usable for going on in any case.
func (s *scope) compileExpr(node document.Node, text string) *Expr {
	trimmed := strings.TrimSpace(text)
	e := &Expr{Text: trimmed, node: node, at: node.Find(trimmed)}
	if trimmed == "" {
		node.Report("the expression is empty", "write one between ${{ and }}")
		return e
	}
	if m := outputText.FindStringSubmatch(trimmed); m != nil {
		e.Output = &Output{Task: m[1], Name: m[2]}
		return e
	}
	ast, issues := s.env.Compile(trimmed)
	if issues.Err() != nil {
		s.reportIssues(e, issues)
		return e
	}
	program, err := s.env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptTrackCost))
	if err != nil {
		node.ReportAt(e.at, "this expression cannot be evaluated: "+err.Error(), "")
		return e
	}
	e.kind, e.program = ast.OutputType(), program
	return e
}

// reportIssues turns what CEL says into diagnostics in the file's own positions.
func (s *scope) reportIssues(e *Expr, issues *cel.Issues) {
	for _, i := range issues.Errors() {
		p := e.at
		if line := i.Location.Line(); line <= 1 {
			p.Column += max(i.Location.Column(), 0)
		} else {
			p.Line += line - 1
			p.Column = i.Location.Column() + 1
		}
		message, hint := s.explain(e.Text, i.Location.Column(), i.Message)
		e.node.ReportAt(p, message, hint)
	}
}

func (s *scope) explain(text string, column int, message string) (string, string) {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return s.explainName(text, column, m[1])
	}
	if m := undefined.FindStringSubmatch(message); m != nil {
		hint := ""
		if near := diag.Nearest(m[1], s.fields); near != "" {
			hint = "did you mean " + near + "?"
		} else {
			hint = "`firebreak inventory --output json` shows the fields"
		}
		return fmt.Sprintf("there is no field %q", m[1]), hint
	}
	message = strings.ReplaceAll(message, " (in container '')", "")
	message = strings.ReplaceAll(message, "inventory.", "")
	if rest, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		return "this is not an expression: " + rest, "expressions are CEL (cel.dev)"
	}
	return message, ""
}

func (s *scope) explainName(text string, column int, name string) (string, string) {
	switch name {
	case "inputs":
		rest := text
		if column >= 0 && column < len(text) {
			rest = text[column:]
		}
		if m := inputText.FindStringSubmatch(rest); m != nil {
			return fmt.Sprintf("the playbook has no input %q", m[1]), diag.DidYouMean(m[1], s.inputNames())
		}
		return "inputs cannot be used as a whole", "name one: inputs.NAME"
	case "tasks":
		return "the output of a task can only be passed on whole", "the value must be exactly ${{ tasks.ID.OUTPUT }}"
	}
	return fmt.Sprintf("unknown name %q", name), diag.DidYouMean(name, s.names())
}
