package snapshot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two snapshots.
type Change struct {
	What   string `json:"what"`   // "added", "removed", "changed"
	Kind   string `json:"kind"`   // "workflow", "file", "secret", "deploy-key", ...
	Target string `json:"target"` // where: repository, account, server or registry user
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"` // what is different, for a person
}

// Compare says what b has that a has not, has no more, or has otherwise: the
// evidence of what an attacker added. Runs, caches and artifacts come and go by
// themselves and are left out. A repository, account, server or registry user that
// only one of the two listed is one change, because nothing is known of its parts
// at the other time.
func Compare(a, b *Snapshot) []Change {
	var out []Change
	place := func(kind, name string) facts { return facts{{kind: kind, target: "", name: name}: ""} }
	pair(a.Repositories, b.Repositories, func(r Repository) string { return r.FullName }, func(x, y *Repository, name string) {
		out = append(out, differ(x, y, place("repository", name), repositoryFacts)...)
	})
	pair(a.Organizations, b.Organizations, func(o Organization) string { return o.Login }, func(x, y *Organization, name string) {
		out = append(out, differ(x, y, place("organization", name), organizationFacts)...)
	})
	pair(a.AWS, b.AWS, func(r Account) string { return r.ID }, func(x, y *Account, name string) {
		out = append(out, differ(x, y, place("aws-account", name), accountFacts)...)
		out = append(out, chainChanges(x, y)...)
	})
	pair(a.Vault, b.Vault, func(r Vault) string { return r.Address }, func(x, y *Vault, name string) {
		out = append(out, differ(x, y, place("vault", name), vaultFacts)...)
	})
	pair(a.NPM, b.NPM, func(r Registry) string { return r.Address + " " + r.User }, func(x, y *Registry, name string) {
		out = append(out, differ(x, y, place("npm-user", name), registryFacts)...)
	})
	pair(a.Services, b.Services, Service.Key, func(x, y *Service, name string) {
		out = append(out, differ(x, y, place("service", name), serviceFacts)...)
	})
	pair(a.Databases, b.Databases, func(d Database) string { return d.Name }, func(x, y *Database, name string) {
		out = append(out, differ(x, y, place("database-server", name), databaseFacts)...)
	})
	pair(a.Actions, b.Actions, ActionRef.Key, func(x, y *ActionRef, name string) {
		if x != nil && y != nil && x.SHA != y.SHA { // which actions are used, the files tell
			out = append(out, Change{"changed", "action", "", name, "was " + x.SHA + ", is " + y.SHA})
		}
	})
	slices.SortFunc(out, func(x, y Change) int {
		return cmp.Or(cmp.Compare(x.Target, y.Target), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name), cmp.Compare(x.What, y.What))
	})
	return out
}

// fact names one thing; its value in facts is what is worth comparing of it.
type fact struct{ kind, target, name string }

type facts map[fact]string

func (f facts) add(kind, target, name, detail string) { f[fact{kind, target, name}] = detail }

func differ[T any](a, b *T, place facts, of func(*T) facts) []Change {
	var was, is facts
	switch {
	case a == nil:
		was, is = facts{}, place
	case b == nil:
		was, is = place, facts{}
	default:
		was, is = of(a), of(b)
	}
	var out []Change
	for f, now := range is {
		before, ok := was[f]
		switch {
		case !ok:
			out = append(out, Change{"added", f.kind, f.target, f.name, now})
		case before != now:
			out = append(out, Change{"changed", f.kind, f.target, f.name, "was " + before + ", is " + now})
		}
	}
	for f, before := range was {
		if _, ok := is[f]; !ok {
			out = append(out, Change{"removed", f.kind, f.target, f.name, before})
		}
	}
	return out
}

func pair[T any](a, b []T, key func(T) string, f func(x, y *T, name string)) {
	index := map[string]*T{}
	for i := range a {
		index[key(a[i])] = &a[i]
	}
	for i := range b {
		k := key(b[i])
		f(index[k], &b[i], k)
		delete(index, k)
	}
	for k, x := range index {
		f(x, nil, k)
	}
}

func repositoryFacts(r *Repository) facts {
	f := facts{}
	t := r.FullName
	f.add("setting", t, "default branch", r.DefaultBranch)
	f.add("setting", t, "visibility", map[bool]string{true: "private", false: "public"}[r.Private])
	f.add("setting", t, "default token permissions", cmp.Or(r.DefaultPermissions, "not known"))
	f.add("setting", t, "OIDC subject", compact(r.Subject))
	f.add("setting", t, "token defaults", compact(r.TokenDefaults))
	f.add("setting", t, "Actions", compact(r.Actions))
	f.add("setting", t, "approval of pull requests from forks", compact(r.ForkApproval))
	for _, x := range r.Rulesets {
		f.add("ruleset", t, x.Name+" ("+id(x.ID)+")", x.Enforcement+" on "+x.Target+" ["+strings.Join(x.Include, " ")+"] without ["+strings.Join(x.Exclude, " ")+
			"], rules ["+strings.Join(x.Rules, " ")+"], bypass "+x.Bypass)
	}
	for _, b := range r.Branches {
		f.add("branch", t, b.Name, map[bool]string{true: "protected", false: "not protected"}[b.Protected])
	}
	for _, w := range r.Workflows {
		f.add("workflow", t, w.Path+" ("+id(w.ID)+")", w.State)
	}
	for _, file := range r.Files {
		for _, b := range file.Branches {
			f.add("file", t, b+":"+file.Path, "blob "+file.SHA)
		}
	}
	for _, s := range r.Secrets {
		f.add("secret", t, s.Scope+"/"+s.Name, "updated "+s.Updated.UTC().Format("2006-01-02T15:04:05Z")+s.readers())
	}
	for _, v := range r.Variables {
		f.add("variable", t, v.Scope+"/"+v.Name, strconv.Quote(v.Value))
	}
	for _, e := range r.Environments {
		f.add("environment", t, e.Name, "reviewers ["+strings.Join(e.Reviewers, " ")+"], branches "+cmp.Or(e.Policy, "any")+
			" ["+strings.Join(e.Branches, " ")+"], administrators may bypass: "+strconv.FormatBool(e.CanBypass))
	}
	f.runners(t, r.Runners)
	for _, k := range r.Keys {
		f.add("deploy-key", t, k.Title+" ("+id(k.ID)+")", map[bool]string{true: "read only", false: "read and write"}[k.ReadOnly])
	}
	f.hooks(t, r.Hooks)
	return f
}

// readers says which repositories an organization's secret is shared with.
func (s Secret) readers() string {
	if s.Visibility == "" {
		return ""
	}
	text := ", visibility " + s.Visibility
	if s.Visibility == "selected" {
		for _, n := range s.Selected {
			text += " " + id(n)
		}
	}
	return text
}

func organizationFacts(o *Organization) facts {
	f := facts{}
	f.hooks(o.Login, o.Hooks)
	f.runners(o.Login, o.Runners)
	for _, a := range o.Apps {
		var may []string
		for _, name := range slices.Sorted(maps.Keys(a.Permissions)) {
			may = append(may, name+"="+a.Permissions[name])
		}
		f.add("app", o.Login, a.Slug+" ("+id(a.ID)+")", "on "+a.Selection+" repositories ["+strings.Join(may, " ")+"], suspended: "+strconv.FormatBool(a.Suspended))
	}
	f.add("setting", o.Login, "OIDC subject", compact(o.Subject))
	f.add("setting", o.Login, "token defaults", compact(o.TokenDefaults))
	return f
}

func (f facts) runners(target string, runners []Runner) {
	for _, x := range runners {
		f.add("runner", target, x.Name+" ("+id(x.ID)+")", "labels ["+strings.Join(x.Labels, " ")+"]")
	}
}

func (f facts) hooks(target string, hooks []Hook) {
	for _, h := range hooks {
		detail := "active: " + strconv.FormatBool(h.Active) + ", events [" + strings.Join(h.Events, " ") + "]"
		if !h.Updated.IsZero() { // what is left out of the URL may have changed
			detail += ", updated " + h.Updated.UTC().Format("2006-01-02T15:04:05Z")
		}
		f.add("hook", target, h.URL+" ("+id(h.ID)+")", detail)
	}
}

func accountFacts(a *Account) facts {
	f := facts{}
	t := "aws:" + a.ID
	for _, r := range a.Roles {
		attached := "attached [" + strings.Join(r.Attached, " ") + "]"
		if r.Boundary != "" {
			attached += ", boundary " + r.Boundary
		}
		f.add("role", t, r.ARN, attached)
		f.add("trust-policy", t, r.ARN, compact(r.Trust))
		for name, doc := range r.Inline {
			f.add("inline-policy", t, r.ARN+" "+name, compact(doc))
		}
	}
	for _, u := range a.Users {
		f.add("user", t, u.ARN, "")
		for _, k := range u.Keys {
			f.add("access-key", t, u.Name+"/"+k.ID, k.Status)
		}
	}
	for _, s := range a.Secrets {
		versions, _ := json.Marshal(s.Versions) // a map of lists of strings always encodes
		f.add("secrets-manager-secret", t, s.ID, string(versions))
	}
	for _, x := range a.Providers {
		what := "none"
		if x.URL != "" {
			what = "clients [" + strings.Join(x.Clients, " ") + "], thumbprints [" + strings.Join(x.Thumbprints, " ") + "]"
		}
		f.add("identity-provider", t, x.ARN, what)
	}
	return f
}

func vaultFacts(v *Vault) facts {
	f := facts{}
	t := "vault:" + v.Address
	for _, r := range v.Roles {
		f.add("jwt-role", t, r.Mount+"/"+r.Name, compact(r.Raw))
	}
	for _, r := range v.AppRoles {
		f.add("approle", t, r.Mount+"/"+r.Name, compact(r.Raw))
		for _, x := range r.SecretIDs {
			f.add("approle-secret-id", t, r.Mount+"/"+r.Name+"/"+x.Accessor, "networks ["+strings.Join(x.CIDRs, " ")+"], of its tokens ["+strings.Join(x.TokenCIDRs, " ")+"]")
		}
	}
	for _, k := range v.Tokens {
		f.add("token", t, k.Accessor, "role "+k.Role+", policies ["+strings.Join(k.Policies, " ")+"]")
	}
	for _, k := range v.KV {
		f.add("kv", t, k.Mount+"/"+k.Path, "version "+strconv.Itoa(k.Version))
	}
	return f
}

func registryFacts(r *Registry) facts {
	f := facts{}
	for _, k := range r.Tokens {
		f.add("token", "npm:"+r.User, k.Key, map[bool]string{true: "read only", false: "read and write"}[k.ReadOnly])
	}
	return f
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// compact writes JSON without space and with sorted keys, so that only a change
// of meaning is a change; text that is no JSON stays as it is.
func compact(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "none"
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return string(raw)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return string(raw)
	}
	return string(b)
}
