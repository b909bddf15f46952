package github

import (
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

const folder = ".github/workflows/"

func isWorkflow(file string) bool {
	rest, in := strings.CutPrefix(file, folder)
	return in && !strings.Contains(rest, "/") && (strings.HasSuffix(rest, ".yml") || strings.HasSuffix(rest, ".yaml"))
}

// head is the part of a workflow file that decides what may start it.
type head struct {
	Name string `yaml:"name"`
	On   any    `yaml:"on"`
}

func nameOf(file, content string) string {
	var h head
	if yaml.Unmarshal([]byte(content), &h) != nil || h.Name == "" {
		return file
	}
	return h.Name
}

// starts reports whether a workflow file has an event among its triggers.
func starts(content, event string) bool {
	var h head
	if yaml.Unmarshal([]byte(content), &h) != nil {
		return false
	}
	switch on := h.On.(type) {
	case string:
		return on == event
	case []any:
		for _, x := range on {
			if x == event {
				return true
			}
		}
	case map[string]any:
		_, there := on[event]
		return there
	}
	return false
}

var mention = regexp.MustCompile(`secrets\.([A-Za-z_][A-Za-z0-9_]*)`)

// uses lists the secrets a workflow file names.
func uses(content string) []string {
	found := map[string]bool{}
	for _, m := range mention.FindAllStringSubmatch(content, -1) {
		if m[1] != "GITHUB_TOKEN" {
			found[m[1]] = true
		}
	}
	return sorted(found)
}

// workflow finds a workflow by id or by file name.
func (s *Server) workflow(r *http.Request) *Workflow {
	want := r.PathValue("workflow")
	id, err := strconv.ParseInt(want, 10, 64)
	for _, w := range s.state.Workflows {
		if err == nil && w.ID == id || path.Base(w.Path) == want {
			return w
		}
	}
	return nil
}

func (s *Server) shape(w *Workflow) map[string]any {
	return with(times(s.state.Began, s.state.Began), map[string]any{
		"id": w.ID, "node_id": node("W", w.ID), "name": w.Name, "path": w.Path, "state": w.State.Get(s.core.Now()),
		"url": s.repo("actions/workflows", w.ID), "html_url": s.page("blob", s.state.Default, w.Path), "badge_url": s.page("workflows", w.ID, "badge.svg"),
	})
}

func (s *Server) workflows(r *http.Request) answer {
	list := []map[string]any{}
	for _, w := range s.state.Workflows {
		list = append(list, s.shape(w))
	}
	return listing(r, "workflows", list)
}

func (s *Server) getWorkflow(r *http.Request) answer {
	w := s.workflow(r)
	if w == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(s.shape(w))
}

func (s *Server) disable(r *http.Request) answer { return s.toggle(r, "disabled_manually") }
func (s *Server) enable(r *http.Request) answer  { return s.toggle(r, "active") }

func (s *Server) toggle(r *http.Request, state string) answer {
	w := s.workflow(r)
	if w == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	now := s.core.Now()
	if w.State.Is != state {
		w.State.Set(state, now, s.core.Delay("github workflow"))
	}
	return empty(http.StatusNoContent)
}
