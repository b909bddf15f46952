package inventory

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// The stores beside those of Actions: Dependabot's is what the runs it starts read
// instead, Codespaces' is read on development machines. A secret of the same name
// there may be a copy, or something else on purpose (Dependabot is often given a token
// that may only read), so that a new value is put there only when the configuration
// says that it is one: as a store of the credential, or as a credential of that scope.

func beside(scope string) bool { return ofDependabot(scope) || ofCodespaces(scope) }

func ofDependabot(scope string) bool { return strings.HasPrefix(scope, "dependabot") }

func ofCodespaces(scope string) bool { return strings.HasPrefix(scope, "codespaces") }

// twin says whether a secret beside Actions' own is only a possible copy of one of
// the same name there, and no credential by itself.
func (b *builder) twin(r *snapshot.Repository, s snapshot.Secret) bool {
	if !beside(s.Scope) || b.own(s) {
		return false
	}
	return slices.ContainsFunc(b.listing(r.FullName).scopes[strings.ToUpper(s.Name)], func(scope string) bool { return !beside(scope) })
}

// own says whether the configuration has a credential of exactly this name and scope.
func (b *builder) own(s snapshot.Secret) bool {
	return slices.ContainsFunc(b.find.credentials[strings.ToUpper(s.Name)], func(c *config.Credential) bool { return c.Scope == s.Scope })
}

// copies notes at every credential the secrets of its name beside Actions' own of
// which nobody said whether they are copies.
func (b *builder) copies(models []Model) {
	// An organization's secret is one credential for all its repositories.
	here := map[string][]*Credential{}
	for _, c := range b.creds {
		if beside(c.Scope) {
			continue
		}
		where := c.Repository
		if inOrganization(c.Scope) {
			where = owner(c.Repository)
		}
		for _, name := range c.Names {
			here[where+" "+name] = append(here[where+" "+name], c)
		}
	}
	for i := range models {
		r := b.repos[models[i].Repository]
		if r == nil {
			continue
		}
		for _, s := range r.Secrets {
			if !beside(s.Scope) || !b.twin(r, s) {
				continue
			}
			name := strings.ToUpper(s.Name)
			at := System{Name: "github.secret", With: map[string]string{"repository": r.FullName, "scope": s.Scope, "name": name}}
			for _, c := range slices.Concat(here[r.FullName+" "+name], here[owner(r.FullName)+" "+name]) {
				if !stored(c, at) {
					c.Possible = append(c.Possible, at)
				}
			}
		}
	}
}

func owner(repository string) string {
	name, _, _ := strings.Cut(repository, "/")
	return name
}

// stored says whether a credential has this store already. What a store of the
// configuration does not name is the credential's own.
func stored(c *Credential, at System) bool {
	return slices.ContainsFunc(c.Stores, func(s System) bool {
		if s.Name != at.Name || s.With["scope"] != at.With["scope"] {
			return false
		}
		for _, k := range []string{"repository", "name"} {
			if v := s.With[k]; v != "" && !strings.EqualFold(v, at.With[k]) {
				return false
			}
		}
		return true
	})
}

// byDependabot gives the credentials that a job reads under a name when Dependabot
// started its run: the stored secrets of Dependabot take the place of Actions' own.
// Source: GitHub Docs, "Troubleshooting Dependabot on GitHub Actions", "Accessing secrets".
func (b *builder) byDependabot(in *Instance, repository, name string) []string {
	r := b.repos[repository]
	if r == nil || !startedByDependabot(in) {
		return nil
	}
	var ids []string
	for _, s := range r.Secrets {
		if ofDependabot(s.Scope) && strings.EqualFold(s.Name, name) && !b.twin(r, s) {
			ids = append(ids, b.credential(repository, s.Scope, s.Name, nil))
		}
	}
	return ids
}

// startedByDependabot reports whether one of the events that come with secrets starts
// the workflow.
func startedByDependabot(in *Instance) bool {
	for _, t := range in.Start.Triggers {
		switch t.Name {
		case "pull_request", "pull_request_review", "pull_request_review_comment", "push", "create", "deployment", "deployment_status":
			return true
		}
	}
	return false
}

// possible tells of a possible copy: whoever rotates must know of it.
func (b *builder) possible(c *Credential) {
	for _, s := range c.Possible {
		f := b.firstUse(c.ID)
		f.Rule, f.Severity = RuleCopy, "medium"
		f.Message = "secret " + s.With["name"] + " (" + c.Scope + ") is reached here; the " + s.With["scope"] + " store of " + s.With["repository"] +
			" has a secret of the same name, and nobody said whether it is a copy: it would keep the old value"
		f.Fix = "in firebreak.yaml, add github.secret: { scope: " + s.With["scope"] + " } to the credential's stores, or declare what is there as a credential with scope: " + s.With["scope"]
		b.findings = append(b.findings, f)
	}
}
