package playbook

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/plan"
)

// flags are the command-line flags which give well-known inputs.
var flags = map[string]string{"repository": "--repo", "workflow": "--workflow", "since": "--since"}

// resolveInputs checks what the responder gave against what the playbook declares,
// and fills in defaults. Lists are sorted: their order means nothing.
func (c *compiler) resolveInputs() {
	c.inputs = map[string]any{}
	for _, in := range c.book.Inputs {
		given, ok := c.request.Inputs[in.Name]
		if !ok || empty(given) {
			if in.Required {
				c.report(in.at, fmt.Sprintf("the input %q is required", in.Name), "give it with "+flagOf(in.Name))
			} else if in.Default != nil {
				c.inputs[in.Name] = in.Default
			}
			continue
		}
		v, problem := c.accept(in, given)
		if problem != "" {
			c.report(in.at, fmt.Sprintf("the input %q does not fit: %s", in.Name, problem), "give it with "+flagOf(in.Name))
			continue
		}
		c.inputs[in.Name] = v
	}
	c.shorten()
	c.unknownInputs()
}

// shorten writes workflows without their repository where there is only one, so that
// equal incidents give equal plans, and refuses one of a repository not given.
func (c *compiler) shorten() {
	repositories := texts(c.inputs["repository"])
	one := func(in Input, w string) string {
		r, path, is := qualified(w)
		switch {
		case !is || len(repositories) == 0:
			return w
		case !slices.Contains(repositories, r):
			c.report(in.at, fmt.Sprintf("the workflow %s is of a repository that is not given", w), "give it too, with --repo "+r)
		case len(repositories) == 1:
			return path
		}
		return w
	}
	for _, in := range c.book.Inputs {
		if in.Type != plan.Workflow {
			continue
		}
		switch v := c.inputs[in.Name].(type) {
		case string:
			c.inputs[in.Name] = one(in, v)
		case []string:
			var out []string
			for _, w := range v {
				out = append(out, one(in, w))
			}
			slices.Sort(out)
			c.inputs[in.Name] = slices.Compact(out)
		}
	}
}

func (c *compiler) unknownInputs() {
	var known, given []string
	for _, in := range c.book.Inputs {
		known = append(known, in.Name)
	}
	for name := range c.request.Inputs {
		given = append(given, name)
	}
	slices.Sort(given)
	for _, name := range given {
		if !slices.Contains(known, name) && !empty(c.request.Inputs[name]) {
			c.problems.Add(diag.Diagnostic{File: c.book.File, Message: fmt.Sprintf("the playbook has no input %q", name), Hint: diag.DidYouMean(name, known)})
		}
	}
}

func flagOf(name string) string {
	if f, ok := flags[name]; ok {
		return f
	}
	return "--set " + name + "=VALUE"
}

func empty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case []string:
		return len(x) == 0
	}
	return false
}

func (c *compiler) accept(in Input, given any) (v any, problem string) {
	owner := c.request.Config.GitHub.Owner
	switch x := given.(type) {
	case string:
		s := normal(x, in.Type, owner)
		if in.List {
			return []string{s}, checkValue(s, in.Type)
		}
		return parsed(s, in.Type)
	case []string:
		if !in.List {
			if len(x) == 1 {
				return c.accept(in, x[0])
			}
			return nil, fmt.Sprintf("it is given %d times; declare it as a list, type: [%s]", len(x), in.Type)
		}
		var out []string
		for _, s := range x {
			s = normal(s, in.Type, owner)
			if p := checkValue(s, in.Type); p != "" && problem == "" {
				problem = p
			}
			out = append(out, s)
		}
		slices.Sort(out)
		return slices.Compact(out), problem
	case int:
		return int64(x), checkValue(int64(x), in.Type)
	}
	return given, checkValue(given, in.Type)
}

// parsed reads a command line's text as the input's type.
func parsed(s string, t plan.Type) (any, string) {
	switch t {
	case plan.Bool:
		switch s {
		case "true":
			return true, ""
		case "false":
			return false, ""
		}
		return nil, fmt.Sprintf("%q is neither true nor false", s)
	case plan.Int:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fmt.Sprintf("%q is not a whole number", s)
		}
		return n, ""
	}
	return s, checkText(s, t)
}

// bindings are the values of inputs.NAME in expressions; what was not given is the
// type's zero value.
func (c *compiler) bindings() map[string]any {
	out := map[string]any{"inventory": c.reach.inventory}
	for _, in := range c.book.Inputs {
		v, ok := c.inputs[in.Name]
		if !ok {
			v = zero(in)
		}
		out["inputs."+in.Name] = v
	}
	return out
}

func zero(in Input) any {
	switch {
	case in.List:
		return []string{}
	case in.Type == plan.Bool:
		return false
	case in.Type == plan.Int:
		return int64(0)
	}
	return ""
}
