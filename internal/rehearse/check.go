package rehearse

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/github"
)

const never = "never"

// check finds what types cannot: words that do not exist and names that point nowhere.
func (l *Loaded) check(d *reader) {
	if n, there := d.at["version"]; !there {
		d.mistake("version", "version is missing", "this program reads version: 1")
	} else if l.Version != 1 && n.What() == "a number" {
		d.mistake("version", fmt.Sprintf("version %d is not known", l.Version), "this program reads version: 1")
	}
	for key, v := range map[string]string{"scenario": l.Name, "title": l.Title, "source": l.Source, "repository": l.Repository, "world.github.repository": l.World.GitHub.Repository, "incident.workflow": l.Incident.Workflow} {
		if _, there := d.at[key]; v == "" && !there {
			d.mistake(key, key+" is missing", "")
		}
	}
	if o, r, ok := strings.Cut(l.World.GitHub.Repository, "/"); l.World.GitHub.Repository != "" && (!ok || o == "" || r == "" || strings.Contains(r, "/")) {
		d.mistake("world.github.repository", fmt.Sprintf("%q is not owner/name", l.World.GitHub.Repository), "")
	}
	known := l.credentials()
	l.each(d, "attacker.holds", l.Attacker.Holds, known, "credential or identity")
	l.each(d, "team.knows", l.Team.Knows, known, "credential or identity")
	l.each(d, "expect.closed", l.Expect.Closed, known, "credential or identity")
	l.each(d, "attacker.does", l.Attacker.Does, deeds(), "attacker's deed")
	l.each(d, "attacker.on_revoke", l.Attacker.OnRevoke, reactions(), "reaction")
	l.each(d, "attacker.persists", l.Attacker.Persists, persistences(), "kind of persistence")
	l.each(d, "expect.never", l.Expect.Never, nevers(), "thing that must never happen")
	if len(l.Attacker.Does) > 0 && l.Attacker.Every <= 0 {
		d.mistake("attacker", "attacker.every is missing", "how often it acts, e.g. 5s")
	}
	if on := l.Attacker.LivesOn; slices.Contains(l.Attacker.OnRevoke, wipeMachine) && !slices.ContainsFunc(l.World.GitHub.Runners, func(x github.Runner) bool { return x.Name == on }) {
		d.mistake("attacker.lives_on", fmt.Sprintf("there is no runner %q", on), "the attacker that wipes a machine lives on one of world.github.runners")
	}
	if p := l.Team.Pushes; p != nil {
		steps := []string{never}
		for _, s := range plan.Steps() {
			steps = append(steps, string(s))
		}
		l.each(d, "team.pushes.after", []string{p.After}, steps, "step")
	}
	for i, u := range l.Team.Undoes {
		l.each(d, fmt.Sprintf("team.undoes[%d].do", i), []string{u.Do}, undoings(), "mistake")
	}
	for i, f := range l.Faults {
		at := fmt.Sprintf("faults[%d]", i)
		l.each(d, at+".then", []string{f.Then}, world.Faults(), "fault")
		if f.Call == "" {
			d.mistake(at, "a fault needs a call", "the name the world's log gives it, e.g. \"npm DELETE token\"")
		}
	}
	for i, x := range l.World.Limits {
		at := fmt.Sprintf("world.limits[%d]", i)
		l.each(d, at+".provider", []string{x.Provider}, []string{"github", "aws", "vault", "npm", "postgres"}, "provider")
		if x.Provider == "" || x.Calls < 1 || x.Per <= 0 {
			d.mistake(at, "a limit needs provider, calls and per", "how many calls each credential may make in that time, e.g. calls: 60, per: 1m")
		}
		if !slices.Contains([]int{0, 403, 429}, x.Status) {
			d.mistake(at+".status", fmt.Sprintf("status %d is no limit's", x.Status), "403 or 429")
		}
		if x.Primary && (x.Silent || x.RetryAfter > 0) {
			d.mistake(at, "a primary limit names the end of its window", "leave silent and retry_after out, or primary")
		}
	}
	for where, s := range l.stored() {
		if (s.Value == "") == (s.Credential == "") {
			d.mistake(where, "give a value or a credential", "value: for what is no secret, credential: for one of this scenario")
		} else if s.Credential != "" {
			l.each(d, where+".credential", []string{s.Credential}, known, "credential or identity")
		}
	}
}

func (*Loaded) each(d *reader, where string, given, known []string, what string) {
	for i, g := range given {
		if slices.Contains(known, g) {
			continue
		}
		at := fmt.Sprintf("%s[%d]", where, i)
		if _, ok := d.at[at]; !ok {
			at = where
		}
		if g != "" {
			d.mistake(at, fmt.Sprintf("there is no %s %q", what, g), diag.DidYouMean(g, known))
		}
	}
}

// credentials are all names a scenario can use for what may be stolen.
func (l *Loaded) credentials() []string {
	var all []string
	for _, t := range l.World.NPM.Tokens {
		all = append(all, t.Name)
	}
	for _, t := range l.World.Vault.Tokens {
		all = append(all, t.Name)
	}
	for _, r := range l.World.Vault.AppRoles {
		all = append(all, r.SecretIDs...)
	}
	for _, u := range l.World.AWS.Users {
		for _, k := range u.Keys {
			all = append(all, k.Credential)
		}
	}
	for _, r := range l.World.AWS.Roles {
		all = append(all, "role:"+r.Name)
	}
	for _, r := range l.World.Vault.JWTRoles {
		all = append(all, "vault:"+r.Name)
	}
	for _, r := range l.World.Postgres.Roles {
		if r.Credential != "" {
			all = append(all, r.Credential)
		}
	}
	for _, a := range l.World.GitHub.Apps {
		all = append(all, a.Keys...)
	}
	for _, t := range l.World.GitHub.Tokens {
		all = append(all, t.Name)
	}
	for _, k := range l.World.GitHub.Keys {
		if k.Credential != "" {
			all = append(all, k.Credential)
		}
	}
	for _, h := range l.World.GitHub.Hooks {
		if h.Credential != "" {
			all = append(all, h.Credential)
		}
	}
	slices.Sort(all)
	return all
}

// stored are all values that stores hold, by the path at which they stand.
func (l *Loaded) stored() map[string]Stored {
	all := map[string]Stored{}
	add := func(path string, m map[string]Stored) {
		for k, v := range m {
			all[path+"."+k] = v
		}
	}
	g := l.World.GitHub
	add("world.github.secrets", g.Secrets)
	add("world.github.organization", g.Organization)
	add("world.github.dependabot", g.Dependabot)
	add("world.github.codespaces", g.Codespaces)
	for _, e := range slices.Sorted(maps.Keys(g.Environments)) {
		add("world.github.environments."+e+".secrets", g.Environments[e].Secrets)
	}
	for p, m := range l.World.Vault.KV {
		add("world.vault.kv."+p, m)
	}
	return all
}
