package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/trust"
	"github.com/firebreak/firebreak/internal/workflow"
)

// builder collects the graph.
type builder struct {
	cfg        *config.Config
	repos      map[string]*snapshot.Repository
	creds      map[string]*Credential
	identities map[string]*Identity
	findings   []Finding
	// names are secrets ("repository:NAME") which only hold the name of an identity.
	names map[string]bool
	// said is what the configuration states of a credential or identity, by id; mints is
	// what a credential was seen to mint.
	said  map[string]said
	mints map[string][]string
	// uses are the jobs that get at a credential or identity, by id.
	uses     map[string]*use
	find     lookup
	listings map[string]*listing
	// folders are plain folders that have to be told apart, see where; places is where
	// each credential is.
	folders map[string]bool
	places  map[string]string
	flows   flows // of the repository that is being built
	// calling is the repository that calls are of, see callersOf.
	calling *Model
	calls   map[string][]int
	// ids are the credentials by repository, scope and name of each of their secrets;
	// offered are those that are only inherited; declared the configuration's entries in use.
	ids      map[string]string
	offered  map[string]bool
	declared map[*config.Credential]bool
	entries  map[string]*config.Credential
	// doors are the trust documents by what an identity is known by, github the roles
	// among them that take GitHub's tokens.
	doors    map[string]*door
	github   []*door
	subjects map[string]trust.Subject
	// templates are the organizations' OIDC subject templates, by login in lower case.
	templates map[string][]byte
	arns      map[string]string // ids of identities
	beyond    map[string]bool   // ARNs of roles that are not read, true where the account is not known
	machines  map[string]*Host  // hosts by id
	// shared are the organizations' self-hosted runners, by login in lower case.
	shared map[string][]snapshot.Runner
}

// ownerOf is who answers for a workflow file by the configuration: the longest name
// that fits counts.
func (b *builder) ownerOf(repository, path string) string {
	for _, name := range []string{repository + "/" + path, path, repository + "/" + path[strings.LastIndexByte(path, '/')+1:], path[strings.LastIndexByte(path, '/')+1:]} {
		if w, ok := b.cfg.Workflows[name]; ok {
			return w.Owner
		}
	}
	return ""
}

// apart notes the plain folders when there are several: the same name in two of them is
// not the same secret.
func (b *builder) apart(models []Model) {
	n := 0
	for i := range models {
		if models[i].Repository == "" {
			n++
		}
	}
	for i := range models {
		if m := &models[i]; n > 1 && m.Repository == "" {
			b.folders[m.Folder] = true
		}
	}
}

// where names the place whose secrets a repository's workflows read: the repository, or
// its folder where several folders without a name were read.
func (b *builder) where(m *Model) string {
	if m.Repository == "" && b.folders[m.Folder] {
		return m.Folder
	}
	return m.Repository
}

// secret gives the ids of the credentials that a secret's name can be in a job,
// and makes those that are new.
func (b *builder) secret(repository, name string, env *workflow.Text) []string {
	found, _ := b.scopes(repository, name, env)
	var ids []string
	for _, scope := range found {
		ids = append(ids, b.credential(repository, scope, name, env))
	}
	return ids
}

// missing says whether the survey listed this repository's secrets and the name is not among them.
func (b *builder) missing(repository, name string) bool {
	l := b.listing(repository)
	return l != nil && !slices.ContainsFunc(l.scopes[strings.ToUpper(name)], func(scope string) bool { return !ofCodespaces(scope) })
}

func (b *builder) credential(repository, scope, name string, env *workflow.Text) string {
	d := b.declaration(name, scope)
	names := []string{strings.ToUpper(name)}
	if d != nil {
		names = nil
		for _, n := range d.Secret {
			names = append(names, strings.ToUpper(n))
		}
	}
	// Of a pair, each name may lie in a scope of its own; the first one names the credential.
	where := map[string]string{}
	for _, n := range names {
		where[n] = scope
		if !strings.EqualFold(n, name) {
			found, listed := b.scopes(repository, n, env)
			if listed && !slices.Contains(found, scope) {
				where[n] = found[0]
			}
		}
	}
	id := credentialID(repository, where[names[0]], names[0])
	b.ids[repository+" "+scope+" "+strings.ToUpper(name)] = id
	if _, ok := b.creds[id]; ok {
		return id
	}
	b.places[id] = repository
	if b.folders[repository] {
		repository = ""
	}
	c := &Credential{
		ID: id, Name: names[0], Names: names, Kind: "secret", Scope: where[names[0]], Repository: repository, Rotation: "emergency",
		Systems: []string{}, Authority: []string{}, Mints: []string{}, ReachedBy: []string{}, Stores: []System{},
	}
	for _, n := range names {
		c.Stores = append(c.Stores, System{Name: "github.secret", With: map[string]string{"repository": repository, "scope": where[n], "name": n}})
	}
	b.creds[id] = c
	if d != nil {
		b.entries[id] = d
		b.declare(c, d)
	}
	return id
}

func (b *builder) declare(c *Credential, d *config.Credential) {
	c.Declared = true
	c.Authority = sorted(d.Authority)
	c.Owner, c.Contact = d.Owner, b.cfg.Owners[d.Owner].Contact
	c.Rotation = cmp.Or(d.Rotation, "emergency")
	if d.Deadline > 0 {
		c.Deadline = d.Deadline.String()
	}
	if d.Issuer != nil {
		c.Issuer = &System{Name: d.Issuer.Name, With: maps.Clone(d.Issuer.With)}
		c.Systems = []string{b.system(d.Issuer.Name, d.Issuer.With)}
		switch d.Issuer.Name {
		case "aws.access_key":
			c.Kind = "access-key"
		case "npm.token", "vault.token", "http.key":
			c.Kind = "token"
		}
	}
	if len(d.Systems) > 0 {
		c.Systems = slices.Clone(d.Systems)
	}
	b.said[c.ID] = said{len(d.Authority) > 0, len(c.Systems) > 0}
	for _, s := range d.Stores {
		c.Stores = append(c.Stores, System{Name: s.Name, With: maps.Clone(s.With)})
	}
	c.Mints = append(c.Mints, d.Mints...) // names; link turns them into ids
}

// system is how people call the external system behind an issuer.
func (b *builder) system(issuer string, with map[string]string) string {
	provider, kind, _ := strings.Cut(issuer, ".")
	switch provider {
	case "aws":
		account := with["account"]
		if a, ok := b.cfg.AWS[account]; ok && a.ID != "" {
			account += " " + a.ID
		}
		return "AWS account " + cmp.Or(account, "(not declared)") + owned(with["user"])
	case "npm":
		return "the npm registry" + owned(with["user"])
	case "http":
		return "the service " + with["service"]
	case "vault":
		return strings.TrimSpace("Vault " + with["address"])
	}
	return provider + " " + kind
}

func owned(user string) string {
	if user == "" {
		return ""
	}
	return " (user " + user + ")"
}

// link turns what configuration calls by name in mints into ids, and adds
// credentials that exist or are declared but that no workflow here reaches.
func (b *builder) link(models []Model) {
	for _, m := range models {
		r := b.repos[m.Repository]
		if r == nil {
			continue
		}
		for _, s := range r.Secrets {
			if b.named(s.Name) || b.names[m.Repository+":"+strings.ToUpper(s.Name)] || b.twin(r, s) {
				continue
			}
			var env *workflow.Text
			if e, ok := strings.CutPrefix(s.Scope, "environment/"); ok {
				env = &workflow.Text{Value: e}
			}
			b.credential(m.Repository, s.Scope, s.Name, env)
		}
	}
	b.copies(models)
	index := b.byNames()
	for _, id := range slices.Sorted(maps.Keys(b.creds)) {
		c := b.creds[id]
		var ids []string
		for _, name := range c.Mints {
			ids = append(ids, b.byName(index, b.places[id], name)...)
		}
		c.Mints = sorted(append(ids, b.mints[id]...))
	}
}

// byName gives the ids of what a name in mints stands for.
func (b *builder) byName(index map[string][]string, repository, name string) []string {
	ids := slices.Concat(index[repository+" "+strings.ToUpper(name)], index["identity "+strings.ToUpper(name)])
	if len(ids) > 0 {
		return ids
	}
	if d := b.declaration(name, unknown); d != nil {
		return []string{b.credential(repository, unknown, name, nil)}
	}
	return []string{"undeclared:" + name}
}

// byNames lists ids by repository and name, and identities by "identity" and name.
func (b *builder) byNames() map[string][]string {
	out := map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(b.creds)) {
		c := b.creds[id]
		for _, name := range c.Names {
			out[b.places[id]+" "+name] = append(out[b.places[id]+" "+name], id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.identities)) {
		name := "identity " + strings.ToUpper(b.identities[id].Name)
		out[name] = append(out[name], id)
	}
	return out
}

// sorted is a sorted copy without repeats; never nil, so that JSON has a list.
func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	out = slices.Compact(out)
	if out == nil {
		out = []string{}
	}
	return out
}
