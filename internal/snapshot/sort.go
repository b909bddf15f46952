package snapshot

import (
	"cmp"
	"slices"
)

// Sort puts every list into its order, in place, so that equal listings give
// equal bytes.
func Sort(s *Snapshot) {
	by(s.Repositories, func(r Repository) string { return r.FullName })
	for i := range s.Repositories {
		sortRepository(&s.Repositories[i])
	}
	by(s.Organizations, func(o Organization) string { return o.Login })
	for i := range s.Organizations {
		sortHooks(s.Organizations[i].Hooks)
		sortRunners(s.Organizations[i].Runners)
		byID(s.Organizations[i].Apps, func(x App) int64 { return x.ID })
	}
	by(s.AWS, func(a Account) string { return a.ID + " " + a.Name })
	for i := range s.AWS {
		a := &s.AWS[i]
		by(a.Roles, func(r Role) string { return r.ARN })
		by(a.Users, func(u User) string { return u.ARN })
		by(a.Secrets, func(x AWSSecret) string { return x.ID })
		sortChaining(a.Chaining)
		by(a.Providers, func(x OIDCProvider) string { return x.ARN })
		by(a.Parameters, func(x AWSParameter) string { return x.Name })
		for j := range a.Roles {
			slices.Sort(a.Roles[j].Attached)
			slices.Sort(a.Roles[j].May)
		}
		for j := range a.Users {
			by(a.Users[j].Keys, func(k AccessKey) string { return k.ID })
		}
		for j := range a.Secrets {
			for _, stages := range a.Secrets[j].Versions {
				slices.Sort(stages)
			}
		}
	}
	by(s.Vault, func(v Vault) string { return v.Address })
	for i := range s.Vault {
		v := &s.Vault[i]
		by(v.Roles, func(r VaultRole) string { return r.Mount + " " + r.Name })
		by(v.AppRoles, func(r VaultAppRole) string { return r.Mount + " " + r.Name })
		for j := range v.AppRoles {
			by(v.AppRoles[j].SecretIDs, func(x VaultSecretID) string { return x.Accessor })
		}
		by(v.Tokens, func(t VaultToken) string { return t.Accessor })
		by(v.KV, func(k VaultKV) string { return k.Mount + " " + k.Path })
		for j := range v.Tokens {
			slices.Sort(v.Tokens[j].Policies)
		}
		for j := range v.KV {
			slices.Sort(v.KV[j].Destroyed)
		}
	}
	by(s.NPM, func(r Registry) string { return r.Address + " " + r.User })
	for i := range s.NPM {
		by(s.NPM[i].Tokens, func(t NPMToken) string { return t.Key })
	}
	sortServices(s.Services)
	sortDatabases(s.Databases)
	by(s.Actions, ActionRef.Key)
	by(s.Permissions, permission)
	by(s.Gaps, func(g Gap) string { return g.Provider + "\x00" + g.What + "\x00" + g.Why })
	s.Gaps = slices.Compact(s.Gaps)
}

func sortRepository(r *Repository) {
	by(r.Branches, func(b Branch) string { return b.Name })
	slices.SortStableFunc(r.Workflows, func(a, b Workflow) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	for i := range r.Files {
		slices.Sort(r.Files[i].Branches)
	}
	by(r.Files, func(f File) string { return f.Path + "\x00" + f.SHA + "\x00" + f.Content })
	by(r.Secrets, func(x Secret) string { return x.Scope + "\x00" + x.Name })
	for i := range r.Secrets {
		slices.Sort(r.Secrets[i].Selected)
	}
	by(r.Variables, func(v Variable) string { return v.Scope + "\x00" + v.Name })
	by(r.Environments, func(e Environment) string { return e.Name })
	for i := range r.Environments {
		slices.Sort(r.Environments[i].Reviewers)
		slices.Sort(r.Environments[i].Branches)
		by(r.Environments[i].Patterns, func(p Pattern) string { return p.Type + "\x00" + p.Name })
	}
	byID(r.Rulesets, func(x Ruleset) int64 { return x.ID })
	sortRunners(r.Runners)
	slices.Sort(r.Left)
	byID(r.Keys, func(x DeployKey) int64 { return x.ID })
	sortHooks(r.Hooks)
	byID(r.Runs, func(x Run) int64 { return x.ID })
	byID(r.Caches, func(x Cache) int64 { return x.ID })
	byID(r.Artifacts, func(x Artifact) int64 { return x.ID })
}

func sortRunners(runners []Runner) {
	byID(runners, func(x Runner) int64 { return x.ID })
	for i := range runners {
		slices.Sort(runners[i].Labels)
	}
}

func sortHooks(hooks []Hook) {
	byID(hooks, func(x Hook) int64 { return x.ID })
	for i := range hooks {
		slices.Sort(hooks[i].Events)
	}
}

func by[T any](list []T, key func(T) string) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

func byID[T any](list []T, id func(T) int64) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
}
