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
		message, hint := s.explain(e.Text, i.Location.Column(), i.Message)
		e.node.ReportAt(e.place(i.Location.Line(), i.Location.Column()), message, hint)
	}
}

func (s *scope) explain(text string, column int, message string) (string, string) {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return s.explainName(text, column, m[1])
	}
	if m := undefined.FindStringSubmatch(message); m != nil {
		hint := "`firebreak inventory --output json` shows the fields"
		if near := diag.Nearest(m[1], s.fields); near != "" {
			hint = "did you mean " + near + "?"
		}
		return fmt.Sprintf("there is no field %q", m[1]), hint
	}
	message = strings.ReplaceAll(message, " (in container '')", "")
	message = strings.ReplaceAll(message, "inventory.", "")
	if rest, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		rest, _, _ = strings.Cut(rest, " expecting {") // the list of every token CEL knows
		rest = strings.ReplaceAll(rest, "mismatched input '<EOF>'", "it ends too early")
		return "this is not an expression: " + rest, "expressions are CEL, for example: \"publish\" in c.authority"
	}
	return message, ""
}

// functions are those most wanted, for hints; CEL and its string extension have more.
var functions = []string{"size", "has", "filter", "map", "exists", "all", "contains", "startsWith", "endsWith", "matches", "split", "join", "lowerAscii", "timestamp", "duration"}

func (s *scope) explainName(text string, column int, name string) (string, string) {
	root, rest, _ := strings.Cut(name, ".")
	switch root {
	case "inputs":
		if m := inputText.FindStringSubmatch(text[min(max(column, 0), len(text)):]); rest == "" && m != nil {
			rest = m[1]
		}
		if rest == "" {
			return "inputs cannot be used as a whole", "name one: inputs.NAME"
		}
		return fmt.Sprintf("the playbook has no input %q", rest), diag.DidYouMean(rest, s.inputNames())
	case "tasks":
		return "the output of a task can only be passed on whole", "the value must be exactly ${{ tasks.ID.OUTPUT }}"
	}
	if strings.Contains(text, name+"(") {
		return fmt.Sprintf("unknown function %q", name), diag.DidYouMean(name, functions)
	}
	return fmt.Sprintf("unknown name %q", name), diag.DidYouMean(name, s.names())
}

// place is where CEL's location stands in the file. CEL points at the dot before a
// field; people look at the field.
func (e *Expr) place(line, column int) document.Pos {
	if line > 1 {
		return document.Pos{Line: e.at.Line + line - 1, Column: column + 1}
	}
	column = max(column, 0)
	if column < len(e.Text) && e.Text[column] == '.' {
		column++
	}
	return document.Pos{Line: e.at.Line, Column: e.at.Column + column}
}
