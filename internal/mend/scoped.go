package mend

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"mvdan.cc/sh/v3/syntax"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/workflow"
)

var (
	errNobody  = errors.New("no step names that variable; a program may read it, and which one is not known")
	errWritten = errors.New("a step writes that variable's name out for a later one to read")
	errOutside = errors.New("the variable is used outside of steps too")
	errOwn     = errors.New("a step's env reads that variable, which it can only from above")
)

// scoped moves a secret from the env of a workflow or job to the steps that name the
// variable, so that no other step's programs have it in their environment. A program
// that reads it without naming it in the workflow loses it: a person has to look.
//
// Source: actions/runner, StepsRunner: a step's env is evaluated before, and known to,
// its condition and inputs; its own values see only the env above it.
func scoped(t *target, f inventory.Finding) ([]Edit, error) {
	if t.file == nil {
		return nil, errAction
	}
	envKey, env, name, value, job := t.variable(workflow.Pos{Line: f.Line, Column: f.Column})
	if value == nil {
		return nil, errGone
	}
	if err := t.text.alone(value); err != nil {
		return nil, err
	}
	users, err := t.users(name.Value, job)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	for _, u := range users {
		more, err := t.text.give(u, [2]string{name.Value, value.Value})
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	gone, err := t.text.drop(envKey, env, name, value)
	return append(edits, gone), err
}

// variable finds the entry of a workflow's or job's env in whose value a place lies;
// job is "" for the workflow's.
func (t *target) variable(at workflow.Pos) (envKey, env, name, value *yaml.Node, job string) {
	look := func(of *yaml.Node, id string) {
		k, e := entry(of, "env")
		if e == nil || e.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(e.Content); i += 2 {
			if v := e.Content[i+1]; v.Line == at.Line && v.Column <= at.Column && v.Kind == yaml.ScalarNode {
				envKey, env, name, value, job = k, e, e.Content[i], v, id
			}
		}
	}
	look(t.text.root, "")
	for i := range t.file.Jobs {
		if _, node, err := t.text.job(t.file.Jobs[i].ID); err == nil {
			look(node, t.file.Jobs[i].ID)
		}
	}
	return envKey, env, name, value, job
}

// users are the steps that name a variable, in one job or in all.
func (t *target) users(name, only string) ([]*yaml.Node, error) {
	var out []*yaml.Node
	for i := range t.file.Jobs {
		j := &t.file.Jobs[i]
		if only != "" && j.ID != only {
			continue
		}
		_, node, err := t.text.job(j.ID)
		if err != nil {
			return nil, err
		}
		if outside(node, name) {
			return nil, errOutside
		}
		steps := t.text.steps(node)
		for n := range j.Steps {
			s := &j.Steps[n]
			if s.Index >= len(steps) || !takes(s, steps[s.Index], name) {
				continue
			}
			if writes(s.Run, name) {
				return nil, errWritten
			}
			if err := t.text.alone(steps[s.Index]); err != nil {
				return nil, err
			}
			if _, env := entry(steps[s.Index], "env"); env != nil {
				if contextual(env, name) {
					return nil, errOwn
				}
				if _, own := entry(env, name); own != nil {
					continue // it has its own already
				}
			}
			out = append(out, steps[s.Index])
		}
	}
	if len(out) == 0 {
		return nil, errNobody
	}
	return out, nil
}

// takes says whether a step names a variable, or runs a command that is known to read it.
func takes(s *workflow.Step, node *yaml.Node, name string) bool {
	k, known := workflow.KnownAction(s.Uses)
	return spoken(node, name) || known && slices.Contains(k.Env, name) ||
		slices.ContainsFunc(s.Commands(), func(u workflow.Use) bool { return slices.Contains(u.Env, name) })
}

// spoken says whether any text below a node names a variable. The names of keys in an
// env or with are no use of it.
func spoken(n *yaml.Node, name string) bool {
	if n.Kind == yaml.ScalarNode {
		return mentions(n.Value, name)
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		if spoken(c, name) {
			return true
		}
	}
	return false
}

// outside says whether a job uses a variable in anything but its steps and its own env.
func outside(job *yaml.Node, name string) bool {
	for i := 0; i+1 < len(job.Content); i += 2 {
		switch strings.ToLower(job.Content[i].Value) {
		case "steps":
		case "env":
			if contextual(job.Content[i+1], name) {
				return true
			}
		default:
			if spoken(job.Content[i+1], name) {
				return true
			}
		}
	}
	return false
}

func contextual(n *yaml.Node, name string) bool {
	if n.Kind == yaml.ScalarNode {
		return strings.Contains(strings.ToUpper(n.Value), "ENV."+strings.ToUpper(name))
	}
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return contextual(c, name) })
}

// writes says whether a script has a variable's name where the shell does not put its
// value in: in single quotes or behind a backslash, as in a line for .npmrc.
func writes(script, name string) bool {
	if strings.Contains(script, `\$`+name) || strings.Contains(script, `\${`+name) {
		return true
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(strings.ReplaceAll(script, "${{", "xxx")), "")
	if err != nil {
		return script != ""
	}
	found := false
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.SglQuoted:
			found = found || strings.Contains(n.Value, "$") && mentions(n.Value, name)
		case *syntax.Redirect:
			found = found || n.Hdoc != nil && strings.ContainsAny(literal(n.Word), `'"\`) && mentions(literal(n.Hdoc), name)
		}
		return !found
	})
	return found
}

// give puts a variable into a step's env.
func (t *text) give(step *yaml.Node, v [2]string) ([]Edit, error) {
	if run, _ := entry(step, "run"); run != nil {
		return t.environment(step, run, [][2]string{v})
	}
	if _, env := entry(step, "env"); env != nil {
		return t.environment(step, nil, [][2]string{v})
	}
	uses, value := entry(step, "uses")
	if uses == nil || !block(step) {
		return nil, errLayout
	}
	e, err := t.after(uses, value, "env:", "  "+v[0]+": "+plain(v[1]))
	return []Edit{e}, err
}

// drop takes an entry out of a mapping, and the mapping's key with the last one.
func (t *text) drop(key, mapping, name, value *yaml.Node) (Edit, error) {
	at := t.at(key)
	start, end := t.line(at)
	switch {
	case !block(mapping) && len(mapping.Content) == 2:
		// { NAME: value } and nothing else but a comment behind it
		close := strings.LastIndexByte(t.src[start:end], '}')
		if !t.own(at) || mapping.Line != key.Line || !t.oneLine(value) || close < 0 || strings.Count(t.src[start:end], "}") != 1+strings.Count(value.Value, "}") {
			return Edit{}, errLayout
		}
		return Edit{Start: start, End: t.next(at)}, nil
	case !block(mapping):
		return t.cut(mapping, name, value)
	}
	e, err := t.remove(name, value)
	if err != nil || len(mapping.Content) > 2 {
		return e, err
	}
	if !t.own(at) {
		return Edit{}, errLayout // the first key behind a list's dash
	}
	e.Start = start
	return e, nil
}

// cut takes an entry that another follows on the same line out of braces.
func (t *text) cut(mapping, name, value *yaml.Node) (Edit, error) {
	i := slices.Index(mapping.Content, name)
	if !t.oneLine(value) || i+2 >= len(mapping.Content) || mapping.Content[i+2].Line != name.Line {
		return Edit{}, errLayout
	}
	return Edit{Start: t.at(name), End: t.at(mapping.Content[i+2])}, nil
}
