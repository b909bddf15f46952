package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/trust"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Build computes the graph. s may be nil (a plain folder, offline): scopes are then
// those the configuration declares or "unknown". cfg may be nil. The same models,
// snapshot and configuration give the same inventory.
func Build(models []Model, s *snapshot.Snapshot, cfg *config.Config) Inventory {
	if cfg == nil {
		cfg = &config.Config{}
	}
	b := &builder{cfg: cfg, repos: map[string]*snapshot.Repository{}, creds: map[string]*Credential{}, identities: map[string]*Identity{}, names: map[string]bool{}, said: map[string]said{}, mints: map[string][]string{}, uses: map[string]*use{}, find: newLookup(cfg), listings: map[string]*listing{}, ids: map[string]string{}, folders: map[string]bool{}, places: map[string]string{}, entries: map[string]*config.Credential{}, offered: map[string]bool{}, declared: map[*config.Credential]bool{}, subjects: map[string]trust.Subject{}, templates: map[string][]byte{}, arns: map[string]string{}, machines: map[string]*Host{}, shared: map[string][]snapshot.Runner{}, beyond: map[string]bool{}}
	b.doors, b.github = doors(s)
	if s != nil {
		for i := range s.Repositories {
			b.repos[s.Repositories[i].FullName] = &s.Repositories[i]
		}
		for _, o := range s.Organizations {
			b.templates[strings.ToLower(o.Login)] = o.Subject
			b.shared[strings.ToLower(o.Login)] = o.Runners
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Identities)) {
		d := cfg.Identities[name]
		b.keep(b.fromConfig(name, &d))
	}
	b.apart(models)
	inv := Inventory{Schema: Schema, Repositories: []Repository{}, Credentials: []Credential{}, Identities: []Identity{}, Findings: []Finding{}}
	for i := range models {
		inv.Repositories = append(inv.Repositories, b.repository(&models[i]))
	}
	b.link(models)
	for i := range inv.Repositories {
		for j := range inv.Repositories[i].Workflows {
			b.answer(inv.Repositories[i].Repository, &inv.Repositories[i].Workflows[j])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.creds)) {
		c := b.creds[id]
		c.ReachedBy, c.Systems, c.Authority = sorted(c.ReachedBy), sorted(c.Systems), sorted(c.Authority)
		inv.Credentials = append(inv.Credentials, *c)
	}
	b.chain(s)
	b.open()
	for _, id := range slices.Sorted(maps.Keys(b.identities)) {
		i := b.identities[id]
		i.ReachedBy, i.Systems, i.Authority = sorted(i.ReachedBy), sorted(i.Systems), sorted(i.Authority)
		inv.Identities = append(inv.Identities, *i)
	}
	inv.Hosts = b.listed()
	b.sentences(&inv)
	b.unowned()
	b.unreached(models)
	b.unused()
	return inv.WithFindings(b.findings)
}

func (b *builder) repository(m *Model) Repository {
	out := Repository{Repository: m.Repository, Path: m.Folder, Workflows: []Workflow{}}
	b.flows = flows{}
	for i := range m.Workflows {
		w := &m.Workflows[i]
		b.problems(m, w)
		b.justInCase(m, w)
		x := Workflow{Path: w.Path, Branches: w.Branches, Triggers: []Trigger{}, Jobs: []Job{}, Owner: b.ownerOf(m.Repository, w.Path)}
		x.Contact = b.cfg.Owners[x.Owner].Contact
		for _, t := range w.Triggers {
			x.Triggers = append(x.Triggers, Trigger{Event: t.Name, Trust: string(b.trust(m, w, t))})
		}
		jobs := map[string]int{}
		cut := false
		for _, in := range m.Instances(w) {
			j := b.job(m, &in)
			cut = cut || in.Cut
			if at, ok := jobs[in.Top.ID]; ok {
				merge(&x.Jobs[at], j)
				continue
			}
			jobs[in.Top.ID] = len(x.Jobs)
			x.Jobs = append(x.Jobs, j)
		}
		if cut {
			b.unfollowed(m, w)
		}
		if w.Broken {
			x.Jobs = append(x.Jobs, b.unread(m, w))
		}
		for i := range x.Jobs {
			finish(&x.Jobs[i])
		}
		out.Workflows = append(out.Workflows, x)
	}
	out.Flows = b.flows.list()
	return out
}

func (b *builder) job(m *Model, in *Instance) Job {
	j := Job{ID: in.Top.ID, Permissions: in.Permissions, Runner: strings.Join(in.Job.Runner.Labels, ", "), Reaches: []Reach{}, Starts: b.starts(in)}
	if in.Job.Runner.Group != "" {
		j.Runner = strings.TrimPrefix(j.Runner+", group "+in.Job.Runner.Group, ", ")
	}
	if in.Job.Environment != nil {
		j.Environment = in.Job.Environment.Value
	}
	all := deeds(in)
	j.Phase, j.Fetches = phase(in, all), fetches(all)
	if i := slices.IndexFunc(all, func(d deed) bool { return d.kind == workflow.Publish && d.system == "github" }); i >= 0 {
		j.releases = b.line(in, all[i].step.Shown)
	}
	logins := b.logins(m, in, &j, all)
	b.publishers(m, in, &j, all)
	b.references(m, in, &j, logins, all)
	if in.Permissions["id-token"] == "write" {
		at, ok := workflow.IDToken(in.File.Permissions, in.Job.Permissions)
		if !ok || in.Call != nil {
			at = in.Top.Pos
		}
		j.Reaches = append(j.Reaches, Reach{Credential: idTokenID(m.Repository), Name: "OIDC token", How: "id-token", Line: at.Line})
	}
	if len(in.Permissions) > 0 {
		j.Reaches = append(j.Reaches, Reach{Credential: jobTokenID(m.Repository, in), Name: "GITHUB_TOKEN", How: "job token", Line: in.Top.Line})
	}
	b.beside(in, &j)
	j.Exposes, j.Hosts = exposes(in, all), b.hosts(in)
	b.flows.from(in, &j, all)
	return j
}

// The job's own token and the OIDC token it may ask for are not listed among the
// credentials: nobody rotates them, they end with the job. Reaches and answers
// name them by these ids.
func jobTokenID(repository string, in *Instance) string {
	return repository + ":job-token:" + in.Start.Path + "#" + in.Top.ID
}

func idTokenID(repository string) string { return repository + ":id-token" }

// logins records the identities that the job's steps become. It gives the secrets
// that are no credentials because they only name an identity.
func (b *builder) logins(m *Model, in *Instance, j *Job, all []deed) map[string]string {
	names := map[string]string{}
	for i := range in.Steps {
		s := &in.Steps[i]
		k, ok := s.Known()
		if !ok || k.Identity == "" {
			continue
		}
		id := b.identity(in, s, k)
		if id == "" {
			continue
		}
		v, _ := s.Input(k.Input)
		_, name := b.value(in, s, v.Value)
		if name != "" {
			names[name] = id
			b.names[b.where(m)+":"+name] = true
		}
		b.become(b.identities[id], all, s)
		b.reached(id, in, b.line(in, s.Shown), nil)
		j.Reaches = append(j.Reaches, Reach{Credential: id, Name: cmp.Or(name, v.Value), How: "id-token", Line: b.line(in, s.Shown)})
		b.fetched(m, in, s, k, j)
	}
	return names
}

// fetched records the declared credentials that a Vault login reads into the job:
// those with a copy at one of the paths its "secrets" input lists.
// Source: hashicorp/vault-action README, "Secrets": "path key | output" lines; a KV
// version 2 path has "data" behind its mount.
func (b *builder) fetched(m *Model, in *Instance, s *InstanceStep, k workflow.Known, j *Job) {
	v, ok := s.Input("secrets")
	if !ok || k.System != "vault" {
		return
	}
	for _, entry := range strings.FieldsFunc(v.Value, func(r rune) bool { return r == '\n' || r == ';' }) {
		fields := strings.Fields(entry)
		if len(fields) < 2 {
			continue
		}
		mount, path, _ := strings.Cut(strings.Trim(fields[0], "/"), "/")
		path = strings.TrimPrefix(path, "data/")
		for i := range b.cfg.Credentials {
			d := &b.cfg.Credentials[i]
			copied := slices.ContainsFunc(d.Stores, func(x config.Named) bool {
				return x.Name == "vault.kv" && strings.Trim(x.With["mount"], "/") == mount && strings.Trim(x.With["path"], "/") == path
			})
			if !copied || len(d.Secret) == 0 {
				continue
			}
			for _, id := range b.secret(b.where(m), d.Secret[0], in.Job.Environment) {
				b.reached(id, in, b.line(in, s.Shown), nil)
				j.Reaches = append(j.Reaches, Reach{Credential: id, Name: fields[0], How: HowVault, Line: b.line(in, s.Shown)})
			}
		}
	}
}

// HowVault marks a value that a login step fetches from its Vault path.
const HowVault = "vault"

// references records what the job's references reach.
func (b *builder) references(m *Model, in *Instance, j *Job, logins map[string]string, all []deed) {
	refs := slices.Concat(in.File.Refs, in.Job.Refs)
	if in.Call != nil { // what the calling job passes is reached even where it is not used
		refs = slices.Concat(refs, in.Top.Refs)
	}
	own := len(in.File.Refs) + len(in.Job.Refs)
	for i, r := range refs {
		mine := in.Call != nil && i < own
		how, at := r.How, r.Pos.Line
		if mine {
			at = b.line(in, r.Pos)
			if in.Bound == nil {
				how = workflow.HowInherit
			}
		}
		switch r.Kind {
		case workflow.Secret:
			names := []string{r.Name}
			if mine {
				names = in.Real(r.Name)
			} else if b.parameter(m, in, r.Name) {
				continue
			}
			for _, name := range names {
				b.reach(m, in, j, r, name, how, at, logins, all)
			}
		case workflow.JobToken:
			j.Reaches = append(j.Reaches, Reach{Credential: jobTokenID(m.Repository, in), Name: "GITHUB_TOKEN", How: how, Line: at})
		case workflow.All, workflow.Dynamic:
			if names := in.Folded(r); r.Kind == workflow.Dynamic && len(names) > 0 {
				for _, name := range names {
					b.reach(m, in, j, r, name, how, at, logins, all)
				}
				continue
			}
			b.every(m, in, j, r.How, at)
		case workflow.Inherit:
			b.inherited(m, in, j, at)
		}
	}
}

func (b *builder) reach(m *Model, in *Instance, j *Job, r workflow.Ref, name, how string, at int, logins map[string]string, all []deed) {
	if id, ok := logins[name]; ok {
		j.Reaches = append(j.Reaches, Reach{Credential: id, Name: name, How: how, Line: at})
		return
	}
	if b.named(name) {
		return // the name of an identity, used where no known login is
	}
	if b.missing(m.Repository, name) && !in.Start.OnlyCalled() {
		b.absent(m, in, r, name)
	}
	for _, id := range sorted(append(b.secret(b.where(m), name, in.Job.Environment), b.byDependabot(in, m.Repository, name)...)) {
		b.reached(id, in, at, &r)
		b.infer(b.creds[id], all, r)
		j.Reaches = append(j.Reaches, Reach{Credential: id, Name: name, How: how, Line: at})
	}
}

// every records all secrets the job's expressions can name: toJSON(secrets), secrets[...].
func (b *builder) every(m *Model, in *Instance, j *Job, how string, at int) {
	for _, id := range b.available(m, in) {
		c := b.creds[id]
		b.reached(id, in, at, nil)
		j.Reaches = append(j.Reaches, Reach{Credential: id, Name: c.Name, How: how, Line: at})
	}
}

// inherited records what could be read through "secrets: inherit" beyond what the
// called workflow uses: all of it where the called workflow is not known.
func (b *builder) inherited(m *Model, in *Instance, j *Job, at int) {
	if in.Remote != "" {
		b.every(m, in, j, workflow.HowInherit, at)
		return
	}
	for _, id := range b.available(m, in) {
		b.offered[id] = true
		j.Reaches = append(j.Reaches, Reach{Credential: id, Name: b.creds[id].Name, How: HowInheritUnused, Line: at})
	}
}

// HowInheritUnused marks what a called workflow was given and does not name: who
// changes the called workflow's file reads it, the run itself does not hold it.
// Source: GitHub Docs, "Secrets": a runner only receives secrets a workflow names.
const HowInheritUnused = "inherit (not used)"

// available is every secret of the repository that a job can name.
func (b *builder) available(m *Model, in *Instance) []string {
	r := b.repos[m.Repository]
	if r == nil || r.Secrets == nil {
		return []string{b.credential(b.where(m), unknown, "*", in.Job.Environment)}
	}
	var ids []string
	for _, s := range r.Secrets {
		if env, ok := strings.CutPrefix(s.Scope, "environment/"); ok {
			e := in.Job.Environment
			if e == nil || (!strings.EqualFold(e.Value, env) && !strings.Contains(e.Value, "${{")) {
				continue
			}
		}
		if b.named(s.Name) || b.names[b.where(m)+":"+strings.ToUpper(s.Name)] {
			continue
		}
		if ofCodespaces(s.Scope) {
			continue
		}
		ids = append(append(ids, b.secret(b.where(m), s.Name, in.Job.Environment)...), b.byDependabot(in, m.Repository, s.Name)...)
	}
	return sorted(ids)
}

// parameter says whether a name in a reusable workflow is what callers pass, so
// that the callers' entries tell what it stands for.
func (b *builder) parameter(m *Model, in *Instance, name string) bool {
	if in.Call != nil || !b.missing(m.Repository, name) && b.repos[m.Repository] != nil {
		return false
	}
	return slices.ContainsFunc(in.File.Triggers, func(t workflow.Trigger) bool { return slices.Contains(t.Secrets, name) })
}

// line is where to point in the starting workflow's file: inside a called
// workflow, that is the call.
func (b *builder) line(in *Instance, p workflow.Pos) int {
	if in.Call == nil {
		return p.Line
	}
	if c := in.Top.Call; c != nil {
		if c.Inherit {
			return c.InheritPos.Line
		}
		return c.Pos.Line
	}
	return in.Top.Line
}

func merge(into *Job, j Job) {
	into.Reaches = append(into.Reaches, j.Reaches...)
	into.Exposes, into.Hosts = append(into.Exposes, j.Exposes...), append(into.Hosts, j.Hosts...)
	for _, x := range j.Starts {
		if !slices.ContainsFunc(into.Starts, func(y Start) bool { return y.Event == x.Event && y.Trust == x.Trust }) {
			into.Starts = append(into.Starts, x)
		}
	}
	into.Fetches = append(into.Fetches, j.Fetches...)
	into.Phase = higher(into.Phase, j.Phase)
	into.releases = cmp.Or(into.releases, j.releases)
	if into.Environment == "" {
		into.Environment = j.Environment
	}
	if into.Runner == "" {
		into.Runner = j.Runner
	}
	own := maps.Clone(into.Permissions) // those of the first instance are the instance's
	if own == nil && len(j.Permissions) > 0 {
		own = map[string]string{}
	}
	into.Permissions = own
	for k, v := range j.Permissions {
		if into.Permissions[k] != "write" {
			into.Permissions[k] = v
		}
	}
}

// finish sorts a job's reaches, drops repeats, and drops "not used" where it is used.
func finish(j *Job) {
	used := map[string]bool{}
	for _, r := range j.Reaches {
		if r.How != HowInheritUnused {
			used[r.Credential] = true
		}
	}
	j.Reaches = slices.DeleteFunc(j.Reaches, func(r Reach) bool { return r.How == HowInheritUnused && used[r.Credential] })
	slices.SortFunc(j.Reaches, func(a, b Reach) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Credential, b.Credential), cmp.Compare(a.Name, b.Name), cmp.Compare(a.How, b.How))
	})
	j.Reaches = slices.Compact(j.Reaches)
	j.Exposes, j.Fetches, j.Hosts = sorted(j.Exposes), sorted(j.Fetches), sorted(j.Hosts)
}

func line(p workflow.Pos) string { return strconv.Itoa(p.Line) }

func compareFiles(a, b string, x, y []string) int {
	return cmp.Or(cmp.Compare(a, b), slices.Compare(x, y))
}
