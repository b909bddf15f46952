package github

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// PushTree replaces a branch's whole tree, as a merged fix (or an attacker's push)
// does. A branch that is not there is made. kind is "team" or "attacker". It says
// whether rulesets let it through.
func (s *Server) PushTree(kind, branch string, files map[string]string) bool {
	b := s.state.branch(branch)
	if !s.pushed(kind, "refs/heads/"+branch, b != nil) {
		return false
	}
	if b == nil {
		b = &Branch{Name: branch}
		s.state.Branches = append(s.state.Branches, b)
	}
	b.Files = maps.Clone(files)
	b.SHA = commit(b.Files, s.core.Text(8))
	s.register()
	s.core.Log(world.Entry{Kind: kind, Provider: "github", Call: "push", Object: branch})
	return true
}

// SetWorkflowState switches a workflow on or off, as anyone with actions: write can.
func (s *Server) SetWorkflowState(kind, path, state string) error {
	w := s.byPath(path)
	if w == nil {
		return fmt.Errorf("github world: no workflow %s", path)
	}
	w.State.Set(state, s.core.Now(), 0)
	s.core.Log(world.Entry{Kind: kind, Provider: "github", Call: "workflow " + state, Object: path})
	return nil
}

// AddKey adds a deploy key, as an attacker who wants to stay does.
func (s *Server) AddKey(kind string, k Key) {
	k.ID, k.Created = s.core.ID(), s.core.Now()
	s.state.Keys = append(s.state.Keys, k)
	s.core.Log(world.Entry{Kind: kind, Provider: "github", Call: "add deploy key", Object: k.Title})
}

// RotateSecretsKey makes GitHub seal with another key from now on: a put that was
// sealed to the old one is answered 422.
func (s *Server) RotateSecretsKey() { s.state.KeyID = s.core.Text(18) }

// WorkflowActive says whether events start this workflow now.
func (s *Server) WorkflowActive(path string) bool {
	w := s.byPath(path)
	return w != nil && s.actionsRun() && (w.State.Is == "active" || w.State.Is == "deleted")
}

// LiveJobs counts jobs of a workflow that have not ended: each still holds the
// values it was started with.
func (s *Server) LiveJobs(path string) int {
	s.advance(s.core.Now())
	n := 0
	for _, r := range s.state.Runs {
		for _, j := range r.Jobs {
			if r.Path == path && j.Status != "completed" {
				n++
			}
		}
	}
	return n
}

// SecretValue gives what a job that uses this secret gets now; "" when there is none.
func (s *Server) SecretValue(scope, name string) string {
	if x := s.state.secret(scope, name); x != nil {
		return x.Value
	}
	return ""
}

// Built gives the newest rebuilt tarball and its hex SHA-256; nil when there is none.
func (s *Server) Built() (file string, content []byte, digest string) {
	s.advance(s.core.Now())
	for _, a := range slices.Backward(s.state.Artifacts) {
		if a.Built {
			sum := sha256.Sum256(a.Content)
			return a.File, a.Content, hex.EncodeToString(sum[:])
		}
	}
	return "", nil, ""
}

// Project implements world.Projecting: states, ids and times aside.
func (s *Server) Project(now time.Time) map[string]string {
	s.advance(now)
	p := map[string]string{}
	at := "github " + s.state.Owner + "/" + s.state.Repo + " "
	for _, w := range s.state.Workflows {
		p[at+"workflow "+w.Path] = w.State.Is
		p[at+"live jobs of "+w.Path] = fmt.Sprint(s.LiveJobs(w.Path))
	}
	for _, b := range s.state.Branches {
		p[at+"branch "+b.Name] = treeSHA(b.Files)
	}
	s.guarded(p, at)
	for _, x := range s.state.Secrets {
		state := "not a credential"
		if x.Credential != "" {
			state = "broken"
			if s.works(x) {
				state = "working"
			}
		}
		p[at+"consumer of "+x.Name+" in "+x.Scope] = state
	}
	for _, c := range s.state.Caches {
		if c.Gone.IsZero() {
			p[at+"cache "+c.Key] = "there"
		} else {
			p[at+"cache "+c.Key] = "gone"
		}
	}
	if _, _, digest := s.Built(); digest != "" {
		p[at+"built"] = digest
	}
	return p
}

// KeyTitles are the titles of the deploy keys there are.
func (s *Server) KeyTitles() string {
	var out []string
	for _, k := range s.state.Keys {
		out = append(out, k.Title)
	}
	return strings.Join(out, ", ")
}

// Listeners are the addresses that the repository's webhooks deliver to now; bare says
// how many of them have lost their secret.
func (s *Server) Listeners() (urls string, bare int) {
	var out []string
	for _, h := range s.state.Hooks {
		if h.Active {
			out = append(out, h.URL)
		}
		if h.Bare {
			bare++
		}
	}
	return strings.Join(out, ", "), bare
}

// FirstHook is the id of the repository's first webhook.
func (s *Server) FirstHook() int64 { return s.state.Hooks[0].ID }
