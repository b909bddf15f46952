package workflow

import (
	"slices"
	"strings"
)

// Use is a known command in a script.
type Use struct {
	*Command
	Line int      // of the script, from 0
	Args []string // what the program is called with, quotes taken off
}

// form is one way of calling a program that makes it a known command.
type form struct {
	words []string // behind the program's name; "*": anything may stand between
	row   *Command
}

// forms are the rows by program.
var forms = func() map[string][]form {
	all := map[string][]form{}
	for i := range knownCommands {
		row := &knownCommands[i]
		for _, m := range row.Match {
			words := strings.Fields(m)
			for program := range strings.SplitSeq(words[0], "|") {
				all[program] = append(all[program], form{words[1:], row})
			}
		}
	}
	return all
}()

// matches says whether arguments are of the form.
func (f form) matches(args []string) bool {
	loose := false
	for _, w := range f.words {
		if w == "*" {
			loose = true
			continue
		}
		i := slices.IndexFunc(args, func(a string) bool { return oneOf(w, a) })
		if i < 0 || !loose && slices.ContainsFunc(args[:i], func(a string) bool { return !strings.HasPrefix(a, "-") }) {
			return false
		}
		args, loose = args[i+1:], false
	}
	return true
}

// oneOf says whether an argument is one of "a|b"; a flag also with its value behind "=".
func oneOf(words, arg string) bool {
	for w := range strings.SplitSeq(words, "|") {
		if arg == w || strings.HasPrefix(w, "-") && len(arg) > len(w) && arg[len(w)] == '=' && strings.HasPrefix(arg, w) {
			return true
		}
	}
	return false
}

// prefixes are programs that run what stands behind them; the value is the word that
// must follow for that, "" when none must.
var prefixes = map[string][]string{
	"sudo": nil, "env": nil, "time": nil, "exec": nil, "nice": nil, "nohup": nil, "command": nil, "xargs": nil, "timeout": nil, "retry": nil,
	"npx": nil, "pnpx": nil, "bunx": nil, "uvx": nil, "corepack": nil, "if": nil, "then": nil, "else": nil, "elif": nil, "do": nil, "while": nil, "until": nil, "!": nil, "{": nil, "&": nil,
	"pnpm": {"exec", "dlx"}, "yarn": {"dlx", "exec", "run"}, "bundle": {"exec"}, "poetry": {"run"}, "uv": {"run"}, "pipx": {"run"}, "python": {"-m"}, "python3": {"-m"}, "hatch": {"run"}, "mise": {"exec"}, "doppler": {"run"}, "op": {"run"},
}

// uses finds the known commands of a shell script. It reads simple commands: words,
// quotes, substitutions, here-documents. What a command would only do dry does not count.
func uses(script string) []Use {
	s := scanner{src: script}
	s.list(0)
	return s.found
}

type scanner struct {
	src   string
	at    int
	found []Use
	heres []string // here-documents that begin with the next line
	depth int      // of substitutions
	// counted is a place up to which the line ends were counted, and how many.
	counted, lines int
}

// maxDepth is how deep substitutions are read; what lies deeper is text.
const maxDepth = 50

// list reads commands up to a closing character, or to the end.
func (s *scanner) list(end byte) {
	var words []string
	start := s.at
	flush := func() {
		s.command(words, start)
		words = words[:0]
		start = s.at
	}
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == end && end != 0:
			s.at++
			flush()
			return
		case c == ' ' || c == '\t' || c == '\r':
			s.at++
		case c == '\n':
			s.at++
			flush()
			s.skipHeres()
			start = s.at
		case c == '<' && s.next() == '<':
			s.here(words)
		case c == '>' && s.next() != '(' || c == '<' && s.next() != '(':
			s.at++ // what follows is a file's name, which no known command minds
		case c == ';' || c == '|' || c == '(' || c == ')' || c == '&' || c == '>' || c == '<':
			s.at++
			flush()
		case c == '#':
			s.line()
		case c == '\\' && s.next() == '\n':
			s.at += 2
		default:
			if len(words) == 0 {
				start = s.at
			}
			before := s.at
			words = append(words, s.word(end))
			if s.at == before {
				s.at++ // what ends a word and begins nothing
			}
		}
	}
	flush()
}

// inner reads a substitution as commands of its own.
func (s *scanner) inner(end byte) {
	if s.depth >= maxDepth {
		return
	}
	s.depth++
	s.list(end)
	s.depth--
}

func (s *scanner) next() byte {
	if s.at+1 < len(s.src) {
		return s.src[s.at+1]
	}
	return 0
}

func (s *scanner) line() {
	if i := strings.IndexByte(s.src[s.at:], '\n'); i >= 0 {
		s.at += i
	} else {
		s.at = len(s.src)
	}
}

// word reads one word; what is substituted in it is read as commands.
func (s *scanner) word(end byte) string {
	begin := s.at
	var built strings.Builder
	plain := true // the word is the text as it stands
	take := func() {
		if plain {
			built.WriteString(s.src[begin:s.at])
			plain = false
		}
	}
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '|' || c == '&' || c == ')' || c == '(' || c == '\r' || c == end && end != 0:
			if plain {
				return s.src[begin:s.at]
			}
			return built.String()
		case c == '\'':
			take()
			s.at++
			i := strings.IndexByte(s.src[s.at:], '\'')
			if i < 0 {
				i = len(s.src) - s.at
			}
			built.WriteString(s.src[s.at : s.at+i])
			s.at = min(s.at+i+1, len(s.src))
		case c == '"':
			take()
			s.at++
			s.quoted(&built)
		case c == '`':
			take()
			s.at++
			if end == '`' {
				return built.String()
			}
			s.inner('`')
		case c == '$' && s.next() == '(':
			take()
			s.at += 2
			s.inner(')')
		case c == '$' && strings.HasPrefix(s.src[s.at:], "${{"):
			n := strings.Index(s.src[s.at:], "}}")
			if n < 0 {
				n = len(s.src) - s.at - 2
			}
			if !plain {
				built.WriteString(s.src[s.at : s.at+n+2])
			}
			s.at += n + 2
		case c == '\\' && s.at+1 < len(s.src):
			take()
			if s.src[s.at+1] != '\n' {
				built.WriteByte(s.src[s.at+1])
			}
			s.at += 2
		default:
			if !plain {
				built.WriteByte(c)
			}
			s.at++
		}
	}
	if plain {
		return s.src[begin:s.at]
	}
	return built.String()
}

// quoted reads up to the closing double quote.
func (s *scanner) quoted(built *strings.Builder) {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c == '"':
			s.at++
			return
		case c == '$' && s.next() == '(':
			s.at += 2
			s.inner(')')
		case c == '\\' && s.at+1 < len(s.src):
			built.WriteByte(s.src[s.at+1])
			s.at += 2
		default:
			built.WriteByte(c)
			s.at++
		}
	}
}

// here notes a here-document. What is only printed or written to a file is text; what
// any other program is given may be commands and is read as such.
func (s *scanner) here(words []string) {
	s.at += 2
	if s.at < len(s.src) && s.src[s.at] == '<' { // a here-string
		s.at++
		return
	}
	if s.at < len(s.src) && s.src[s.at] == '-' {
		s.at++
	}
	for s.at < len(s.src) && (s.src[s.at] == ' ' || s.src[s.at] == '\t') {
		s.at++
	}
	mark := s.word(0)
	if mark != "" && (len(words) == 0 || slices.Contains([]string{"cat", "tee", "read", "echo"}, words[0])) {
		s.heres = append(s.heres, mark)
	}
}

func (s *scanner) skipHeres() {
	for _, mark := range s.heres {
		for s.at < len(s.src) {
			from := s.at
			s.line()
			l := s.src[from:s.at]
			s.at = min(s.at+1, len(s.src))
			if strings.TrimSpace(l) == mark {
				break
			}
		}
	}
	s.heres = s.heres[:0]
}

// command looks a simple command up, and what it runs in turn.
func (s *scanner) command(words []string, start int) {
	for len(words) > 0 {
		program := words[0]
		if i := strings.IndexByte(program, '='); i > 0 && isName(program[:i]) {
			words = words[1:]
			continue
		}
		program = program[strings.LastIndexAny(program, `/\`)+1:]
		program = strings.TrimSuffix(strings.TrimSuffix(program, ".exe"), ".cmd")
		s.lookUp(program, words[1:], start)
		must, is := prefixes[program]
		if !is {
			return
		}
		words = words[1:]
		if must != nil {
			if len(words) == 0 || !slices.Contains(must, words[0]) {
				return
			}
			words = words[1:]
		}
		for len(words) > 0 && (strings.HasPrefix(words[0], "-") || program == "timeout" && isDuration(words[0])) {
			words = words[1:]
		}
	}
}

func (s *scanner) lookUp(program string, args []string, start int) {
	for _, f := range forms[program] {
		if !f.matches(args) {
			continue
		}
		if slices.ContainsFunc(args, func(a string) bool { return oneOf("--dry-run", a) && a != "--dry-run=false" }) {
			return
		}
		line := s.lineOf(start)
		if s.told(f.row, line) {
			continue
		}
		s.found = append(s.found, Use{f.row, line, slices.Clone(args)})
	}
}

// told says whether a row was found on the line already.
func (s *scanner) told(row *Command, line int) bool {
	for i := len(s.found) - 1; i >= 0 && s.found[i].Line == line; i-- {
		if s.found[i].Command == row {
			return true
		}
	}
	return false
}

// lineOf counts on from where it counted last: places come nearly in order.
func (s *scanner) lineOf(at int) int {
	at = min(at, len(s.src))
	if at < s.counted {
		return s.lines - strings.Count(s.src[at:s.counted], "\n")
	}
	s.lines += strings.Count(s.src[s.counted:at], "\n")
	s.counted = at
	return s.lines
}

func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') && !(i == len(s)-1 && c == '+') {
			return false
		}
	}
	return true
}

func isDuration(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// Commands lists the known commands a step runs, in the order of its script.
func (s *Step) Commands() []Use {
	if s.Run == "" {
		return nil
	}
	if !s.scanned {
		s.scanned, s.uses = true, uses(s.Run)
	}
	return s.uses
}

// Scripted lists the known commands of a script that an action takes as an input, see
// Known.Script.
func (s *Step) Scripted() []Use {
	k := s.Row()
	if k == nil || k.Script == "" {
		return nil
	}
	v, _ := s.Input(k.Script)
	return uses(v.Value)
}

// SetRun changes a step's script, as when an input takes its place in it.
func (s *Step) SetRun(script string) {
	s.Run, s.scanned, s.uses = script, false, nil
}
