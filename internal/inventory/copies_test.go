package inventory

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const usesToken = "on: EVENT\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm publish\n        env: { NODE_AUTH_TOKEN: '${{ secrets.NPM_TOKEN }}' }\n"

// copied builds the inventory of a workflow that uses NPM_TOKEN, with secrets of that
// name beside Actions' own and a changed configuration.
func copied(t *testing.T, event string, change func(*config.Config), beside ...string) Inventory {
	t.Helper()
	s := listed()
	for _, scope := range beside {
		s.Repositories[0].Secrets = append(s.Repositories[0].Secrets, snapshot.Secret{Name: "NPM_TOKEN", Scope: scope})
	}
	cfg := configured()
	if change != nil {
		change(cfg)
	}
	src := Source{Repository: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read", Files: []SourceFile{
		{Path: ".github/workflows/ci.yml", Content: []byte(strings.Replace(usesToken, "EVENT", event, 1))},
	}}
	return Build(Parse([]Source{src}), s, cfg)
}

func find(inv Inventory, id string) *Credential {
	i := slices.IndexFunc(inv.Credentials, func(c Credential) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &inv.Credentials[i]
}

func scopesOf(systems []System) string {
	var out []string
	for _, s := range systems {
		if s.Name == "github.secret" {
			out = append(out, s.With["scope"])
		}
	}
	return strings.Join(out, " ")
}

const tokenID = "acme/shop:repository:NPM_TOKEN"

// A secret of the same name in Dependabot's or Codespaces' store is a possible copy, told
// as a finding, and no credential to be rotated twice.
func TestASecretOfTheSameNameBesideIsAPossibleCopy(t *testing.T) {
	inv := copied(t, "push", nil, "dependabot", "codespaces-organization")
	c := find(inv, tokenID)
	if c == nil || scopesOf(c.Possible) != "dependabot codespaces-organization" || scopesOf(c.Stores) != "repository" {
		t.Fatalf("%+v", c)
	}
	for _, x := range inv.Credentials {
		if beside(x.Scope) {
			t.Errorf("a credential of its own: %+v", x)
		}
	}
	n := 0
	for _, f := range inv.Findings {
		if f.Rule == RuleCopy {
			n++
			if f.Path != ".github/workflows/ci.yml" || f.Line != 7 || !strings.Contains(f.Fix, "github.secret: { scope: ") {
				t.Errorf("%+v", f)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d findings of two", n)
	}
}

// The configuration says that it is a copy: it is a store like the others.
func TestADeclaredCopyIsAStore(t *testing.T) {
	inv := copied(t, "push", func(c *config.Config) {
		c.Credentials[0].Stores = append(c.Credentials[0].Stores, config.Named{Name: "github.secret", With: map[string]string{"scope": "dependabot"}})
	}, "dependabot", "codespaces")
	if c := find(inv, tokenID); c == nil || scopesOf(c.Possible) != "codespaces" || scopesOf(c.Stores) != "repository dependabot" {
		t.Errorf("%+v", c)
	}
}

// The configuration says that it is something else: it is a credential, and what
// Dependabot starts reaches it, where an event that comes with secrets starts it.
func TestADeclaredSecretBesideIsACredential(t *testing.T) {
	own := func(c *config.Config) {
		c.Credentials = append(c.Credentials, config.Credential{Secret: []string{"NPM_TOKEN"}, Scope: "dependabot", Owner: team})
	}
	const id = "acme/shop:dependabot:NPM_TOKEN"
	inv := copied(t, "pull_request", own, "dependabot")
	if c := find(inv, id); c == nil || len(c.ReachedBy) != 1 || !c.Declared || scopesOf(c.Stores) != "dependabot" {
		t.Errorf("%+v", c)
	}
	if c := find(inv, tokenID); c == nil || len(c.Possible) > 0 || len(c.ReachedBy) != 1 {
		t.Errorf("%+v", c)
	}
	inv = copied(t, "workflow_dispatch", own, "dependabot")
	if c := find(inv, id); c == nil || len(c.ReachedBy) > 0 {
		t.Errorf("Dependabot does not dispatch: %+v", c)
	}
}

// What only Dependabot has is read by the runs it starts; what only Codespaces has, by no run.
func TestASecretOnlyBeside(t *testing.T) {
	for scope, found := range map[string]bool{"dependabot": true, "dependabot-organization": true, "codespaces": false, "codespaces-organization": false} {
		s := listed()
		s.Repositories[0].Secrets = slices.DeleteFunc(s.Repositories[0].Secrets, func(x snapshot.Secret) bool { return x.Name == "NPM_TOKEN" })
		s.Repositories[0].Secrets = append(s.Repositories[0].Secrets, snapshot.Secret{Name: "NPM_TOKEN", Scope: scope})
		inv := built(t, s, map[string]string{"workflows/ci.yml": strings.Replace(usesToken, "EVENT", "pull_request", 1), "workflows/all.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: x, env: { A: '${{ toJSON(secrets) }}' } }]\n"})
		where := "acme/shop"
		if strings.HasSuffix(scope, "organization") {
			where = "acme" // one for all repositories
		}
		c := find(inv, where+":"+scope+":NPM_TOKEN")
		if c == nil || (len(c.ReachedBy) == 2) != found {
			t.Errorf("%s: %+v", scope, c)
		}
		if all := ways(job(t, inv, "all.yml", "a")); strings.Contains(all, "NPM_TOKEN") != found {
			t.Errorf("%s: all secrets of a job are %s", scope, all)
		}
		missing := slices.ContainsFunc(inv.Findings, func(f Finding) bool { return f.Rule == RuleMissing })
		if missing == found {
			t.Errorf("%s: said to be missing: %t", scope, missing)
		}
	}
}

// An organization's secret is one credential for all its repositories; so a copy beside
// any of them counts.
func TestAPossibleCopyInAnotherRepository(t *testing.T) {
	s := &snapshot.Snapshot{Repositories: []snapshot.Repository{
		{FullName: "acme/shop", Secrets: []snapshot.Secret{{Name: "SHARED", Scope: "organization"}}},
		{FullName: "acme/web", Secrets: []snapshot.Secret{{Name: "SHARED", Scope: "organization"}, {Name: "SHARED", Scope: "dependabot"}}},
	}}
	text := []byte(strings.ReplaceAll(strings.Replace(usesToken, "EVENT", "push", 1), "NPM_TOKEN", "SHARED"))
	inv := Build(Parse([]Source{
		{Repository: "acme/shop", Files: []SourceFile{{Path: ".github/workflows/ci.yml", Content: text}}},
		{Repository: "acme/web", Files: []SourceFile{{Path: ".github/workflows/ci.yml", Content: text}}},
	}), s, configured())
	if c := find(inv, "acme:organization:SHARED"); c == nil || len(c.Possible) != 1 || c.Possible[0].With["repository"] != "acme/web" {
		t.Errorf("%+v", c)
	}
}
