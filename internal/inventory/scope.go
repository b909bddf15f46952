package inventory

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/workflow"
)

const unknown = "unknown"

// scopes gives every scope that a secret's name can come from in a job: the job's
// environment hides the repository, which hides the organization.
// Source: GitHub Docs, "Secrets", precedence of the same name.
// Several scopes come out where the environment is only known at run time. listed
// says whether the survey listed the repository's secrets at all.
func (b *builder) scopes(repository, name string, env *workflow.Text) (found []string, listed bool) {
	l := b.listing(repository)
	if l == nil {
		return []string{b.declaredScope(name, env)}, false
	}
	all := l.scopes[strings.ToUpper(name)]
	switch {
	case env == nil:
	case strings.Contains(env.Value, "${{"):
		for _, s := range all {
			if strings.HasPrefix(s, "environment/") {
				found = append(found, s)
			}
		}
	default:
		// Environment names are compared without case.
		for _, s := range all {
			if strings.EqualFold(s, "environment/"+env.Value) {
				return []string{s}, true
			}
		}
	}
	// What Dependabot keeps is read by the runs that it starts.
	for _, scope := range []string{"repository", "organization", "dependabot", "dependabot-organization"} {
		if slices.Contains(all, scope) {
			return append(found, scope), true
		}
	}
	if len(found) > 0 {
		return found, true
	}
	return []string{b.declaredScope(name, env)}, true
}

// declaredScope is what the configuration says, where that can be so in this job.
func (b *builder) declaredScope(name string, env *workflow.Text) string {
	for _, c := range b.find.credentials[strings.ToUpper(name)] {
		if c.Scope == "" {
			continue
		}
		if wanted, ok := strings.CutPrefix(c.Scope, "environment/"); ok && (env == nil || (wanted != env.Value && !strings.Contains(env.Value, "${{"))) {
			continue
		}
		return c.Scope
	}
	return unknown
}

// declaration finds what the configuration says of a secret in a scope: an entry
// for exactly this scope before one that names none.
func (b *builder) declaration(name, scope string) *config.Credential {
	var general *config.Credential
	for _, c := range b.find.credentials[strings.ToUpper(name)] {
		if c.Scope == scope {
			return c
		}
		if general == nil && (c.Scope == "" || scope == unknown) {
			general = c
		}
	}
	return general
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

func inOrganization(scope string) bool { return strings.HasSuffix(scope, "organization") }

// credentialID is stable for a secret in a scope. An organization's secret is one
// credential for all its repositories.
func credentialID(repository, scope, name string) string {
	where := repository
	if where == "" {
		where = "."
	}
	if owner, _, ok := strings.Cut(repository, "/"); ok && inOrganization(scope) {
		where = owner
	}
	return where + ":" + scope + ":" + strings.ToUpper(name)
}
