package github

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// place is one of GitHub's stores of secrets, read from a scope:
//
//	repository               organization                 for workflows
//	environment/NAME                                      for jobs of an environment
//	dependabot               dependabot-organization      for runs that Dependabot starts
//	codespaces               codespaces-organization      for development machines
//
// Source: GitHub REST reference, "Actions secrets", "Dependabot secrets", "Codespaces
// repository secrets" and "Codespaces organization secrets".
type place struct {
	store       string // "actions", "dependabot", "codespaces"
	environment string
	shared      bool // lies in the organization, for several repositories
}

// scopeNames are the scopes without a name of their own.
var scopeNames = []string{"repository", "organization", "dependabot", "dependabot-organization", "codespaces", "codespaces-organization"}

func placeOf(scope string) (place, error) {
	if env, ok := strings.CutPrefix(scope, "environment/"); ok && env != "" {
		return place{store: "actions", environment: env}, nil
	}
	if !slices.Contains(scopeNames, scope) {
		return place{}, fmt.Errorf("scope %q is none of GitHub's; give environment/NAME, %s", scope, strings.Join(scopeNames, ", "))
	}
	switch scope {
	case "repository":
		return place{store: "actions"}, nil
	case "organization":
		return place{store: "actions", shared: true}, nil
	}
	store, _, shared := strings.Cut(scope, "-")
	return place{store: store, shared: shared}, nil
}

// at is the path of a secret of a repository or its organization, or of the key to
// seal with. Secrets of an environment are addressed by repository and environment
// name: v62's methods want a repository id and do not escape the name.
func (p place) at(repository string, parts ...string) string {
	if p.environment != "" {
		return at(repository, append([]string{"environments", p.environment, "secrets"}, parts...)...)
	}
	if p.shared {
		return inOrganization(owner(repository), append([]string{p.store, "secrets"}, parts...)...)
	}
	return at(repository, append([]string{p.store, "secrets"}, parts...)...)
}

// permission is the name of what writing here needs, without its level.
// Source: GitHub Docs, "Permissions required for fine-grained personal access tokens".
func (p place) permission() string {
	switch {
	case p.environment != "":
		return "environments"
	case p.store == "actions" && p.shared:
		return "organization_secrets"
	case p.store == "actions":
		return "secrets"
	case p.shared:
		return "organization_" + p.store + "_secrets"
	}
	return p.store + "_secrets"
}

func owner(repository string) string {
	name, _, _ := strings.Cut(repository, "/")
	return name
}

// inOrganization builds a path below an organization; every part is escaped.
func inOrganization(login string, parts ...string) string {
	path := "orgs/" + url.PathEscape(login)
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}
