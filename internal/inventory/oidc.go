package inventory

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/trust"
	"github.com/firebreak/firebreak/internal/workflow"
)

// door is an identity's trust document as the survey read it.
type door struct {
	ref  string // the role's ARN, or the mount and name of a Vault role
	name string // for a witness
	doc  trust.Document
	aws  *trust.Policy // nil for others
	err  error         // why it could not be read
}

// doors reads the trust documents of the snapshot, by what an identity is known by.
func doors(s *snapshot.Snapshot) (map[string]*door, []*door) {
	by := map[string]*door{}
	var github []*door
	if s == nil {
		return by, nil
	}
	for _, a := range s.AWS {
		for _, r := range a.Roles {
			d := &door{ref: r.ARN, name: "role " + r.Name}
			p, err := trust.ParsePolicy(r.Trust, "")
			if d.err = err; err == nil {
				d.doc, d.aws = p, p
				if len(p.Doors()) > 0 {
					github = append(github, d)
				}
			}
			by[r.ARN] = d
		}
	}
	for _, v := range s.Vault {
		for _, r := range v.Roles {
			d := &door{ref: r.Mount + "/" + r.Name, name: "Vault role " + r.Name}
			p, err := trust.ParseVaultRole(r.Raw)
			if d.err = err; err == nil {
				d.doc = p
			}
			by[d.ref] = d
		}
	}
	return by, github
}

func (i *Identity) ref() string {
	if i.ARN != "" {
		return i.ARN
	}
	return i.Mount + "/" + i.Role
}

// claimSets are the tokens a job can get, one set for every event and pattern of refs.
// nil where the repository has no name.
func (b *builder) claimSets(in *Instance) []*trust.ClaimSet {
	m := in.Model
	if m.Repository == "" {
		return nil
	}
	set := trust.ClaimSet{
		Repository: m.Repository, Workflow: in.Start.Path, WorkflowName: cmp.Or(in.Start.Name, in.Start.Path), Visibility: m.Visibility,
		JobName: "job " + in.Top.ID + " of " + in.Start.Path, Subject: b.subject(m.Repository),
	}
	if r := b.repos[m.Repository]; r != nil && r.ID != 0 {
		set.RepositoryID = strconv.FormatInt(r.ID, 10)
	}
	if e := in.Job.Environment; e != nil {
		set.Environment = e.Value
		if strings.Contains(e.Value, "${{") {
			set.Environment = "*"
		}
	}
	set.Runner = machine(in.Job.Runner)
	if in.Call != nil {
		set.Called = in.home.Repository + "/" + in.File.Path
		if in.Foreign != "" {
			set.CalledRef = "refs/heads/" + in.on[0]
		}
	}
	var out []*trust.ClaimSet
	for _, e := range in.Entries {
		for _, ref := range b.refs(in, e.Refs) {
			s := set
			s.Event, s.Ref = e.Name, ref
			out = append(out, &s)
		}
	}
	return out
}

// machine is the claim runner_environment, "" where the labels do not tell.
func machine(r workflow.Runner) string {
	switch {
	case slices.ContainsFunc(r.Labels, func(l string) bool { return strings.EqualFold(l, "self-hosted") }):
		return "self-hosted"
	case r.Group == "" && len(r.Labels) == 1 && slices.ContainsFunc([]string{"ubuntu-", "windows-", "macos-"}, func(p string) bool { return strings.HasPrefix(r.Labels[0], p) }):
		return "github-hosted"
	}
	return ""
}

// refs are those an event's runs can have here: the default branch by its name, and in
// an environment with a branch policy only what that lets through.
func (b *builder) refs(in *Instance, refs []string) []string {
	var out []string
	for _, r := range refs {
		if r == workflow.DefaultRef {
			r = "refs/heads/" + cmp.Or(in.Model.DefaultBranch, "*")
		}
		out = append(out, r)
	}
	if e := b.environment(in); e != nil && e.Policy == "custom" && len(e.Patterns) > 0 {
		var policy []string
		for _, p := range e.Patterns {
			kind := "refs/heads/"
			if p.Type == "tag" {
				kind = "refs/tags/"
			}
			policy = append(policy, workflow.Patterns(kind, p.Name))
		}
		out = workflow.Common(out, policy)
	}
	return out
}

// environment is a job's as it was surveyed; nil where it is in none or that is not known.
func (b *builder) environment(in *Instance) *snapshot.Environment {
	r := b.repos[in.Model.Repository]
	if r == nil || in.Job.Environment == nil {
		return nil
	}
	i := slices.IndexFunc(r.Environments, func(e snapshot.Environment) bool { return strings.EqualFold(e.Name, in.Job.Environment.Value) })
	if i < 0 {
		return nil
	}
	return &r.Environments[i]
}

func (b *builder) subject(repository string) trust.Subject {
	if s, ok := b.subjects[repository]; ok {
		return s
	}
	s := trust.Subject{Unknown: true}
	if r := b.repos[repository]; r != nil {
		login, _, _ := strings.Cut(repository, "/")
		s, _ = trust.ParseSubject(r.Subject, b.templates[strings.ToLower(login)]) // one that cannot be read is unknown
	}
	b.subjects[repository] = s
	return s
}

// enter asks a trust document about a job's tokens: the best answer, and the set it is about.
func (b *builder) enter(d *door, sets []*trust.ClaimSet) (trust.Answer, *trust.ClaimSet) {
	best := trust.Answer{Why: "no event starts the job"}
	var of *trust.ClaimSet
	for _, s := range sets {
		a := trust.Evaluate(d.doc, s)
		if of == nil || a.Verdict == trust.Allowed || best.Verdict == trust.Denied && a.Verdict == trust.Unknown {
			best, of = a, s
		}
		if best.Verdict == trust.Allowed {
			break
		}
	}
	return best, of
}

// judgeByTrust answers from the trust document what the workflow alone cannot; false
// where there is no document to ask.
func (b *builder) judgeByTrust(i *Identity, in *Instance, where string) bool {
	d := b.doors[i.ref()]
	if d == nil {
		return false
	}
	if d.err != nil {
		i.Verdict = "not evaluable: " + where + "; its trust document could not be read: " + d.err.Error()
		return true
	}
	sets := b.claimSets(in)
	if len(sets) == 0 {
		return false
	}
	switch a, of := b.enter(d, sets); a.Verdict {
	case trust.Allowed:
		i.Verdict, i.Witness = "reachable", a.Witness(of, d.name)
	case trust.Unknown:
		i.Verdict = "not evaluable: " + where + "; " + a.Why
	default:
		if !strings.HasPrefix(i.Verdict, "not evaluable: job") { // another job may still be let in
			i.Verdict = "not reachable: " + where + "; its trust document refuses: " + a.Why
		}
	}
	return true
}

// beside records the roles that let a job's tokens in although no step of it names
// them: whatever runs in the job can become them.
func (b *builder) beside(in *Instance, j *Job) {
	if in.Permissions["id-token"] != "write" || len(b.github) == 0 {
		return
	}
	sets := b.claimSets(in)
	for _, d := range b.github {
		if id := b.arns[d.ref]; id != "" && slices.ContainsFunc(j.Reaches, func(r Reach) bool { return r.Credential == id }) {
			continue
		}
		a, of := b.enter(d, sets)
		if a.Verdict != trust.Allowed {
			continue
		}
		i := b.byARN(d.ref)
		i.Verdict, i.Witness = "reachable", a.Witness(of, d.name)
		i.ReachedBy = append(i.ReachedBy, in.Start.Path)
		j.Reaches = append(j.Reaches, Reach{Credential: i.ID, Name: i.Name, How: "id-token", Line: in.Top.Line})
	}
}

// byARN is the identity of a role, made where there is none yet.
func (b *builder) byARN(arn string) *Identity {
	if id := b.arns[arn]; id != "" {
		return b.identities[id]
	}
	i := &Identity{Name: arn[strings.LastIndexByte(arn, '/')+1:], Kind: "aws.role", Provider: "aws"}
	i.place(arn, "")
	return b.keep(i)
}

// open tells of every identity whose document was read who could get in.
func (b *builder) open() {
	if len(b.doors) == 0 {
		return
	}
	around := trust.Around{Repositories: make(map[string]trust.Repository, len(b.repos))}
	for name, r := range b.repos {
		around.Repositories[strings.ToLower(name)] = known(name, r, b.subject(name))
	}
	for _, i := range b.identities {
		d := b.doors[i.ref()]
		if d == nil || d.aws == nil {
			continue
		}
		for _, x := range d.aws.Doors() {
			i.OpenTo = append(i.OpenTo, x.String())
		}
		for _, x := range d.aws.Lint(around) {
			b.findings = append(b.findings, Finding{
				Rule: x.ID, Severity: x.Severity, Path: "aws:" + strings.TrimPrefix(i.ARN[strings.LastIndexByte(i.ARN, ':')+1:], ":"), Line: x.Statement, Column: 1,
				Message: x.Message, Fix: x.Fix, Order: 3,
			})
		}
	}
}

func known(name string, r *snapshot.Repository, s trust.Subject) trust.Repository {
	out := trust.Repository{FullName: name, Subject: s, Protected: map[string]bool{}}
	for _, e := range r.Environments {
		out.Protected[e.Name] = e.Policy != "" || len(e.Reviewers) > 0
	}
	return out
}
