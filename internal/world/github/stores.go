package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// storeRoutes are the stores of secrets that lie beside those of Actions: the
// organization's, Dependabot's and Codespaces', each with a key of its own.
func (s *Server) storeRoutes() []route {
	var all []route
	add := func(at, store, call, permission string) {
		path := at + "/" + store + "/secrets"
		all = append(all,
			route{"GET " + path + "/public-key", "GET " + call + "s key", permission + "=read", s.publicKey},
			route{"GET " + path, "GET " + call + "s", permission + "=read", s.listSecrets},
			route{"GET " + path + "/{name}", "GET " + call, permission + "=read", s.getSecret},
			route{"PUT " + path + "/{name}", "PUT " + call, permission + "=write", s.putSecret},
		)
		if strings.HasPrefix(at, "/orgs/") {
			all = append(all, route{"GET " + path + "/{name}/repositories", "GET " + call + " repositories", permission + "=read", s.sharedWith})
		}
	}
	const repo, org = "/repos/{owner}/{repo}", "/orgs/{org}"
	add(repo, "dependabot", "Dependabot secret", "dependabot_secrets")
	add(repo, "codespaces", "Codespaces secret", "codespaces_secrets")
	add(org, "actions", "organization secret", "organization_secrets")
	add(org, "dependabot", "organization Dependabot secret", "organization_dependabot_secrets")
	add(org, "codespaces", "organization Codespaces secret", "organization_codespaces_secrets")
	return append(all, route{"GET " + org + "/hooks", "GET organization hooks", "organization_hooks=read", s.organizationHooks})
}

// scope is where a secrets or variables request is about; false when its
// environment does not exist.
func (s *Server) scope(r *http.Request) (string, bool) {
	if name := r.PathValue("environment"); name != "" {
		return "environment/" + name, s.state.environment(name) != nil
	}
	store, shared := "", r.PathValue("org") != ""
	segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	at := 3
	if shared {
		at = 2
	}
	if len(segments) > at && segments[at] != "actions" {
		store = segments[at]
	}
	switch {
	case store == "" && shared:
		return "organization", true
	case store == "":
		return "repository", true
	case shared:
		return store + "-organization", true
	}
	return store, true
}

// keyID names the key that secrets of a scope are sealed to. Source: GitHub REST
// reference: each store has a "Get a public key" of its own.
func (s *Server) keyID(scope string) string {
	if scope == "repository" || strings.HasPrefix(scope, "environment/") {
		return s.state.KeyID
	}
	return s.state.KeyID + "-" + scope
}

func shared(scope string) bool { return strings.HasSuffix(scope, "organization") }

// reaches says whether an organization's secret can be read in the repository.
func (s *Server) reaches(x *Secret, id int64) bool {
	switch x.Visibility {
	case "selected":
		return slices.Contains(x.Selected, id)
	case "private":
		return s.state.Private
	}
	return true
}

// sharedWith lists the repositories of an organization's secret.
func (s *Server) sharedWith(r *http.Request) answer {
	scope, _ := s.scope(r)
	x := s.state.secret(scope, strings.ToUpper(r.PathValue("name")))
	if x == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	list := []map[string]any{}
	for _, id := range x.Selected {
		name := s.state.Repo
		if id != s.state.ID {
			name = fmt.Sprintf("repository-%d", id)
		}
		list = append(list, with(s.summary(), map[string]any{"id": id, "name": name, "full_name": s.state.Owner + "/" + name}))
	}
	return listing(r, "repositories", list)
}

// sharing is what an organization's view of a secret has besides.
func (s *Server) sharing(x *Secret) map[string]any {
	if !shared(x.Scope) {
		return nil
	}
	m := map[string]any{"visibility": x.Visibility}
	if x.Visibility == "selected" {
		store, _, beside := strings.Cut(x.Scope, "-")
		if !beside {
			store = "actions"
		}
		m["selected_repositories_url"] = s.api("orgs", s.state.Owner, store, "secrets", x.Name, "repositories")
	}
	return m
}

// role is what the repository's permissions member says of the asking user.
func role(r *http.Request, tokens []*Token) map[string]any {
	roles, level := []string{"pull", "triage", "push", "maintain", "admin"}, 4
	for _, t := range tokens {
		if t.Value == presented(r) && t.Role != "" {
			level = slices.Index(roles, t.Role)
		}
	}
	m := map[string]any{}
	for i, name := range roles {
		m[name] = i <= level
	}
	return m
}

// share takes over who may read an organization's secret from a PUT: all of it is
// replaced, so that leaving the repositories out clears them. Source: GitHub REST
// reference, "Create or update an organization secret": visibility is required,
// repositories are given only with "selected".
func share(x *Secret, visibility string, selected *[]int64) {
	x.Visibility, x.Selected = visibility, nil
	if selected != nil {
		x.Selected = slices.Clone(*selected)
	}
}

// wrongSharing gives the refusal of a PUT to an organization's store, nil when it is right.
func wrongSharing(visibility string, selected *[]int64) *answer {
	var text string
	switch {
	case !slices.Contains([]string{"all", "private", "selected"}, visibility):
		text = "Invalid request.\n\nvisibility is not included in the list: all, private, selected"
	case visibility != "selected" && selected != nil && len(*selected) > 0:
		text = "selected_repository_ids may only be given when visibility is selected"
	default:
		return nil
	}
	a := fail(http.StatusUnprocessableEntity, text)
	return &a
}

// SharedWith gives who may read an organization's secret now.
func (s *Server) SharedWith(scope, name string) (visibility string, repositories []int64) {
	x := s.state.secret(scope, name)
	if x == nil {
		return "", nil
	}
	return x.Visibility, slices.Clone(x.Selected)
}

// Share changes who may read an organization's secret, as an owner or an attacker can.
func (s *Server) Share(scope, name, visibility string, repositories ...int64) {
	if x := s.state.secret(scope, name); x != nil {
		share(x, visibility, &repositories)
	}
}

// StoreSecret puts a value into a store by hand, as its owner can.
func (s *Server) StoreSecret(scope, name, value string) { s.store(scope, name, value) }
