package workflow

import (
	"regexp"
	"strings"

	"github.com/rhysd/actionlint"
)

// Foreign is a place where a job fetches code that an outsider wrote.
type Foreign struct {
	Step int
	Pos
	What string // what is fetched, as the file writes it
}

// FetchesForeign says whether a step fetches an outsider's code: a checkout of
// the pull request's head, or git and gh commands that do the same. env is what
// the step's variables are bound to, innermost first. Whether the run has any
// authority is the trigger's affair.
func (s *Step) FetchesForeign(env ...[]Var) (Foreign, bool) {
	if s.Uses != "" {
		return s.checksOut(env)
	}
	return s.runsGit(env)
}

func (s *Step) checksOut(env [][]Var) (Foreign, bool) {
	if k, ok := KnownAction(s.Uses); !ok || k.Kind != Checkout {
		return Foreign{}, false
	}
	for _, name := range []string{"ref", "repository"} {
		if v, ok := s.Input(name); ok && headOf(resolve(v.Value, env)) {
			return Foreign{Step: s.Index, Pos: v.Pos, What: v.Value}, true
		}
	}
	return Foreign{}, false
}

var (
	gitFetch = regexp.MustCompile(`(?m)^[^#\n]*\b(?:git\s+(?:-\S+\s+(?:\S+\s+)?)*(?:checkout|fetch|pull|clone|switch|reset|merge|worktree|cherry-pick)\b[^\n]*|(?:gh|hub)\s+pr\s+checkout\b[^\n]*)`)
	pullRef  = regexp.MustCompile(`(?i)\b(?:refs/)?pull/[^\s'"]+`)
	shellVar = regexp.MustCompile(`\$(?:env:)?\{?([A-Za-z_][A-Za-z0-9_]*)`)
)

func (s *Step) runsGit(env [][]Var) (Foreign, bool) {
	for _, m := range gitFetch.FindAllStringIndex(s.Run, -1) {
		line := strings.TrimSpace(s.Run[m[0]:m[1]])
		foreign := strings.Contains(line, "pr checkout") || pullRef.MatchString(line) || headOf(resolve(line, env))
		for _, v := range shellVar.FindAllStringSubmatch(line, -1) {
			foreign = foreign || headOf(resolve(lookup(v[1], env), env))
		}
		if foreign {
			p := s.RunPos
			p.Line += strings.Count(s.Run[:m[0]], "\n")
			if strings.Contains(s.Run, "\n") {
				p.Line++ // a block's text begins below its mark
				p.Column = 1
			}
			return Foreign{Step: s.Index, Pos: p, What: line}, true
		}
	}
	return Foreign{}, false
}

// headOf says whether a value names the outsider's side of a pull request.
func headOf(value string) bool {
	if pullRef.MatchString(value) {
		return true
	}
	for _, e := range expressions(value, false) {
		if e.tree() == nil {
			continue
		}
		found := false
		actionlint.VisitExprNode(e.tree(), func(n, _ actionlint.ExprNode, entering bool) {
			if entering && headProperty.MatchString(dotted(n)) {
				found = true
			}
		})
		if found {
			return true
		}
	}
	return false
}

// headProperty are the properties that hold the head's ref, commit or repository.
// The last row are outputs of steps and jobs which by their name carry one.
// Source: GitHub Docs, webhook payloads of pull_request, workflow_run; GitHub
// Security Lab, "Preventing pwn requests".
var headProperty = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`github\.head_ref`,
	`github\.event\.pull_request\.(?:head\.(?:sha|ref|label|repo\.(?:full_name|clone_url|ssh_url|html_url|git_url))|merge_commit_sha)`,
	`github\.event\.workflow_run\.(?:head_(?:sha|branch|commit\.id|repository\.(?:full_name|clone_url))|pull_requests\b.*)`,
	`github\.event\.(?:client_payload\.)?pull_request\.head\..*`,
	`(?:steps\.[^.]+|needs\.[^.]+)\.outputs\.(?:.*[-_])?(?:head|pr|pull)[-_]?(?:ref|sha|branch|commit|repo(?:sitory)?)`,
}, `|`) + `)$`)

var envUse = regexp.MustCompile(`\$\{\{\s*env\.([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}`)

// resolve puts the values of ${{ env.X }} in place, one level deep.
func resolve(value string, env [][]Var) string {
	return envUse.ReplaceAllStringFunc(value, func(m string) string {
		if v := lookup(envUse.FindStringSubmatch(m)[1], env); v != "" {
			return v
		}
		return m
	})
}

func lookup(name string, env [][]Var) string {
	for _, vars := range env {
		for _, v := range vars {
			if strings.EqualFold(v.Name, name) {
				return v.Value
			}
		}
	}
	return ""
}

// Executes says whether a step may run code that lies in the checked-out tree.
// Every command and every action may (a build tool reads its configuration from
// there); only another checkout and the plain store of an artifact do not.
func (s *Step) Executes() bool {
	if s.Run != "" {
		return true
	}
	k, known := KnownAction(s.Uses)
	return s.Uses != "" && !(known && (k.Kind == Checkout || k.Kind == Upload || k.Kind == Download))
}

// Injects says whether a step puts an outsider's text (a title, a branch name, a
// comment) into a script by an expression, which makes it code.
func (s *Step) Injects() (Foreign, bool) {
	if all := s.Injections(); len(all) > 0 {
		return all[0], true
	}
	return Foreign{}, false
}

// Injections are all such expressions, in the order of the script.
// Source: GitHub Docs, "Script injections"; the list of inputs is actionlint's.
func (s *Step) Injections() []Foreign {
	script, at := s.Run, s.RunPos
	if s.Uses != "" {
		v, ok := s.Input("script")
		if !ok || !strings.HasPrefix(strings.ToLower(s.Uses), "actions/github-script@") {
			return nil
		}
		script, at = v.Value, v.Pos
	}
	if !strings.Contains(script, "${{") {
		return nil
	}
	var out []Foreign
	for _, e := range expressions(script, false) {
		if e.tree() == nil || !strings.Contains(e.body, "github") || !untrusted(e.tree()) {
			continue
		}
		p := at
		if strings.Contains(script, "\n") {
			p.Line += 1 + strings.Count(script[:e.start], "\n") // a block's text begins below its mark
			p.Column = 1
		}
		out = append(out, Foreign{Step: s.Index, Pos: p, What: "${{" + e.body + "}}"})
	}
	return out
}

func untrusted(n actionlint.ExprNode) bool {
	c := actionlint.NewUntrustedInputChecker(actionlint.BuiltinUntrustedInputs)
	actionlint.VisitExprNode(n, func(n, _ actionlint.ExprNode, entering bool) {
		if entering {
			c.OnVisitNodeEnter(n)
		} else {
			c.OnVisitNodeLeave(n)
		}
	})
	c.OnVisitEnd()
	return len(c.Errs()) > 0
}

// OutsidersText finds the first expression in a value that an outsider writes.
func OutsidersText(value string) (string, bool) {
	if !strings.Contains(value, "${{") {
		return "", false
	}
	for _, e := range expressions(value, false) {
		if strings.Contains(e.body, "github") && e.tree() != nil && untrusted(e.tree()) {
			return "${{" + e.body + "}}", true
		}
	}
	return "", false
}
