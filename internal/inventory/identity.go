package inventory

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/workflow"
)

// identity gives the id of the identity that a login step becomes, "" for a login
// with a credential's value alone.
func (b *builder) identity(in *Instance, s *InstanceStep, k workflow.Known) string {
	v, ok := s.Input(k.Input)
	if k.Identity == "" || !ok || v.Value == "" {
		return ""
	}
	mount := ""
	if k.Mount != "" {
		if m, set := s.Input(k.Mount); set {
			mount = m.Value
		}
	}
	var i *Identity
	value, name := b.value(in, s, v.Value)
	declaredName, d := b.declaredIdentity(k.Identity, value, name, mount)
	switch {
	case d != nil:
		i = b.fromConfig(declaredName, d)
	case strings.Contains(value, "${{"):
		i = &Identity{
			ID: unknown + ":" + k.System + ":" + cmp.Or(name, value), Name: cmp.Or(name, value), Kind: k.Identity, Provider: k.System,
			Verdict: "not evaluable: " + cmp.Or(name, value) + " is only known at run time; declare it under identities in firebreak.yaml",
		}
	default:
		i = &Identity{Name: cmp.Or(name, value), Kind: k.Identity, Provider: k.System}
		i.place(value, mount)
	}
	i = b.keep(i)
	if strings.HasPrefix(i.Verdict, "not ") && i.Witness == "" && !strings.Contains(i.Verdict, "only known at run time") {
		b.judge(i, in, s, k)
	}
	return i.ID
}

// judge says whether the login can succeed as far as the workflow decides it.
func (b *builder) judge(i *Identity, in *Instance, s *InstanceStep, k workflow.Known) {
	byValue := slices.ContainsFunc(k.Secrets, func(name string) bool { v, ok := s.Input(name); return ok && v.Value != "" })
	token, _ := in.Permissions["id-token"]
	where := "job " + in.Top.ID + " of " + in.Start.Path + ", on " + events(in.Start.File) + ", logs in with " + s.Uses + " at line " + line(s.Shown)
	switch {
	case token == "write" && !byValue && b.judgeByTrust(i, in, where):
	case token == "write":
		i.Verdict, i.Witness = "reachable", where+" and has id-token: write"
	case byValue:
		i.Verdict, i.Witness = "reachable", where+" and a credential passed to that step"
	case in.Permissions[workflow.Unknown] != "":
		i.Verdict = "not evaluable: " + where + ", but what its token may do is not known"
	default:
		i.Verdict = "not evaluable: " + where + ", but the job has no id-token: write"
	}
}

// value follows a value through env and configuration variables. name is what the
// workflow calls it, "" for a literal.
func (b *builder) value(in *Instance, s *InstanceStep, v string) (value, name string) {
	for range maxDepth {
		context, n, ok := workflow.Single(v)
		if !ok {
			break
		}
		next := ""
		switch context {
		case "env":
			for _, vars := range s.Env {
				if i := slices.IndexFunc(vars, func(x workflow.Var) bool { return strings.EqualFold(x.Name, n) }); i >= 0 && next == "" {
					next = vars[i].Value
				}
			}
		case "vars":
			name = n
			next = b.variable(in, n)
		case "secrets":
			name = n
			if real := in.Real(n); len(real) == 1 {
				name = real[0]
			}
		}
		if next == "" {
			return v, cmp.Or(name, n)
		}
		v = next
	}
	return variableUse.ReplaceAllStringFunc(v, func(m string) string {
		return cmp.Or(b.variable(in, variableUse.FindStringSubmatch(m)[1]), m)
	}), name
}

var variableUse = regexp.MustCompile(`\$\{\{\s*vars\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)

// variable is the value of a configuration variable, "" when the survey has none.
func (b *builder) variable(in *Instance, name string) string {
	r := b.repos[in.Model.Repository]
	if r == nil {
		return ""
	}
	scopes := []string{"repository", "organization"}
	if e := in.Job.Environment; e != nil {
		scopes = append([]string{"environment/" + e.Value}, scopes...)
	}
	for _, scope := range scopes {
		for _, v := range r.Variables {
			if v.Scope == scope && strings.EqualFold(v.Name, name) {
				return v.Value
			}
		}
	}
	return ""
}

// declaredIdentity finds the configuration's entry by the name the workflow uses or by what it stands for.
func (b *builder) declaredIdentity(kind, value, name, mount string) (string, *config.Identity) {
	if written, d, ok := b.called(name); ok {
		return written, d
	}
	for _, n := range b.find.refs[kind+" "+value] {
		d := b.cfg.Identities[n]
		if mount == "" || d.With["mount"] == "" || d.With["mount"] == mount {
			return n, &d
		}
	}
	return "", nil
}

// named says whether the configuration has an identity of the name workflows use.
func (b *builder) named(name string) bool {
	_, ok := b.find.identities[strings.ToUpper(name)]
	return name != "" && ok
}

func (b *builder) called(name string) (string, *config.Identity, bool) {
	if !b.named(name) {
		return "", nil, false
	}
	d := b.cfg.Identities[b.find.identities[strings.ToUpper(name)]]
	return name, &d, true
}

func (b *builder) fromConfig(name string, d *config.Identity) *Identity {
	provider, _, _ := strings.Cut(d.Kind, ".")
	i := &Identity{
		Name: name, Kind: d.Kind, Provider: provider, Owner: d.Owner, Contact: b.cfg.Owners[d.Owner].Contact, Authority: sorted(d.Authority), Systems: slices.Clone(d.Systems),
	}
	i.place(d.Ref, d.With["mount"])
	return i
}

// place fills in what names the identity at its provider.
func (i *Identity) place(ref, mount string) {
	i.Verdict = cmp.Or(i.Verdict, "not evaluable: no workflow read here logs in as it, and its trust policy is not evaluated")
	switch i.Kind {
	case "aws.role":
		i.ARN, i.Role = ref, ref[strings.LastIndexByte(ref, '/')+1:]
		i.ID = "role:" + i.Role
	case "vault.jwt_role":
		i.Role, i.Mount = ref, cmp.Or(mount, "jwt")
		i.ID = "vault:" + ref
	default:
		i.Role = ref
		i.ID = i.Provider + ":" + ref
	}
}

// keep stores an identity, or gives the one already known. Two that differ but
// share a short id are told apart by their full name.
func (b *builder) keep(i *Identity) *Identity {
	if old, ok := b.identities[i.ID]; ok {
		if old.ARN == i.ARN && old.Mount == i.Mount {
			return old
		}
		provider, _, _ := strings.Cut(i.ID, ":")
		i.ID = provider + ":" + cmp.Or(i.ARN, i.Mount+"/"+i.Role)
		if old, ok := b.identities[i.ID]; ok {
			return old
		}
	}
	i.Authority = sorted(i.Authority)
	b.said[i.ID] = said{len(i.Authority) > 0, len(i.Systems) > 0}
	i.ReachedBy = []string{}
	b.identities[i.ID] = i
	if i.ARN != "" {
		b.arns[i.ARN] = i.ID
	}
	return i
}
