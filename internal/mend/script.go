package mend

import (
	"errors"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"mvdan.cc/sh/v3/syntax"
)

// script is a step's script, with where each byte of it stands in the file.
type script struct {
	text  string
	lines []scriptLine
}

type scriptLine struct{ at, in int } // offset in the script, and in the file

// offset is where a byte of the script stands in the file.
func (s *script) offset(i int) int {
	n, exact := slices.BinarySearchFunc(s.lines, i, func(l scriptLine, at int) int { return l.at - at })
	if !exact {
		n--
	}
	return s.lines[n].in + i - s.lines[n].at
}

// script takes the script of a run key out of the file: of one line as it is, of a
// literal block without its indentation.
func (t *text) script(run, value *yaml.Node) (*script, error) {
	if value.Kind != yaml.ScalarNode || value.Anchor != "" {
		return nil, errAnchor
	}
	if value.Style&yaml.LiteralStyle == 0 {
		start, _, err := t.scalar(value)
		if err != nil || value.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.FoldedStyle) != 0 {
			return nil, errForm
		}
		return &script{value.Value, []scriptLine{{0, start}}}, nil
	}
	header, end := t.line(t.at(value))
	if strings.ContainsAny(t.src[header:end], "0123456789") && strings.ContainsAny(strings.SplitN(t.src[t.at(value):end], "#", 2)[0], "0123456789") {
		return nil, errForm // an indentation that is given as a number
	}
	s := &script{}
	var b strings.Builder
	deep := 0
	for at := t.next(t.at(value)); at < len(t.src); at = t.next(at) {
		start, end := t.line(at)
		text := t.src[start:end]
		lead := len(text) - len(strings.TrimLeft(text, " "))
		if strings.TrimSpace(text) == "" {
			lead = min(lead, deep)
			s.lines = append(s.lines, scriptLine{b.Len(), start + lead})
			b.WriteString(text[lead:] + "\n")
			continue
		}
		if lead < run.Column { // a block is deeper than its key
			break
		}
		if deep == 0 {
			deep = lead
		}
		if lead < deep {
			break
		}
		s.lines = append(s.lines, scriptLine{b.Len(), start + deep})
		b.WriteString(text[deep:] + "\n")
	}
	s.text = b.String()
	if strings.TrimRight(s.text, "\n") != strings.TrimRight(value.Value, "\n") {
		return nil, errForm
	}
	return s, nil
}

// Why an expression in a script is left where it is.
var (
	errParse   = errors.New("the script does not parse as shell")
	errLines   = errors.New("the expression goes over several lines")
	errSingle  = errors.New("it stands in single quotes, where a shell puts no variable in")
	errHeredoc = errors.New("it stands in a here-document, whose reader may run it")
	errCommand = errors.New("it stands where the shell takes it for a command, a pattern or a number")
	errReads   = errors.New("a program in that command runs text as code, as eval, bash -c or an interpreter does; a variable would reach it all the same")
	errLater   = errors.New("the script writes it into the environment of later steps, which a variable would not stop")
)

// quoting says for each expression how a variable is written in its place.
func (s *script) quoting(lang string, wanted []expression) ([]func(name string) string, error) {
	variant := syntax.LangBash
	if lang == "sh" {
		variant = syntax.LangPOSIX
	}
	src := []byte(s.text)
	for _, e := range s.expressions() {
		if strings.Contains(e.text, "\n") {
			return nil, errLines
		}
		for i := e.start; i < e.end; i++ { // a word in its place, of the same length
			src[i] = 'x'
		}
	}
	file, err := syntax.NewParser(syntax.Variant(variant), syntax.KeepComments(true)).Parse(strings.NewReader(string(src)), "")
	if err != nil {
		return nil, errParse
	}
	var out []func(string) string
	for _, e := range wanted {
		how, err := write(file, e)
		if err != nil {
			return nil, err
		}
		out = append(out, how)
	}
	return out, nil
}

func inQuotes(name string) string { return "${" + name + "}" }
func bare(name string) string     { return `"${` + name + `}"` }

// write finds an expression in the tree and says how a variable is written there.
func write(file *syntax.File, e expression) (how func(string) string, err error) {
	var trail, found []syntax.Node
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			trail = trail[:len(trail)-1]
			return true
		}
		trail = append(trail, n)
		switch n.(type) {
		case *syntax.Lit, *syntax.SglQuoted, *syntax.Comment:
			if int(n.Pos().Offset()) <= e.start && int(n.End().Offset()) >= e.end { //nolint:gosec // a script is not that long
				found = slices.Clone(trail)
			}
		}
		return true
	})
	if found == nil {
		return nil, errCommand
	}
	return judge(found)
}

// judge looks from the expression upwards: what it stands in decides.
func judge(trail []syntax.Node) (func(string) string, error) {
	how := bare
	child := trail[len(trail)-1]
	switch child.(type) {
	case *syntax.Comment:
		return inQuotes, nil
	case *syntax.SglQuoted:
		return nil, errSingle
	}
	for i := len(trail) - 2; i >= 0; i-- {
		var err error
		switch n := trail[i].(type) {
		case *syntax.DblQuoted:
			if n.Dollar {
				err = errCommand
			}
			if i == len(trail)-2 {
				how = inQuotes
			}
		case *syntax.Redirect:
			if n.Hdoc != nil && child == syntax.Node(n.Hdoc) {
				err = errHeredoc
			}
		case *syntax.CallExpr:
			err = called(n, child)
		case *syntax.BinaryCmd:
			if (n.Op == syntax.Pipe || n.Op == syntax.PipeAll) && runs(n) {
				err = errReads
			}
		case *syntax.Stmt:
			err = redirected(n, child)
		case *syntax.CmdSubst:
			if n.Backquotes {
				err = errCommand
			}
		case *syntax.ForClause, *syntax.WordIter, *syntax.CaseItem, *syntax.ExtGlob, *syntax.BraceExp, *syntax.ParamExp, *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.FuncDecl, *syntax.ArrayElem:
			if _, body := child.(*syntax.Stmt); !body { // its own words are meant, not the commands in it
				err = errCommand
			}
		}
		if err != nil {
			return nil, err
		}
		child = trail[i]
	}
	return how, nil
}

// called judges a command by its name. As a command itself nothing can stand in quotes.
func called(c *syntax.CallExpr, child syntax.Node) error {
	switch {
	case len(c.Args) == 0:
	case child == syntax.Node(c.Args[0]):
		return errCommand
	case interprets(path.Base(c.Args[0].Lit())):
		if _, own := child.(*syntax.Assign); !own {
			return errReads
		}
	}
	return nil
}

// redirected judges where a statement reads from and writes to.
func redirected(s *syntax.Stmt, child syntax.Node) error {
	for _, r := range s.Redirs {
		if word := literal(r.Word); strings.Contains(word, "GITHUB_ENV") || strings.Contains(word, "GITHUB_PATH") {
			return errLater
		}
		if child == syntax.Node(r) && runs(s) {
			return errReads
		}
	}
	return nil
}

// runs says whether a command, or one that it is piped to, runs text as code.
func runs(n syntax.Node) bool {
	found := false
	syntax.Walk(n, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 {
			found = found || interprets(path.Base(c.Args[0].Lit()))
		}
		return !found
	})
	return found
}

// interprets says whether a program takes code as text from its arguments or input.
// A name that is only known at run time ("") may be such a program.
func interprets(name string) bool {
	for _, p := range []string{"python", "perl", "ruby", "node", "php", "lua", "pwsh", "powershell"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return slices.Contains([]string{
		".", "eval", "source", "bash", "sh", "zsh", "dash", "ksh", "fish", "su", "ssh", "xargs", "awk", "gawk", "sed", "jq", "yq", "psql", "mysql", "sqlite3",
		"osascript", "deno", "bun", "envsubst", "parallel", "trap", "expect", "make", "docker", "kubectl", "nix", "",
	}, name)
}

// literal is a word's text, variables by their names; "" where it holds anything else.
func literal(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	var b strings.Builder
	for _, p := range w.Parts {
		parts(&b, p)
	}
	return b.String()
}

func parts(b *strings.Builder, p syntax.WordPart) {
	switch p := p.(type) {
	case *syntax.Lit:
		b.WriteString(p.Value)
	case *syntax.SglQuoted:
		b.WriteString(p.Value)
	case *syntax.ParamExp:
		if p.Param != nil {
			b.WriteString(p.Param.Value)
		}
	case *syntax.DblQuoted:
		for _, x := range p.Parts {
			parts(b, x)
		}
	}
}
