package snapshot

import "slices"

// Merge gives one snapshot of what a and b listed, a's objects replaced by b's
// where both listed the same repository, account, server or registry user: b is
// the later look, and where a survey lists only what it was asked for, what b does
// not speak of stays. Neither is changed, but the result shares their data. Gaps are
// kept from both. Taken is the earlier of the two times, because the whole is no
// younger than its oldest part.
func Merge(a, b *Snapshot) *Snapshot {
	out := &Snapshot{Schema: Schema, Taken: a.Taken}
	if a.Taken.IsZero() || (!b.Taken.IsZero() && b.Taken.Before(a.Taken)) {
		out.Taken = b.Taken
	}
	out.Repositories = join(a.Repositories, b.Repositories, func(r Repository) string { return r.FullName })
	out.Organizations = join(a.Organizations, b.Organizations, func(o Organization) string { return o.Login })
	out.Permissions = join(a.Permissions, b.Permissions, permission)
	out.AWS = accounts(a.AWS, b.AWS)
	out.Vault = vaults(a.Vault, b.Vault)
	out.NPM = join(a.NPM, b.NPM, func(r Registry) string { return r.Address + " " + r.User })
	out.Services = join(a.Services, b.Services, Service.Key)
	out.Databases = join(a.Databases, b.Databases, func(d Database) string { return d.Name })
	out.Actions = join(a.Actions, b.Actions, ActionRef.Key)
	out.Gaps = append(append(out.Gaps, a.Gaps...), b.Gaps...)
	Sort(out)
	return out
}

// permission is what tells one entry from another: of two looks the later counts.
func permission(p Permission) string { return p.Provider + "\x00" + p.On + "\x00" + p.Name }

// accounts: a survey lists of an account only what it was asked for, so that a
// later look adds to an earlier one.
func accounts(a, b []Account) []Account {
	out := join(a, b, func(x Account) string { return x.ID })
	for i := len(out) - len(b); i < len(out); i++ {
		for _, was := range a {
			if was.ID == out[i].ID {
				out[i].Roles = join(was.Roles, out[i].Roles, func(r Role) string { return r.ARN })
				out[i].Users = join(was.Users, out[i].Users, func(u User) string { return u.Name })
				out[i].Chaining = chainings(was.Chaining, out[i].Chaining)
				out[i].Secrets = join(was.Secrets, out[i].Secrets, func(x AWSSecret) string { return x.ID })
				out[i].Providers = join(was.Providers, out[i].Providers, func(x OIDCProvider) string { return x.ARN })
				out[i].Parameters = join(was.Parameters, out[i].Parameters, func(x AWSParameter) string { return x.Name })
			}
		}
	}
	return out
}

// vaults likewise. Tokens are replaced role by role: one that is gone is gone.
func vaults(a, b []Vault) []Vault {
	out := join(a, b, func(v Vault) string { return v.Address })
	for i := len(out) - len(b); i < len(out); i++ {
		out[i].Tokens = slices.Clip(out[i].Tokens)
		for _, was := range a {
			if was.Address != out[i].Address {
				continue
			}
			again := map[string]bool{}
			for _, r := range out[i].Roles {
				again[r.Name] = true
			}
			for _, t := range was.Tokens {
				if !again[t.Role] {
					out[i].Tokens = append(out[i].Tokens, t)
				}
			}
			out[i].Roles = join(was.Roles, out[i].Roles, func(r VaultRole) string { return r.Mount + " " + r.Name })
			out[i].AppRoles = join(was.AppRoles, out[i].AppRoles, func(r VaultAppRole) string { return r.Mount + " " + r.Name })
			out[i].KV = join(was.KV, out[i].KV, func(k VaultKV) string { return k.Mount + " " + k.Path })
		}
	}
	return out
}

func join[T any](a, b []T, key func(T) string) []T {
	later := map[string]bool{}
	for _, x := range b {
		later[key(x)] = true
	}
	var out []T
	for _, x := range a {
		if !later[key(x)] {
			out = append(out, x)
		}
	}
	return append(out, b...)
}
