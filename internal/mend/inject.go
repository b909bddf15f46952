package mend

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

var (
	errAction = errors.New("it is in an action's own file, whose callers are not all known")
	errScript = errors.New("it is no shell script")
	errShell  = errors.New("which shell runs it is not known, or not one whose quoting is known here")
	errForm   = errors.New("the script is written as a quoted or folded value; write it as a block (run: |) first")
)

// inject hands an outsider's text to a script as an environment variable: a shell
// expands that into data, where an expression becomes code.
// Source: GitHub Docs, "Script injections", good practices: an intermediate environment variable.
func inject(t *target, f inventory.Finding) ([]Edit, error) {
	if t.file == nil {
		return nil, errAction
	}
	job, step, node, err := t.text.step(t.file, workflow.Pos{Line: f.Line, Column: f.Column})
	if err != nil {
		return nil, err
	}
	run, value := entry(node, "run")
	if run == nil {
		return nil, errScript
	}
	lang, ok := t.text.shell(node, job)
	if !ok {
		return nil, errShell
	}
	s, err := t.text.script(run, value)
	if err != nil {
		return nil, err
	}
	var wanted []expression
	for _, e := range s.expressions() {
		if untrusted(e.text) || strings.Contains(f.Message, e.text) {
			wanted = append(wanted, e)
		}
	}
	if len(wanted) == 0 {
		return nil, errGone
	}
	how, err := s.quoting(lang, wanted)
	if err != nil {
		return nil, err
	}
	names, fresh := t.names(job, step, s, wanted)
	var edits []Edit
	for i, e := range wanted {
		edits = append(edits, Edit{Start: s.offset(e.start), End: s.offset(e.end-1) + 1, New: how[i](names[i])})
	}
	env, err := t.text.environment(node, run, fresh)
	return append(env, edits...), err
}

func untrusted(expression string) bool {
	_, ok := (&workflow.Step{Run: expression}).Injects()
	return ok
}

// shell says which language a step's script is in.
// Source: GitHub Docs, "Workflow syntax", jobs.<job_id>.steps[*].shell: bash where
// nothing is said, but on Windows.
func (t *text) shell(step *yaml.Node, job *workflow.Job) (string, bool) {
	_, jobNode, err := t.job(job.ID)
	if err != nil {
		return "", false
	}
	for _, of := range []*yaml.Node{step, runDefaults(jobNode), runDefaults(t.root)} {
		if _, v := entry(of, "shell"); v != nil {
			word := strings.Fields(v.Value)
			if len(word) > 0 && (word[0] == "bash" || word[0] == "sh") {
				return word[0], true
			}
			return "", false
		}
	}
	for _, l := range job.Runner.Labels {
		if l = strings.ToLower(l); !strings.HasPrefix(l, "ubuntu-") && !strings.HasPrefix(l, "macos-") {
			return "", false
		}
	}
	return "bash", len(job.Runner.Labels) > 0
}

func runDefaults(n *yaml.Node) *yaml.Node {
	_, defaults := entry(n, "defaults")
	_, run := entry(defaults, "run")
	return run
}

// expression is one ${{ }} in a script, marks included.
type expression struct {
	start, end int
	text       string
}

func (s *script) expressions() []expression {
	var out []expression
	for at := 0; ; {
		i := strings.Index(s.text[at:], "${{")
		if i < 0 {
			return out
		}
		start := at + i
		end, quoted := start+3, false
		for ; end < len(s.text); end++ {
			if s.text[end] == '\'' {
				quoted = !quoted
			}
			if !quoted && strings.HasPrefix(s.text[end:], "}}") {
				break
			}
		}
		if end = end + 2; end > len(s.text) {
			return out
		}
		out = append(out, expression{start, end, s.text[start:end]})
		at = end
	}
}

// names gives every expression a variable, and lists the variables that have to be
// made as name and value. The same expression has the same variable.
func (t *target) names(job *workflow.Job, step *workflow.Step, s *script, wanted []expression) (names []string, fresh [][2]string) {
	taken := map[string]bool{}
	for _, vars := range [][]workflow.Var{t.file.Env, job.Env, step.Env} {
		for _, v := range vars {
			taken[strings.ToUpper(v.Name)] = true
		}
	}
	have := map[string]string{}
	for _, v := range step.Env {
		have[squeeze(v.Value)] = v.Name
	}
	for _, e := range wanted {
		value := squeeze(e.text)
		if have[value] == "" {
			name := variable(e.text)
			for n := 2; taken[name] || mentions(s.text, name); n++ {
				name = variable(e.text) + "_" + strconv.Itoa(n)
			}
			taken[name], have[value] = true, name
			fresh = append(fresh, [2]string{name, value})
		}
		names = append(names, have[value])
	}
	return names, fresh
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

var chain = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_-]*(?:\.(?:[A-Za-z0-9_-]+|\*))+`)

// variable is a name for what an expression gives: its last words.
func variable(expression string) string {
	words := strings.Split(chain.FindString(expression), ".")
	name := words[len(words)-1]
	if n := len(words); n > 2 && !slices.Contains([]string{"event", "outputs", "*", "github"}, words[n-2]) {
		name = words[n-2] + "_" + name
	}
	name = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
	if name == "" || name[0] >= '0' && name[0] <= '9' || slices.Contains([]string{"PATH", "HOME", "SHELL", "USER", "IFS", "PWD"}, name) {
		name = "VALUE_" + name
	}
	return strings.TrimSuffix(name, "_")
}

// mentions says whether a script speaks of a variable.
func mentions(script, name string) bool {
	for at := 0; ; {
		i := strings.Index(script[at:], name)
		if i < 0 {
			return false
		}
		before, after := at+i-1, at+i+len(name)
		if (before < 0 || !wordByte(script[before])) && (after >= len(script) || !wordByte(script[after])) {
			return true
		}
		at += i + 1
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// environment adds variables to a step, before its run key where it has no env yet.
func (t *text) environment(step, run *yaml.Node, vars [][2]string) ([]Edit, error) {
	if len(vars) == 0 {
		return nil, nil
	}
	_, env := entry(step, "env")
	var lines []string
	for _, v := range vars {
		lines = append(lines, v[0]+": "+plain(v[1]))
	}
	switch {
	case env == nil && block(step):
		for i := range lines {
			lines[i] = "  " + lines[i]
		}
		return []Edit{t.before(run, append([]string{"env:"}, lines...)...)}, nil
	case env == nil || !block(env):
		return nil, errLayout
	}
	if err := t.alone(env); err != nil {
		return nil, err
	}
	return []Edit{t.before(env.Content[0], lines...)}, nil
}
