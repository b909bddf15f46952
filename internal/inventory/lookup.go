package inventory

import (
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// lookup finds by name what the configuration says, without walking through it for
// every reference. Names are upper case: GitHub compares them without case.
type lookup struct {
	credentials map[string][]*config.Credential
	identities  map[string]string // the name as written, by upper case
	refs        map[string][]string
}

func newLookup(cfg *config.Config) lookup {
	l := lookup{map[string][]*config.Credential{}, map[string]string{}, map[string][]string{}}
	for i := range cfg.Credentials {
		for _, name := range cfg.Credentials[i].Secret {
			name = strings.ToUpper(name)
			l.credentials[name] = append(l.credentials[name], &cfg.Credentials[i])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Identities)) {
		d := cfg.Identities[name]
		if _, twice := l.identities[strings.ToUpper(name)]; !twice {
			l.identities[strings.ToUpper(name)] = name
		}
		l.refs[d.Kind+" "+d.Ref] = append(l.refs[d.Kind+" "+d.Ref], name)
	}
	return l
}

// listing is what the survey listed of a repository's secrets, by name.
type listing struct {
	scopes map[string][]string // in the order of the survey
}

// listing of a repository; nil where its secrets were not listed.
func (b *builder) listing(repository string) *listing {
	r := b.repos[repository]
	if r == nil || r.Secrets == nil {
		return nil
	}
	if l := b.listings[repository]; l != nil {
		return l
	}
	l := &listing{map[string][]string{}}
	for i := range r.Secrets {
		if s := &r.Secrets[i]; given(r, s) {
			name := strings.ToUpper(s.Name)
			l.scopes[name] = append(l.scopes[name], s.Scope)
		}
	}
	b.listings[repository] = l
	return l
}

// given says whether an organization's secret is given to this repository.
// Source: GitHub REST reference, "Create or update an organization secret", visibility:
// "private" are private and internal repositories, "selected" those of a list.
func given(r *snapshot.Repository, s *snapshot.Secret) bool {
	if !inOrganization(s.Scope) {
		return true
	}
	switch s.Visibility {
	case "private":
		return r.Private
	case "selected":
		return len(s.Selected) == 0 || r.ID == 0 || slices.Contains(s.Selected, r.ID)
	}
	return true
}
