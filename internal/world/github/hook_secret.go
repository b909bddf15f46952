package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

func (s *Server) hookRoutes() []route {
	const repo, org = "/repos/{owner}/{repo}/hooks", "/orgs/{org}/hooks"
	all := []route{
		{"GET " + repo, "GET hooks", "repository_hooks=read", s.hooks},
		{"PATCH " + repo + "/{hook}", "PATCH hook", "repository_hooks=write", s.patchHook},
	}
	for at, of := range map[string][2]string{repo: {"", "repository_hooks="}, org: {"organization ", "organization_hooks="}} {
		all = append(all,
			route{"GET " + at + "/{hook}", "GET " + of[0] + "hook", of[1] + "read", s.getHook},
			route{"PATCH " + at + "/{hook}/config", "PATCH " + of[0] + "hook config", of[1] + "write", s.patchHookConfig},
			route{"POST " + at + "/{hook}/pings", "POST " + of[0] + "hook ping", of[1] + "write", s.ping},
			route{"GET " + at + "/{hook}/deliveries", "GET " + of[0] + "hook deliveries", of[1] + "read", s.deliveries},
		)
	}
	return all
}

// hook finds the one a request is about, and gives its shape.
func (s *Server) hook(r *http.Request) (*Hook, func() map[string]any) {
	hooks, kind, at := s.state.Hooks, "Repository", func(h *Hook) string { return s.repo("hooks", h.ID) }
	if r.PathValue("org") != "" {
		hooks, kind, at = s.state.OwnerHooks, "Organization", func(h *Hook) string { return s.api("orgs", s.state.Owner, "hooks", h.ID) }
	}
	i := slices.IndexFunc(hooks, func(h Hook) bool { return strconv.FormatInt(h.ID, 10) == r.PathValue("hook") })
	if i < 0 {
		return nil, nil
	}
	h := &hooks[i]
	return h, func() map[string]any { return s.hookShape(*h, kind, at(h)) }
}

func (s *Server) getHook(r *http.Request) answer {
	h, shape := s.hook(r)
	if h == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(shape())
}

// patchHookConfig changes what is given and leaves the rest as it is.
// Source: GitHub REST reference, "Update a webhook configuration for a repository".
func (s *Server) patchHookConfig(r *http.Request) answer {
	h, _ := s.hook(r)
	if h == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	var in struct {
		URL    *string `json:"url"`
		Secret *string `json:"secret"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	if in.URL != nil {
		h.URL = *in.URL
	}
	if in.Secret != nil {
		s.sign(h, *in.Secret)
	}
	h.Updated = s.core.Now().Truncate(time.Second)
	return ok(hookConfig(*h))
}

// madeHookSecret begins the name of a secret that somebody set while the world ran.
const madeHookSecret = "webhook secret "

// sign gives a webhook the secret its deliveries are signed with from now on. What a
// receiver takes this world does not know: for it the old one is dead now.
func (s *Server) sign(h *Hook, value string) {
	if h.Credential != "" && value != h.Secret {
		s.core.Dies(h.Credential, s.core.Now(), "another secret was set for the webhook")
	}
	if value != h.Secret {
		h.Credential = ""
		if value != "" {
			h.Credential = fmt.Sprintf(madeHookSecret+"%d", s.core.ID())
			s.core.Born(h.Credential, value)
		}
	}
	h.Secret, h.Bare = value, value == ""
}

// ping delivers one, whatever events the webhook is for.
// Source: GitHub REST reference, "Ping a repository webhook".
func (s *Server) ping(r *http.Request) answer {
	h, _ := s.hook(r)
	if h == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	d := Delivery{ID: s.core.ID(), Event: "ping", Code: http.StatusOK, At: s.core.Now()}
	if h.Answers != 0 {
		d.Code = h.Answers
	}
	h.Deliveries = append(h.Deliveries, d)
	return empty(http.StatusNoContent)
}

// deliveries lists the newest first.
func (s *Server) deliveries(r *http.Request) answer {
	h, _ := s.hook(r)
	if h == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	list := []map[string]any{}
	for _, d := range slices.Backward(h.Deliveries) {
		list = append(list, map[string]any{
			"id": d.ID, "guid": fmt.Sprintf("00000000-0000-0000-0000-%012d", d.ID), "delivered_at": stamp(d.At), "redelivery": false, "duration": 0.1,
			"status": http.StatusText(d.Code), "status_code": d.Code, "event": d.Event, "action": nil, "installation_id": nil, "repository_id": s.state.ID,
		})
	}
	return bare(r, list)
}

// ReceiverAnswers says what the receiver of a webhook answers from now on.
func (s *Server) ReceiverAnswers(id int64, code int) {
	for _, hooks := range [][]Hook{s.state.Hooks, s.state.OwnerHooks} {
		for i := range hooks {
			if hooks[i].ID == id {
				hooks[i].Answers = code
			}
		}
	}
}

// HookSecret is what a webhook's deliveries are signed with; "" for nothing.
func (s *Server) HookSecret(id int64) string {
	for _, h := range slices.Concat(s.state.Hooks, s.state.OwnerHooks) {
		if h.ID == id {
			return h.Secret
		}
	}
	return ""
}

// projectHooks adds which webhooks have the secret they began with. One of the seed that
// is replaced is gone, like a deleted key.
func (s *Server) projectHooks(p map[string]string, at string) {
	for _, h := range slices.Concat(s.state.Hooks, s.state.OwnerHooks) {
		if h.Credential != "" {
			p[fmt.Sprintf("%swebhook %d", at, h.ID)] = map[bool]string{true: "signs", false: "signs not"}[!h.Bare]
			if len(h.Credential) < len(madeHookSecret) || h.Credential[:len(madeHookSecret)] != madeHookSecret {
				p["credential "+h.Credential] = "alive"
			}
		}
	}
}
