package mend

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

// rights are the scopes of GITHUB_TOKEN with "read" or "write".
type rights map[string]string

func (r rights) add(scope, level string) {
	if r[scope] != "write" {
		r[scope] = level
	}
}

// covers says whether r allows all that other does.
func (r rights) covers(other rights) bool {
	for scope, level := range other {
		if r[scope] != level && r[scope] != "write" {
			return false
		}
	}
	return true
}

// lines writes rights as YAML, one scope a line.
func (r rights) lines() []string {
	var out []string
	for _, scope := range slices.Sorted(maps.Keys(r)) {
		out = append(out, scope+": "+r[scope])
	}
	return out
}

// needs is what a job's token is used for, or why that is not known.
type needs struct {
	rights
	unknown string
}

// needs gives what every job of the file needs, with what it calls opened.
func (t *target) needs() map[string]*needs {
	out := map[string]*needs{}
	for _, in := range t.model.Instances(t.workflow) {
		n := out[in.Top.ID]
		if n == nil {
			n = &needs{rights: rights{}}
			out[in.Top.ID] = n
		}
		if in.Remote != "" {
			n.lacks("it calls %s", in.Remote)
			continue
		}
		t.job(n, &in)
	}
	return out
}

func (n *needs) lacks(format string, args ...any) {
	if n.unknown == "" {
		n.unknown = fmt.Sprintf(format, args...)
	}
}

func (t *target) job(n *needs, in *inventory.Instance) {
	everywhere := carries(in.File.Env) || carries(in.Job.Env)
	for i := range in.Steps {
		s := &in.Steps[i]
		switch {
		case s.Run != "":
			ran(n, s, everywhere)
		case strings.HasPrefix(s.Uses, "./"):
			t.local(n, s)
		case strings.HasPrefix(s.Uses, "docker://"):
			if carries(s.With) || carries(s.Step.Env) || everywhere {
				n.lacks("it gives its token to %s", s.Uses)
			}
		default:
			action(n, &s.Step)
		}
	}
}

// ran adds what a script needs: nothing, where it does not have the token.
// Source: actions/checkout README: git push works with the token that checkout leaves
// in .git/config; GitHub Docs, "OpenID Connect", requesting the JWT.
func ran(n *needs, s *inventory.InstanceStep, everywhere bool) {
	switch {
	case everywhere || carries(s.Step.Env) || token(s.Run):
		n.lacks("a script in it uses the token")
	case strings.Contains(s.Run, "git push"):
		n.add("contents", "write")
	}
	for _, u := range s.Commands() {
		if u.OIDC {
			n.add("id-token", "write")
		}
	}
	if strings.Contains(s.Run, "ACTIONS_ID_TOKEN_REQUEST") || strings.Contains(s.Run, "--provenance") || strings.Contains(s.Run, "cosign sign") || strings.Contains(s.Run, "cosign attest") {
		n.add("id-token", "write")
	}
}

// local judges an action of the same repository. The steps of a composite one follow
// by themselves; another has the token only where it is handed over.
func (t *target) local(n *needs, s *inventory.InstanceStep) {
	dir := strings.TrimSuffix(strings.TrimPrefix(s.Uses, "./"), "/")
	for i := range t.model.Actions {
		a := &t.model.Actions[i]
		if a.Path != dir+"/action.yml" && a.Path != dir+"/action.yaml" {
			continue
		}
		given := carries(s.With) || carries(s.Step.Env) || slices.ContainsFunc(a.Refs, func(r workflow.Ref) bool { return r.Kind == workflow.JobToken })
		if a.Broken || a.Using != "composite" && given {
			n.lacks("it gives its token to %s", s.Uses)
		}
		return
	}
	n.lacks("%s is not among the files", s.Uses)
}

func carries(vars []workflow.Var) bool {
	return slices.ContainsFunc(vars, func(v workflow.Var) bool { return token(v.Value) })
}

func token(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "github.token") || strings.Contains(lower, "secrets.github_token") || strings.Contains(lower, "tojson(github)")
}
