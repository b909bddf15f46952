package rehearse

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/aws"
	"github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/npm"
	"github.com/firebreak/firebreak/internal/world/postgres"
	"github.com/firebreak/firebreak/internal/world/vault"
)

// providers are the simulated systems of one rehearsal.
type providers struct {
	github *github.Server
	aws    *aws.Server
	vault  *vault.Server
	npm    *npm.Registry
	db     *postgres.Server  // nil where there is none
	keys   map[string]string // private halves of GitHub's deploy keys, people's tokens, and secret-ids of Vault's AppRoles, by credential
}

// all are the providers of the world.
func (p providers) all() []world.Provider {
	out := []world.Provider{p.github, p.aws, p.vault, p.npm}
	if p.db != nil {
		out = append(out, p.db)
	}
	return out
}

// seed makes the providers as the scenario says. Issuers come before the stores
// that hold copies of what they issued.
func (l *Loaded) seed(c world.Core) (p providers, err error) {
	p.npm = npm.New(c, l.npmSeed(c))
	if p.aws, err = aws.New(c, l.World.AWS); err != nil {
		return p, err
	}
	p.register(c)
	if len(l.World.Postgres.Roles) > 0 {
		if p.db, err = postgres.New(c, l.World.Postgres); err != nil {
			return p, err
		}
	}
	if p.keys, err = l.ofGitHub(c); err != nil {
		return p, err
	}
	l.secretIDs(c, p.keys)
	if p.vault, err = l.vaultServer(c, p); err != nil {
		return p, err
	}
	g, err := l.githubSeed(c, p)
	if err != nil {
		return p, err
	}
	if p.github, err = github.New(c, g); err != nil {
		return p, err
	}
	p.github.Works = c.Alive
	return p, nil
}

// register gives ids of key pairs the name of their pair, so that a store holding
// the id alone is understood too.
func (p providers) register(c world.Core) {
	st, ok := p.aws.State().(*aws.State)
	if !ok {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(st.Keys)) {
		if c.Name(id) == "" {
			c.Born(st.Keys[id].Credential, id)
		}
	}
}

// value gives what a credential of the scenario is; of a key pair the secret, or
// the id.
func (p providers) value(credential, part string) (string, bool) {
	if st, ok := p.npm.State().(*npm.State); ok {
		for _, t := range st.Tokens {
			if t.Name == credential {
				return t.Value, true
			}
		}
	}
	if k, ok := p.aws.Key(credential); ok {
		if part == "id" {
			return k.ID, true
		}
		return k.Secret, true
	}
	if v := p.keys[credential]; v != "" {
		return v, true
	}
	if p.db != nil && p.db.Values[credential] != "" {
		return p.db.Values[credential], true
	}
	if p.vault == nil {
		return "", false
	}
	if st, ok := p.vault.State().(*vault.State); ok {
		for _, t := range st.Tokens {
			if t.Name == credential {
				return t.Value, true
			}
		}
	}
	return "", false
}

func (p providers) stored(s Stored) (string, error) {
	if s.Credential == "" {
		return s.Value, nil
	}
	v, ok := p.value(s.Credential, s.Part)
	if !ok {
		return "", fmt.Errorf("the scenario stores %s, which has no value: stores can hold tokens and key pairs, not roles", s.Credential)
	}
	return v, nil
}

func (l *Loaded) npmSeed(c world.Core) npm.Seed {
	n := l.World.NPM
	s := npm.Seed{Users: n.Users, Operator: n.Operator}
	for _, t := range n.Tokens {
		if t.Value == "" {
			t.Value = "npm_" + c.Text(36)
		}
		s.Tokens = append(s.Tokens, t)
	}
	for _, p := range n.Packages {
		x := npm.Package{Name: p.Name, Maintainers: p.Maintainers, Tags: map[string]string{}}
		for _, v := range p.Versions {
			x.Versions = append(x.Versions, npm.Version{Version: v, Tarball: []byte(p.Name + "@" + v + "\n"), Time: c.Now().Add(-30 * 24 * time.Hour)})
			x.Tags["latest"] = v
		}
		s.Packages = append(s.Packages, x)
	}
	return s
}

const (
	vaultResponder = "vault-responder"
	everything     = "responder"
)

func (l *Loaded) vaultServer(c world.Core, p providers) (*vault.Server, error) {
	v := l.World.Vault
	all := []string{"create", "read", "update", "list", "sudo"}
	s := vault.Seed{
		Roles: v.JWTRoles, Operator: vaultResponder,
		Policies: map[string][]vault.Rule{everything: {{Path: "*", Capabilities: all}}},
		Tokens:   []vault.Token{{Name: vaultResponder, Value: "hvs." + c.Text(90), Policies: []string{everything}}},
	}
	for name, rules := range v.Policies {
		s.Policies[name] = rules
	}
	for _, t := range v.Tokens {
		i := slices.IndexFunc(v.JWTRoles, func(r vault.Role) bool { return r.Name == t.Role })
		if i < 0 {
			return nil, fmt.Errorf("vault token %s in the scenario is of role %q, which is not there", t.Name, t.Role)
		}
		r := v.JWTRoles[i]
		s.Tokens = append(s.Tokens, vault.Token{
			Name: t.Name, Value: "hvs." + c.Text(90), Path: "auth/" + cmp.Or(r.Mount, "jwt") + "/login", Policies: append([]string{"default"}, r.Policies...),
			Meta: map[string]string{"role": r.Name}, Created: c.Now().Add(-l.Incident.Since), TTL: time.Duration(r.TTL) * time.Second,
		})
	}
	for _, r := range v.AppRoles {
		x := vault.AppRole{Name: r.Name, Policies: r.Policies, TTL: r.TTL}
		for _, name := range r.SecretIDs {
			x.SecretIDs = append(x.SecretIDs, vault.SecretID{Name: name, Value: p.keys[name]})
		}
		s.AppRoles = append(s.AppRoles, x)
	}
	for _, path := range slices.Sorted(maps.Keys(v.KV)) {
		mount, rest, _ := strings.Cut(path, "/")
		data := map[string]any{}
		for k, x := range v.KV[path] {
			value, err := p.stored(x)
			if err != nil {
				return nil, err
			}
			data[k] = value
		}
		s.KV = append(s.KV, vault.Secret{Mount: mount, Path: rest, Data: data})
	}
	return vault.New(c, s), nil
}

// secretIDs makes the values of AppRoles' secret-ids.
func (l *Loaded) secretIDs(c world.Core, keys map[string]string) {
	for _, r := range l.World.Vault.AppRoles {
		for _, name := range r.SecretIDs {
			keys[name] = c.Text(36)
		}
	}
}

// ofGitHub makes the private halves of the deploy keys that are credentials, and the
// values of people's tokens.
func (l *Loaded) ofGitHub(c world.Core) (map[string]string, error) {
	keys := map[string]string{}
	for _, k := range l.World.GitHub.Keys {
		if k.Credential == "" {
			continue
		}
		private, err := github.PrivateKey(c.Text(40))
		if err != nil {
			return nil, err
		}
		keys[k.Credential] = private
	}
	for _, a := range l.World.GitHub.Apps {
		for _, name := range a.Keys {
			keys[name] = github.AppPrivateKey(c.Text(40))
		}
	}
	for _, h := range l.World.GitHub.Hooks {
		if h.Credential != "" {
			keys[h.Credential] = c.Text(40)
		}
	}
	for _, t := range l.World.GitHub.Tokens {
		keys[t.Name] = "ghp_" + c.Text(36)
	}
	return keys, nil
}

func (l *Loaded) githubSeed(c world.Core, p providers) (github.Seed, error) {
	g := l.World.GitHub
	s := github.Seed{
		Repository: g.Repository, ID: c.ID(), DefaultBranch: g.DefaultBranch, Private: g.Private, Runs: g.Runs, Caches: g.Caches, Runners: g.Runners, Keys: slices.Clone(g.Keys), Hooks: slices.Clone(g.Hooks),
		Further: g.Further, Actions: g.Actions,
		Tokens: []github.Token{{Name: "github-responder", Value: "ghp_" + c.Text(36), Login: cmp.Or(g.Responder, "responder")}},
	}
	for _, a := range g.Apps {
		x := github.RegisteredApp{ID: a.ID, Slug: a.Slug}
		for _, name := range a.Keys {
			x.Keys = append(x.Keys, github.AppKey{Name: name, Private: p.keys[name]})
		}
		s.Apps = append(s.Apps, x)
	}
	for _, t := range g.Tokens {
		s.Tokens = append(s.Tokens, github.Token{Name: t.Name, Value: p.keys[t.Name], Login: t.Login})
	}
	for i := range s.Keys {
		s.Keys[i].Private = p.keys[s.Keys[i].Credential]
	}
	for i := range s.Hooks {
		s.Hooks[i].Secret = p.keys[s.Hooks[i].Credential]
	}
	for _, b := range slices.Sorted(maps.Keys(l.Repo)) {
		s.Branches = append(s.Branches, github.Branch{Name: b, Protected: slices.Contains(g.Protected, b), Files: l.Repo[b]})
	}
	var err error
	secrets := func(scope string, m map[string]Stored) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			v, e := p.stored(m[name])
			if e != nil {
				err = e
			}
			x := github.Secret{Name: name, Scope: scope, Value: v, Credential: m[name].Credential}
			if others := m[name].Selected; len(others) > 0 {
				x.Visibility, x.Selected = "selected", append([]int64{s.ID}, others...)
			}
			s.Secrets = append(s.Secrets, x)
		}
	}
	variables := func(scope string, m map[string]string) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			s.Variables = append(s.Variables, github.Variable{Name: name, Scope: scope, Value: m[name]})
		}
	}
	secrets("repository", g.Secrets)
	secrets("organization", g.Organization)
	secrets("dependabot", g.Dependabot)
	secrets("codespaces", g.Codespaces)
	variables("repository", g.Variables)
	for _, name := range slices.Sorted(maps.Keys(g.Environments)) {
		e := g.Environments[name]
		s.Environments = append(s.Environments, github.Environment{Name: name, Reviewers: e.Reviewers, Branches: e.Branches, Protected: e.Protected, CanBypass: e.CanBypass})
		secrets("environment/"+name, e.Secrets)
		variables("environment/"+name, e.Variables)
	}
	return s, err
}
