package workflow

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// structure fills in everything but the references.
// Source: GitHub Docs, "Workflow syntax for GitHub Actions".
func (f *File) structure(root *yaml.Node, w *walker) {
	read := map[string]bool{}
	each(root, func(k, v *yaml.Node) {
		switch strings.ToLower(k.Value) {
		case "name":
			f.Name = scalar(v)
		case "permissions":
			f.Permissions = permissions(k, v)
		case "env":
			f.Env = vars(v)
		case "on", "true": // YAML 1.1 reads a bare "on" as true
			f.Triggers = triggers(v)
		case "jobs":
			each(v, func(k, v *yaml.Node) {
				id := strings.ToLower(k.Value)
				if v.Kind != yaml.MappingNode {
					return
				}
				read[id] = true
				f.Jobs = append(f.Jobs, job(k, v, w.of(func(job string) bool { return job == id })))
			})
		}
	})
	f.Refs = w.of(func(job string) bool { return job == "" || !read[job] })
	slices.SortStableFunc(f.Jobs, func(a, b Job) int { return comparePos(a.Pos, b.Pos) })
	f.index()
}

func permissions(k, v *yaml.Node) *Permissions {
	out := &Permissions{Pos: where(k), Scopes: map[string]Scope{}}
	switch v.Kind {
	case yaml.MappingNode:
		each(v, func(name, value *yaml.Node) {
			out.Scopes[strings.ToLower(name.Value)] = Scope{Value: scalar(value), Pos: where(value)}
		})
	case yaml.ScalarNode:
		if out.All = scalar(v); out.All == "" {
			return nil // what GitHub makes of an empty key is not documented
		}
	default:
		return nil
	}
	return out
}

// triggers reads "on": one event, a list of them, or a mapping with filters.
func triggers(n *yaml.Node) []Trigger {
	var out []Trigger
	add := func(name string, at Pos) *Trigger {
		t := Trigger{Pos: at}
		t.Event, _ = EventNamed(name)
		out = append(out, t)
		return &out[len(out)-1]
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if s := scalar(n); s != "" {
			add(s, where(n))
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if c = follow(c); scalar(c) != "" {
				add(scalar(c), where(c))
			}
		}
	case yaml.MappingNode:
		each(n, func(k, v *yaml.Node) { add(k.Value, where(k)).filters(v) })
	}
	return out
}

func (t *Trigger) filters(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode && t.Name == "schedule" {
		for _, c := range n.Content {
			t.Schedules = append(t.Schedules, Schedule{Cron: scalar(value(c, "cron")), Zone: scalar(value(c, "timezone"))})
		}
		return
	}
	each(n, func(k, v *yaml.Node) {
		switch k.Value {
		case "branches":
			t.Branches = texts(v)
		case "branches-ignore":
			t.BranchesIgnore = texts(v)
		case "tags":
			t.Tags = texts(v)
		case "tags-ignore":
			t.TagsIgnore = texts(v)
		case "types":
			t.Types = texts(v)
		case "workflows":
			t.Workflows = texts(v)
		case "inputs":
			t.Inputs = defaults(v)
		case "secrets":
			each(v, func(k, _ *yaml.Node) { t.Secrets = append(t.Secrets, strings.ToUpper(k.Value)) })
			slices.Sort(t.Secrets)
		}
	})
}

// defaults are the inputs of a workflow or an action with their default values.
func defaults(n *yaml.Node) []Var {
	var out []Var
	each(n, func(k, v *yaml.Node) { out = append(out, Var{k.Value, scalar(value(v, "default")), where(k)}) })
	return out
}

func job(k, n *yaml.Node, refs []Ref) Job {
	j := Job{ID: k.Value, Pos: where(k), Refs: refs}
	uses := nothing
	c := Call{}
	each(n, func(k, v *yaml.Node) {
		switch strings.ToLower(k.Value) {
		case "name":
			j.Name = scalar(v)
		case "needs":
			j.Needs = texts(v)
		case "if":
			j.If = scalar(v)
		case "permissions":
			j.Permissions = permissions(k, v)
		case "env":
			j.Env = vars(v)
		case "runs-on":
			j.Runner = runner(v)
		case "environment":
			j.Environment = environment(k, v)
		case "strategy":
			j.Matrix = matrix(value(v, "matrix"))
		case "container":
			j.Images = append(j.Images, image("container", v)...)
		case "services":
			each(v, func(_, v *yaml.Node) { j.Images = append(j.Images, image("service", v)...) })
		case "steps":
			j.Steps = steps(v)
		case "uses":
			uses = v
		case "with":
			c.With = vars(v)
		case "secrets":
			c.secrets(v)
		}
	})
	if s := scalar(uses); s != "" {
		c.Uses, c.Pos = s, where(uses)
		if p, ok := strings.CutPrefix(s, "./"); ok {
			c.Local = path.Clean(p)
		}
		j.Call = &c
	}
	j.condition()
	return j
}

func (c *Call) secrets(n *yaml.Node) {
	if scalar(n) == "inherit" {
		c.Inherit, c.InheritPos = true, where(n)
		return
	}
	c.Secrets = vars(n)
	for i := range c.Secrets {
		c.Secrets[i].Name = strings.ToUpper(c.Secrets[i].Name)
	}
}

func runner(n *yaml.Node) Runner {
	r := Runner{Pos: where(n)}
	if n.Kind == yaml.MappingNode {
		r.Group = scalar(value(n, "group"))
		labels := value(n, "labels")
		r.Labels = texts(labels)
		if labels != nothing {
			n = labels
		}
	} else {
		r.Labels = texts(n)
	}
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	r.Pos = where(n)
	return r
}

func environment(k, n *yaml.Node) *Text {
	t := &Text{Value: scalar(n), Pos: where(k)}
	if n.Kind == yaml.MappingNode {
		t.Value = scalar(value(n, "name"))
	}
	if t.Value == "" {
		return nil
	}
	return t
}

func image(kind string, n *yaml.Node) []Image {
	if n.Kind == yaml.MappingNode {
		n = value(n, "image")
	}
	if scalar(n) == "" {
		return nil
	}
	return []Image{{Kind: kind, Text: Text{scalar(n), where(n)}}}
}

func steps(n *yaml.Node) []Step {
	if n = follow(n); n.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]Step, 0, len(n.Content))
	for i, s := range n.Content {
		if s = follow(s); s.Kind == yaml.MappingNode {
			out = append(out, step(i, s))
		}
	}
	return out
}

func step(i int, n *yaml.Node) Step {
	s := Step{Index: i, Pos: where(n)}
	each(n, func(k, v *yaml.Node) {
		switch strings.ToLower(k.Value) {
		case "id":
			s.ID = scalar(v)
		case "name":
			s.Name = scalar(v)
		case "if":
			s.If = scalar(v)
		case "uses":
			s.Uses, s.UsesPos, s.Note = scalar(v), where(v), strings.TrimSpace(strings.TrimLeft(v.LineComment, "#"))
		case "run":
			s.Run, s.RunPos = scalar(v), where(v)
			s.scanned, s.uses = true, uses(s.Run)
		case "shell":
			s.Shell = scalar(v)
		case "with":
			s.With = vars(v)
		case "env":
			s.Env = vars(v)
		}
	})
	return s
}
