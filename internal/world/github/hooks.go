package github

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

func (s *Server) hookShape(h Hook, kind, at string) map[string]any {
	url := fmt.Sprintf("https://api.github.com/%s/hooks/%d", at, h.ID)
	m := map[string]any{
		"id": h.ID, "type": kind, "name": "web", "active": h.Active, "events": slices.Clone(h.Events), "url": url, "ping_url": url + "/pings",
		"config":     map[string]any{"url": h.URL, "content_type": "json", "insecure_ssl": "0", "secret": "********"},
		"created_at": stamp(h.Created), "updated_at": stamp(h.Updated),
	}
	if h.Events == nil {
		m["events"] = []string{}
	}
	if kind == "Repository" {
		m["test_url"] = url + "/test"
		m["last_response"] = map[string]any{"code": nil, "status": "unused", "message": nil}
	}
	return m
}

func (s *Server) hooks(r *http.Request) answer {
	list := []map[string]any{}
	for _, h := range s.state.Hooks {
		list = append(list, s.hookShape(h, "Repository", "repos/"+s.state.Owner+"/"+s.state.Repo))
	}
	return bare(r, list)
}

func (s *Server) organizationHooks(r *http.Request) answer {
	list := []map[string]any{}
	for _, h := range s.state.OwnerHooks {
		list = append(list, s.hookShape(h, "Organization", "orgs/"+s.state.Owner))
	}
	return bare(r, list)
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

// sowHooks gives hooks an id and an age.
func (s *Server) sowHooks(hooks []Hook) {
	at := s.core.Now().Add(-30 * 24 * time.Hour).Truncate(time.Second)
	for i := range hooks {
		hooks[i].ID, hooks[i].Created, hooks[i].Updated = s.core.ID(), at, at
	}
}
