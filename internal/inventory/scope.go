package inventory

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

const unknown = "unknown"

// scopes gives every scope that a secret's name can come from in a job: the job's
// environment hides the repository, which hides the organization.
// Source: GitHub Docs, "Secrets", precedence of the same name.
// Several scopes come out where the environment is only known at run time. listed
// says whether the survey listed the repository's secrets at all.
func scopes(r *snapshot.Repository, cfg *config.Config, name string, env *workflow.Text) (found []string, listed bool) {
	if r == nil || r.Secrets == nil {
		return []string{declaredScope(cfg, name, env)}, false
	}
	has := func(scope string) bool {
		return slices.ContainsFunc(r.Secrets, func(s snapshot.Secret) bool { return strings.EqualFold(s.Name, name) && s.Scope == scope })
	}
	switch {
	case env == nil:
	case strings.Contains(env.Value, "${{"):
		for _, s := range r.Secrets {
			if strings.EqualFold(s.Name, name) && strings.HasPrefix(s.Scope, "environment/") {
				found = append(found, s.Scope)
			}
		}
	default:
		// Environment names are compared without case.
		for _, s := range r.Secrets {
			if strings.EqualFold(s.Name, name) && strings.EqualFold(s.Scope, "environment/"+env.Value) {
				return []string{s.Scope}, true
			}
		}
	}
	for _, scope := range []string{"repository", "organization"} {
		if has(scope) {
			return append(found, scope), true
		}
	}
	for _, scope := range []string{"dependabot", "dependabot-organization"} { // read by the runs that Dependabot starts
		if has(scope) {
			return append(found, scope), true
		}
	}
	if len(found) > 0 {
		return found, true
	}
	return []string{declaredScope(cfg, name, env)}, true
}

// declaredScope is what the configuration says, where that can be so in this job.
func declaredScope(cfg *config.Config, name string, env *workflow.Text) string {
	for _, c := range cfg.Credentials {
		if c.Scope == "" || !contains(c.Secret, name) {
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
func declaration(cfg *config.Config, name, scope string) *config.Credential {
	var general *config.Credential
	for i := range cfg.Credentials {
		c := &cfg.Credentials[i]
		if !contains(c.Secret, name) {
			continue
		}
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
