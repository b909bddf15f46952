package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// App is a GitHub App that is installed in the organization.
type App struct {
	ID          int64             `yaml:"-" json:"id"`
	AppID       int64             `yaml:"app_id" json:"app_id"`
	Slug        string            `yaml:"slug" json:"slug"`
	Selection   string            `yaml:"selection" json:"selection"` // "all" (default), "selected"
	Permissions map[string]string `yaml:"permissions" json:"permissions"`
	Created     time.Time         `yaml:"-" json:"created"`
}

// Owner is what the organization has beside its repositories.
type Owner struct {
	Runners []Runner        `json:"runners,omitempty"`
	Apps    []App           `json:"apps,omitempty"`
	Subject json.RawMessage `json:"subject,omitempty"` // its template of OIDC subjects
	// Personal: it is a person and no organization.
	Personal bool `json:"personal,omitempty"`
	// Further is how many made-up repositories it has beside the one of the scenario.
	Further int `json:"further,omitempty"`
	// Actions are the commits of other people's actions, by "owner/name@ref".
	Actions map[string]string `json:"actions,omitempty"`
	Switch  OwnerSwitch       `json:"switch,omitzero"`
	// Enterprise: it is on Enterprise Cloud, and has an audit log to be read.
	Enterprise bool      `json:"enterprise,omitempty"`
	Audit      []Audited `json:"audit,omitempty"`
}

func (s *Server) organizationRoutes() []route {
	const org = "/orgs/{org}"
	return []route{
		{"GET " + org, "GET organization", "any", s.organization},
		{"GET " + org + "/repos", "GET organization repositories", "any", s.ownerRepositories},
		{"GET /users/{username}/repos", "GET user repositories", "any", s.publicRepositories},
		{"GET /user/repos", "GET own repositories", "any", s.ownRepositories},
		{"GET " + org + "/actions/variables", "GET all organization variables", "organization_actions_variables=read", s.ownerVariables},
		{"GET " + org + "/actions/permissions/workflow", "GET organization default permissions", "organization_administration=read", s.getToken},
		{"GET " + org + "/actions/oidc/customization/sub", "GET organization subject", "organization_administration=read", s.ownerSubject},
		{"GET " + org + "/audit-log", "GET audit log", "organization_administration=read", s.auditLog},
		{"GET " + org + "/installations", "GET installed Apps", "organization_administration=read", s.installations},
		{"GET /repos/{anybody}/{name}/commits/{ref}", "GET commit", "any", s.commitAt},
	}
}

func (s *Server) sowOwner(seed Seed) {
	o := &s.state.Organization
	o.Runners, o.Subject, o.Further, o.Actions, o.Personal = slices.Clone(seed.OwnerRunners), seed.OwnerSubject, seed.Further, seed.Actions, seed.Personal
	o.Enterprise = seed.Enterprise
	s.sowOwnerActions(seed)
	for i := range o.Runners {
		o.Runners[i].ID = s.core.ID()
	}
	for _, a := range seed.OwnerApps {
		a.ID, a.Created, a.Selection = s.core.ID(), s.core.Now().Add(-begun), cmp.Or(a.Selection, "all")
		o.Apps = append(o.Apps, a)
	}
	if o.Further > 0 && !o.Personal {
		for _, x := range madeUpShared(1, o.Further) {
			s.sowSecret(x)
		}
	}
}

func (s *Server) ownerVariables(r *http.Request) answer {
	list := s.variablesIn("organization")
	for _, v := range list {
		v["visibility"] = "all"
	}
	return listing(r, "variables", list)
}

func (s *Server) ownerSubject(*http.Request) answer {
	if raw := s.state.Organization.Subject; len(raw) > 0 {
		return ok(raw)
	}
	return ok(map[string]any{"include_claim_keys": []string{"repo", "context"}})
}

func (s *Server) installations(r *http.Request) answer {
	list := []map[string]any{}
	for _, a := range s.state.Organization.Apps {
		at := s.api("app", "installations", a.ID)
		list = append(list, with(times(a.Created, a.Created), map[string]any{
			"id": a.ID, "app_id": a.AppID, "app_slug": a.Slug, "client_id": "Iv1." + a.Slug, "repository_selection": a.Selection, "permissions": a.Permissions, "events": []string{},
			"account": s.account(s.state.Owner, "Organization"), "target_id": numbered(s.state.Owner), "target_type": "Organization", "single_file_name": nil,
			"suspended_at": nil, "suspended_by": nil, "access_tokens_url": at + "/access_tokens", "repositories_url": s.api("installation", "repositories"),
			"html_url": s.api("organizations", s.state.Owner, "settings", "installations", a.ID),
		}))
	}
	return listing(r, "installations", list)
}

// commitAt gives the commit a branch or tag stands at, as its bare name where that is
// asked for. Source: GitHub REST reference, "Get a commit", media types.
func (s *Server) commitAt(r *http.Request) answer {
	name, ref := r.PathValue("anybody")+"/"+r.PathValue("name"), r.PathValue("ref")
	sha := s.state.Organization.Actions[name+"@"+ref]
	if strings.EqualFold(name, s.state.Owner+"/"+s.state.Repo) {
		if sha = s.state.Tags[ref]; s.state.branch(ref) != nil {
			sha = s.state.branch(ref).SHA
		}
	}
	switch {
	case sha == "" && !s.knows(name):
		return fail(http.StatusNotFound, "Not Found")
	case sha == "":
		return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
	case r.Header.Get("Accept") != "application/vnd.github.sha":
		return fail(http.StatusNotAcceptable, "this world serves the commit's name alone, as application/vnd.github.sha")
	}
	return answer{status: http.StatusOK, raw: []byte(sha), kind: "application/vnd.github.sha; charset=utf-8"}
}

// knows says whether a repository is the scenario's, or one of actions.
func (s *Server) knows(name string) bool {
	for of := range s.state.Organization.Actions {
		if strings.HasPrefix(of, name+"@") {
			return true
		}
	}
	return strings.EqualFold(name, s.state.Owner+"/"+s.state.Repo)
}

// siblings are made-up repositories that were asked about of late.
type siblings struct {
	made  map[int]*Server
	order []int
}

const siblingsKept = 64

// siblingOf gives the made-up repository a request is about; nil where it is about none.
func (s *Server) siblingOf(r *http.Request) *Server {
	if s.state.Organization.Further == 0 {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(parts) < 3 || parts[0] != "repos" || !strings.EqualFold(parts[1], s.state.Owner) {
		return nil
	}
	digits, is := strings.CutPrefix(parts[2], "service-")
	n, err := strconv.Atoi(digits)
	if !is || err != nil || n < 1 || n > s.state.Organization.Further || madeUpName(n) != parts[2] {
		return nil
	}
	return s.sibling(n)
}

// sibling makes a made-up repository's server, or finds it. It can be read alone.
func (s *Server) sibling(n int) *Server {
	if x := s.siblings.made[n]; x != nil {
		return x
	}
	made := s.state.Began.Add(-begun)
	seed := madeUp(s.state.Owner, n)
	seed.Personal = s.state.Organization.Personal
	x, err := New(&quiet{Core: s.core, now: made, next: int64(n) * 1000}, seed)
	if err != nil {
		panic(fmt.Sprintf("github world: made-up repository %d: %v", n, err)) // it is a function of its number
	}
	for _, own := range s.state.Secrets {
		if shared(own.Scope) {
			x.state.Secrets = append(x.state.Secrets, own)
		}
	}
	if s.siblings.made == nil {
		s.siblings.made = map[int]*Server{}
	}
	if len(s.siblings.order) == siblingsKept {
		delete(s.siblings.made, s.siblings.order[0])
		s.siblings.order = s.siblings.order[1:]
	}
	s.siblings.made[n], s.siblings.order = x, append(s.siblings.order, n)
	return x
}

// passOn serves a request about a sibling, with our tokens and our quota.
func (s *Server) passOn(x *Server, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.write(w, r, fail(http.StatusForbidden, "the made-up repositories of this world can only be read"))
		return
	}
	x.base, x.state.Tokens, x.state.Used = s.base, s.state.Tokens, s.state.Used
	x.mux.ServeHTTP(w, r)
	s.state.Used = x.state.Used
}

// quiet is a core for what is made again and again: it gives the same numbers and the
// same time each time, and leaves no trace in the world.
type quiet struct {
	world.Core
	now  time.Time
	next int64
}

// Now implements world.Core: nothing of it changes.
func (q *quiet) Now() time.Time { return q.now }

// Born implements world.Core.
func (*quiet) Born(string, string) {}

// Dies implements world.Core.
func (*quiet) Dies(string, time.Time, string) {}

// Log implements world.Core.
func (*quiet) Log(world.Entry) {}

// ID implements world.Core.
func (q *quiet) ID() int64 {
	q.next++
	return q.next
}

// Text implements world.Core.
func (q *quiet) Text(n int) string {
	text := strings.Repeat(strconv.FormatInt(q.ID(), 36), n)
	return text[:n]
}
