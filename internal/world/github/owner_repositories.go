package github

import (
	"net/http"
	"slices"
	"strings"
)

// kind is what GitHub calls the owner.
func (o *Owner) kind() string {
	if o.Personal {
		return "User"
	}
	return "Organization"
}

// numbersOf lists the owner's repositories by number: 0 is the scenario's, the others
// are made up.
func (s *Server) numbersOf(which func(name string, private bool) bool) []int {
	var out []int
	for n := range 1 + s.state.Organization.Further {
		name, private := s.state.Repo, s.state.Private
		if n > 0 {
			name, private = madeUpName(n), madeUpPrivate(n)
		}
		if which(name, private) {
			out = append(out, n)
		}
	}
	return out
}

// chosen says which repositories the token that asks was given.
func (s *Server) chosen(r *http.Request) func(name string, private bool) bool {
	return func(name string, private bool) bool {
		for _, t := range s.state.Tokens {
			if t.Value == presented(r) && t.Chosen != nil {
				return !private || slices.Contains(t.Chosen, name)
			}
		}
		return true
	}
}

// repositories answers a page of them. Only those of the page are made.
func (s *Server) repositories(r *http.Request, numbers []int) answer {
	part, next := paged(r, numbers)
	list := make([]map[string]any, 0, len(part))
	for _, n := range part {
		of := s
		if n > 0 {
			of = s.sibling(n)
			of.base = s.base
		}
		o := of.whole(r)
		delete(o, "network_count")
		delete(o, "subscribers_count")
		list = append(list, o)
	}
	return answer{status: http.StatusOK, body: list, next: next}
}

func (s *Server) ownerRepositories(r *http.Request) answer {
	return s.repositories(r, s.numbersOf(s.chosen(r)))
}

// publicRepositories are what anybody sees of a person's.
// Source: GitHub REST reference, "List repositories for a user".
func (s *Server) publicRepositories(r *http.Request) answer {
	if !s.state.Organization.Personal || !strings.EqualFold(r.PathValue("username"), s.state.Owner) {
		return fail(http.StatusNotFound, "Not Found")
	}
	return s.repositories(r, s.numbersOf(func(_ string, private bool) bool { return !private }))
}

// ownRepositories are those of the person whose token asks.
// Source: GitHub REST reference, "List repositories for the authenticated user".
func (s *Server) ownRepositories(r *http.Request) answer {
	for _, t := range s.state.Tokens {
		if t.Value == presented(r) && s.state.Organization.Personal && strings.EqualFold(t.Login, s.state.Owner) {
			return s.repositories(r, s.numbersOf(s.chosen(r)))
		}
	}
	return s.repositories(r, nil)
}

// organization tells how many private repositories there are only to those who may know
// them all. Source: GitHub REST reference, "Get an organization".
func (s *Server) organization(r *http.Request) answer {
	at := s.api("orgs", s.state.Owner)
	private := len(s.numbersOf(func(_ string, private bool) bool { return private }))
	o := with(with(s.account(s.state.Owner, "Organization"), times(s.state.Began, s.state.Began)), map[string]any{
		"url": at, "repos_url": at + "/repos", "events_url": at + "/events", "hooks_url": at + "/hooks", "issues_url": at + "/issues",
		"members_url": at + "/members{/member}", "public_members_url": at + "/public_members{/member}", "description": nil,
		"has_organization_projects": true, "has_repository_projects": true, "archived_at": nil, "public_gists": 0, "followers": 0, "following": 0,
		"public_repos": 1 + s.state.Organization.Further - private,
	})
	for _, none := range []string{"gravatar_id", "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url", "organizations_url", "received_events_url", "site_admin", "user_view_type"} {
		delete(o, none)
	}
	for _, t := range s.state.Tokens {
		if t.Value == presented(r) && (t.Permissions == nil || t.Permissions["organization_administration"] != "") {
			o["total_private_repos"], o["owned_private_repos"] = private, private
		}
	}
	return ok(o)
}
