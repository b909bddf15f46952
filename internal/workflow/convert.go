package workflow

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
)

// The functions here turn actionlint's tree, in which nearly everything may be
// nil, into ours.

func str(s *actionlint.String) string {
	if s == nil {
		return ""
	}
	return s.Value
}

func pos(p *actionlint.Pos) Pos {
	if p == nil {
		return Pos{1, 1}
	}
	return Pos{p.Line, p.Col}
}

func at(s *actionlint.String) Pos {
	if s == nil {
		return Pos{1, 1}
	}
	return pos(s.Pos)
}

func texts(list []*actionlint.String) []string {
	var out []string
	for _, s := range list {
		if s != nil {
			out = append(out, s.Value)
		}
	}
	return out
}

func permissions(p *actionlint.Permissions) *Permissions {
	if p == nil {
		return nil
	}
	out := &Permissions{Pos: pos(p.Pos), All: str(p.All), Scopes: map[string]Scope{}}
	for _, s := range p.Scopes {
		if s != nil {
			out.Scopes[str(s.Name)] = Scope{Value: str(s.Value), Pos: at(s.Value)}
		}
	}
	return out
}

func env(e *actionlint.Env) []Var {
	if e == nil {
		return nil
	}
	var out []Var
	for _, v := range e.Vars {
		if v != nil {
			out = append(out, Var{str(v.Name), str(v.Value), at(v.Value)})
		}
	}
	return ordered(out)
}

func ordered(vars []Var) []Var {
	slices.SortFunc(vars, func(a, b Var) int {
		if c := comparePos(a.Pos, b.Pos); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return vars
}

func trigger(e actionlint.Event) Trigger {
	t := Trigger{Pos: Pos{1, 1}}
	t.Event, _ = EventNamed(e.EventName())
	switch e := e.(type) {
	case *actionlint.WebhookEvent:
		t.Pos = pos(e.Pos)
		t.Types = texts(e.Types)
		t.Branches, t.BranchesIgnore = filter(e.Branches), filter(e.BranchesIgnore)
		t.Tags, t.TagsIgnore = filter(e.Tags), filter(e.TagsIgnore)
		t.Workflows = texts(e.Workflows)
	case *actionlint.ScheduledEvent:
		t.Pos = pos(e.Pos)
		for _, s := range e.Schedules {
			if s != nil {
				t.Schedules = append(t.Schedules, Schedule{Cron: str(s.Cron), Zone: str(s.Timezone)})
			}
		}
	case *actionlint.WorkflowDispatchEvent:
		t.Pos = pos(e.Pos)
	case *actionlint.RepositoryDispatchEvent:
		t.Pos = pos(e.Pos)
		t.Types = texts(e.Types)
	case *actionlint.ImageVersionEvent:
		t.Pos = pos(e.Pos)
	case *actionlint.WorkflowCallEvent:
		t.Pos = pos(e.Pos)
		for _, name := range slices.Sorted(maps.Keys(e.Secrets)) {
			t.Secrets = append(t.Secrets, strings.ToUpper(name))
		}
	}
	return t
}

func filter(f *actionlint.WebhookEventFilter) []string {
	if f == nil {
		return nil
	}
	return texts(f.Values)
}

func job(j *actionlint.Job, refs []Ref) Job {
	out := Job{
		ID: str(j.ID), Name: str(j.Name), Pos: pos(j.Pos), Needs: texts(j.Needs), If: str(j.If),
		Permissions: permissions(j.Permissions), Env: env(j.Env), Refs: refs,
	}
	if r := j.RunsOn; r != nil {
		out.Runner = Runner{Labels: texts(r.Labels), Group: str(r.Group)}
		if r.LabelsExpr != nil {
			out.Runner.Labels = []string{r.LabelsExpr.Value}
			out.Runner.Pos = at(r.LabelsExpr)
		} else if len(r.Labels) > 0 {
			out.Runner.Pos = at(r.Labels[0])
		}
	}
	if e := j.Environment; e != nil {
		out.Environment = &Text{Value: str(e.Name), Pos: pos(e.Pos)}
	}
	for i, s := range j.Steps {
		if s != nil {
			out.Steps = append(out.Steps, step(i, s))
		}
	}
	if c := j.WorkflowCall; c != nil && c.Uses != nil {
		out.Call = call(c, refs)
	}
	return out
}

func call(c *actionlint.WorkflowCall, refs []Ref) *Call {
	out := &Call{Uses: str(c.Uses), Inherit: c.InheritSecrets, Pos: at(c.Uses)}
	if p, ok := strings.CutPrefix(out.Uses, "./"); ok {
		out.Local = path.Clean(p)
	}
	for _, v := range c.Inputs {
		if v != nil {
			out.With = append(out.With, Var{str(v.Name), str(v.Value), at(v.Value)})
		}
	}
	for _, v := range c.Secrets {
		if v != nil {
			out.Secrets = append(out.Secrets, Var{strings.ToUpper(str(v.Name)), str(v.Value), at(v.Value)})
		}
	}
	for _, r := range refs {
		if r.Kind == Inherit {
			out.InheritPos = r.Pos
		}
	}
	ordered(out.With)
	ordered(out.Secrets)
	return out
}

func step(i int, s *actionlint.Step) Step {
	out := Step{Index: i, ID: str(s.ID), Name: str(s.Name), If: str(s.If), Pos: pos(s.Pos), Env: env(s.Env)}
	switch e := s.Exec.(type) {
	case *actionlint.ExecRun:
		out.Run, out.RunPos = str(e.Run), at(e.Run)
	case *actionlint.ExecAction:
		out.Uses, out.UsesPos = str(e.Uses), at(e.Uses)
		for _, in := range e.Inputs {
			if in != nil {
				out.With = append(out.With, Var{str(in.Name), str(in.Value), at(in.Value)})
			}
		}
		ordered(out.With)
	}
	return out
}
