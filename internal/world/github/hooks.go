package github

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// hookShape is a webhook at the API's address at.
func (s *Server) hookShape(h Hook, kind, at string) map[string]any {
	m := with(with(addresses(at, "ping /pings\ndeliveries /deliveries"), times(h.Created, h.Updated)), map[string]any{
		"id": h.ID, "type": kind, "name": "web", "active": h.Active, "events": append([]string{}, h.Events...), "url": at,
		"config": hookConfig(h),
	})
	if kind == "Repository" {
		m["test_url"] = at + "/test"
		m["last_response"] = map[string]any{"code": nil, "status": "unused", "message": nil}
	}
	return m
}

// hookConfig has a secret only masked, and none where there is none.
func hookConfig(h Hook) map[string]any {
	m := map[string]any{"url": h.URL, "content_type": "json", "insecure_ssl": "0"}
	if !h.Bare {
		m["secret"] = "********"
	}
	return m
}

func (s *Server) hooks(r *http.Request) answer {
	list := []map[string]any{}
	for _, h := range s.state.Hooks {
		list = append(list, s.hookShape(h, "Repository", s.repo("hooks", h.ID)))
	}
	return bare(r, list)
}

func (s *Server) organizationHooks(r *http.Request) answer {
	list := []map[string]any{}
	for _, h := range s.state.OwnerHooks {
		list = append(list, s.hookShape(h, "Organization", s.api("orgs", s.state.Owner, "hooks", h.ID)))
	}
	return bare(r, list)
}

// patchHook updates what is given. A configuration without a secret takes the secret away.
// Source: GitHub REST reference, "Update a repository webhook".
func (s *Server) patchHook(r *http.Request) answer {
	var in struct {
		Active *bool `json:"active"`
		Config *struct {
			URL    string `json:"url"`
			Secret string `json:"secret"`
		} `json:"config"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	for i := range s.state.Hooks {
		h := &s.state.Hooks[i]
		if strconv.FormatInt(h.ID, 10) != r.PathValue("hook") {
			continue
		}
		if in.Active != nil {
			h.Active = *in.Active
		}
		if in.Config != nil {
			h.URL = cmp.Or(in.Config.URL, h.URL)
			s.sign(h, in.Config.Secret)
		}
		h.Updated = s.core.Now().Truncate(time.Second)
		return ok(s.hookShape(*h, "Repository", s.repo("hooks", h.ID)))
	}
	return fail(http.StatusNotFound, "Not Found")
}

// AddHook adds a webhook to the repository, or to its organization, as an attacker
// who wants to be told does.
func (s *Server) AddHook(kind string, h Hook, organization bool) {
	now := s.core.Now().Truncate(time.Second)
	h.ID, h.Created, h.Updated = s.core.ID(), now, now
	if organization {
		s.state.OwnerHooks = append(s.state.OwnerHooks, h)
	} else {
		s.state.Hooks = append(s.state.Hooks, h)
	}
	s.core.Log(world.Entry{Kind: kind, Provider: "github", Call: "add webhook", Object: h.URL})
}

// EditHook sends what a webhook delivers somewhere else.
func (s *Server) EditHook(kind string, id int64, url string) {
	for _, hooks := range [][]Hook{s.state.Hooks, s.state.OwnerHooks} {
		for i := range hooks {
			if hooks[i].ID == id {
				hooks[i].URL, hooks[i].Updated = url, s.core.Now().Truncate(time.Second)
				s.core.Log(world.Entry{Kind: kind, Provider: "github", Call: "edit webhook", Object: url})
			}
		}
	}
}

// long is the age of what nobody said the age of.
const long = 30 * 24 * time.Hour

// sowHooks gives hooks an id and an age.
func (s *Server) sowHooks(hooks []Hook) {
	for i := range hooks {
		at := s.core.Now().Add(-cmp.Or(hooks[i].Age, long)).Truncate(time.Second)
		hooks[i].ID, hooks[i].Created, hooks[i].Updated = cmp.Or(hooks[i].ID, s.core.ID()), at, at
		if hooks[i].Credential != "" {
			s.core.Born(hooks[i].Credential, hooks[i].Secret)
		}
	}
}
