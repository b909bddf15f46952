package github

import (
	"net/http"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// hookShape is a webhook at the API's address at.
func (s *Server) hookShape(h Hook, kind, at string) map[string]any {
	m := with(with(addresses(at, "ping /pings\ndeliveries /deliveries"), times(h.Created, h.Updated)), map[string]any{
		"id": h.ID, "type": kind, "name": "web", "active": h.Active, "events": append([]string{}, h.Events...), "url": at,
		"config": map[string]any{"url": h.URL, "secret": "********", "content_type": "json", "insecure_ssl": "0"},
	})
	if kind == "Repository" {
		m["test_url"] = at + "/test"
		m["last_response"] = map[string]any{"code": nil, "status": "unused", "message": nil}
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
