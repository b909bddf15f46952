package github

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Audited is an event of the organization's audit log. Lag is how late it is to be read.
type Audited struct {
	Action   string        `json:"action"`
	Actor    string        `json:"actor"`
	At       time.Time     `json:"at"`
	Workflow int64         `json:"workflow,omitempty"`
	Lag      time.Duration `json:"lag,omitempty"`
}

// Audit writes an event about the repository into the audit log, of a workflow where
// path is not "".
func (s *Server) Audit(action, actor, path string, lag time.Duration) {
	e := Audited{Action: action, Actor: actor, At: s.core.Now(), Lag: lag}
	if w := s.byPath(path); w != nil {
		e.Workflow = w.ID
	}
	s.state.Organization.Audit = append(s.state.Organization.Audit, e)
}

// auditLog answers as GitHub does where the organization is on Enterprise Cloud.
func (s *Server) auditLog(r *http.Request) answer {
	o, repository := s.state.Organization, s.state.Owner+"/"+s.state.Repo
	if !o.Enterprise || o.Personal || r.PathValue("org") != s.state.Owner {
		return fail(http.StatusNotFound, "Not Found")
	}
	out := []map[string]any{}
	for _, e := range slices.Backward(o.Audit) {
		if s.core.Now().Before(e.At.Add(e.Lag)) || !phrased(r.URL.Query().Get("phrase"), e, repository) {
			continue
		}
		m := map[string]any{"@timestamp": e.At.UnixMilli(), "created_at": e.At.UnixMilli(), "action": e.Action, "actor": e.Actor, "org": r.PathValue("org"), "repo": repository}
		if e.Workflow != 0 {
			m["workflow_id"] = e.Workflow
		}
		out = append(out, m)
	}
	return ok(out)
}

// phrased reports whether an event is what a search asks for.
func phrased(phrase string, e Audited, repository string) bool {
	for _, f := range strings.Fields(phrase) {
		name, want, _ := strings.Cut(f, ":")
		switch name {
		case "action":
			if e.Action != want && !strings.HasPrefix(e.Action, want+".") {
				return false
			}
		case "repo":
			if !strings.EqualFold(want, repository) {
				return false
			}
		case "created":
			if from, err := time.Parse(time.DateOnly, strings.TrimPrefix(want, ">=")); err != nil || e.At.Before(from) {
				return false
			}
		}
	}
	return true
}
