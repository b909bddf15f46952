package rehearse

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/world"
)

// consumer is something that uses a copy of a credential's value from a store.
type consumer struct {
	label      string
	credential string
	values     func() []string // what it would find now; called under the world's lock
}

const (
	consumerBroke = "consumer broken"
	consumerWorks = "consumer works"
)

func (r *Rehearsal) listConsumers() []consumer {
	var all []consumer
	g := r.Scenario.World.GitHub
	secrets := func(scope string, m map[string]Stored) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if c := m[name].Credential; c != "" {
				all = append(all, consumer{"github " + scope + "/" + name, c, func() []string { return []string{r.p.github.SecretValue(scope, name)} }})
			}
		}
	}
	secrets("repository", g.Secrets)
	secrets("organization", g.Organization)
	secrets("dependabot", g.Dependabot)
	secrets("codespaces", g.Codespaces)
	for _, e := range slices.Sorted(maps.Keys(g.Environments)) {
		secrets("environment/"+e, g.Environments[e].Secrets)
	}
	for _, s := range r.Scenario.World.AWS.Secrets {
		if s.Pair == nil {
			continue
		}
		for _, u := range r.Scenario.World.AWS.Users {
			if u.Name == s.Pair.User && len(u.Keys) > 0 {
				all = append(all, consumer{"secretsmanager " + s.Name, u.Keys[0].Credential, func() []string { return members(r.p.aws.Secret(s.Name)) }})
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.Scenario.World.Vault.KV)) {
		mount, rest, _ := strings.Cut(path, "/")
		for _, key := range slices.Sorted(maps.Keys(r.Scenario.World.Vault.KV[path])) {
			if c := r.Scenario.World.Vault.KV[path][key].Credential; c != "" {
				all = append(all, consumer{"vault " + path + "#" + key, c, func() []string { return []string{fmt.Sprint(r.p.vault.Read(mount, rest)[key])} }})
			}
		}
	}
	return all
}

// members are the values of a JSON object of strings.
func members(doc string) []string {
	var m map[string]string
	if json.Unmarshal([]byte(doc), &m) != nil {
		return []string{doc}
	}
	return slices.Collect(maps.Values(m))
}

// works: everything it finds is a credential that is alive.
func (c consumer) works(core world.Core) bool {
	return !slices.ContainsFunc(c.values(), func(v string) bool { return !core.Alive(core.Name(v)) })
}

// watchConsumers logs when a consumer stops working and when it works again.
func (r *Rehearsal) watchConsumers(core world.Core) {
	for _, c := range r.consumers {
		mark, works := "consumer "+c.label, c.works(core)
		switch was := core.Alive(mark); {
		case works && !was:
			core.Log(world.Entry{Kind: "born", Call: consumerWorks, Object: c.label, Credential: mark, Detail: c.credential})
		case !works && was:
			core.Log(world.Entry{Kind: "dies", Call: consumerBroke, Object: c.label, Credential: mark, Detail: c.credential, At: core.Now()})
		}
	}
}
