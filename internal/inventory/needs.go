package inventory

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/firebreak/firebreak/internal/workflow"
)

// Needs is what a job's steps use its token for.
type Needs struct {
	// Scopes are the permissions that are used for certain, "read" or "write".
	Scopes map[string]string
	// Maybe are those that a program of the tree may use with the token checkout left
	// behind for git.
	Maybe map[string]bool
	// Unknown is why there may be more; "" when the list is whole.
	Unknown string
	// OIDC says whether a step asks for an OIDC token: "yes", "no", or "unknown".
	OIDC string
	// Asks is the step by which it does, or may.
	Asks *InstanceStep
}

// Needs goes through the job's steps with what the tables know of them.
func (in *Instance) Needs() Needs {
	n := Needs{Scopes: map[string]string{}, Maybe: map[string]bool{}, OIDC: "no"}
	if in.Remote != "" {
		n.lacks("it calls %s", in.Remote)
		n.OIDC = "unknown"
		return n
	}
	everywhere := carriesToken(in.File.Env) || carriesToken(in.Job.Env)
	for i := range in.Steps {
		s := &in.Steps[i]
		given := everywhere || carriesToken(s.Step.Env) || carriesToken(s.With) || hasToken(s.Run)
		switch {
		case s.Run != "":
			n.script(s, given)
		case strings.HasPrefix(s.Uses, "./"):
			if !in.opened(s) {
				n.lacks("%s is not among the files", s.Uses)
				n.oidc("unknown", s)
			}
		case s.Uses != "":
			n.action(s, given)
		}
	}
	return n
}

// opened says whether the steps of a local action follow its own.
func (in *Instance) opened(s *InstanceStep) bool {
	dir := strings.TrimSuffix(strings.TrimPrefix(s.Uses, "./"), "/")
	for i := range in.Model.Actions {
		if a := &in.Model.Actions[i]; a.Path == dir+"/action.yml" || a.Path == dir+"/action.yaml" {
			return a.Using == "composite" && !a.Broken
		}
	}
	return false
}

func (n *Needs) lacks(format string, args ...any) {
	if n.Unknown == "" {
		n.Unknown = fmt.Sprintf(format, args...)
	}
}

func (n *Needs) add(needs []string) {
	for _, x := range needs {
		scope, level, _ := strings.Cut(x, ": ")
		if n.Scopes[scope] != "write" {
			n.Scopes[scope] = level
		}
	}
}

func (n *Needs) oidc(asks string, s *InstanceStep) {
	if n.OIDC != "yes" && n.OIDC != asks {
		n.OIDC, n.Asks = asks, s
	}
}

func (n *Needs) action(s *InstanceStep, given bool) {
	k, _ := s.Known()
	if k.Uses == "" {
		// A third party's action gets the token by the default of an input it does not name.
		n.lacks("what %s needs is not known", s.Uses)
		n.oidc("unknown", s)
		return
	}
	if s.ByOIDC() {
		n.oidc("yes", s)
	}
	switch {
	case k.Needs != nil:
		n.add(k.Needs)
	case given || k.Token || k.Kind == workflow.Repo || k.Kind == workflow.Publish:
		n.lacks("what %s does with the token depends on what it is told", s.Uses)
	}
}

// script adds what a script needs. One without the token can still push, with what
// checkout left behind. What a script calls (make, a shell file of the repository) may
// ask for an OIDC token, since the address for it is in its environment.
// Source: actions/checkout README, persist-credentials; GitHub Docs, "OpenID Connect
// reference", methods for requesting the token.
func (n *Needs) script(s *InstanceStep, given bool) {
	if strings.Contains(s.Run, "ACTIONS_ID_TOKEN_REQUEST") || strings.Contains(s.Run, "--provenance") || strings.Contains(s.Run, "oidc") || strings.Contains(s.Run, "OIDC") {
		n.oidc("yes", s)
	}
	known := false
	for _, u := range s.Commands() {
		if u.OIDC {
			n.oidc("yes", s)
		}
		if u.Kind == workflow.Repo && u.System == "github" && len(u.Args) > 0 && u.Args[0] == "push" {
			n.add(u.Needs)
		}
		if !given {
			continue
		}
		if u.Needs != nil {
			known = true
			n.add(u.Needs)
			if u.Kind == workflow.Repo {
				// Source: cli/cli issue 6274: gh pr edit reads the projects of what it edits.
				n.Maybe["repository-projects"] = true
			}
		}
	}
	if given && !known {
		n.lacks("a script in it is given the token")
	}
	if given && known && strings.Contains(s.Run, "api") {
		n.lacks("a script in it calls GitHub's API")
	}
	if opaque(s) {
		if outward.MatchString(s.Run) {
			n.lacks("%s runs a program of the tree", first(s.Run))
		}
		n.Maybe["contents"] = true
		n.oidc("unknown", s)
	}
}

// Uses says whether a step uses a write permission, or may.
func (n *Needs) Uses(scope string) bool {
	return n.Unknown != "" || n.Scopes[scope] == "write" || n.Maybe[scope]
}

// first is a script's first line, shortened.
func first(script string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(script), "\n")
	if r := []rune(line); len(r) > 60 {
		line = string(r[:60]) + "..."
	}
	return line
}

// outward are words of scripts that let something out of the tree.
var outward = regexp.MustCompile(`(?i)\b(release|publish|deploy|push|upload|tag|bump|sign|login|promote)`)

// opaque says whether a script runs programs of the tree, which can do what they like.
func opaque(s *InstanceStep) bool {
	for _, u := range s.Commands() {
		if u.Kind == workflow.Build {
			return true
		}
	}
	return strings.HasPrefix(strings.TrimSpace(s.Run), "${{") || strings.Contains(s.Run, "./") || strings.Contains(s.Run, ".sh") || strings.Contains(s.Run, ".py") || strings.Contains(s.Run, ".ps1") || inTree(s.Run)
}

// inTree says whether a line of a script begins with a program by its path from the
// working directory, as in script/release.
func inTree(script string) bool {
	for l := range strings.Lines(script) {
		for w := range strings.FieldsSeq(l) {
			if name, value, ok := strings.Cut(w, "="); ok && name != "" && !strings.Contains(name, "/") && value != "" {
				continue // a variable for the program behind it
			}
			if i := strings.IndexByte(w, '/'); i > 0 && plainName(w[:i]) {
				return true
			}
			break
		}
	}
	return false
}

func plainName(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == ""
}

func carriesToken(vars []workflow.Var) bool {
	for _, v := range vars {
		if hasToken(v.Value) {
			return true
		}
	}
	return false
}

func hasToken(text string) bool {
	if !strings.Contains(text, "${{") {
		return false
	}
	lower := strings.ToLower(text)
	return strings.Contains(lower, "github.token") || strings.Contains(lower, "secrets.github_token") || strings.Contains(lower, "tojson(github)")
}
