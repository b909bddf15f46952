package workflow

import (
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
	"go.yaml.in/yaml/v4"
)

// walker collects every reference in a YAML tree, whatever key it stands under.
type walker struct {
	text     *text
	path     []string // keys from the root, lower case; "#3" for the third-from-zero item of a list
	place    func(path []string) place
	found    []placed
	problems *diag.List
	file     string
}

// place says where in the model a YAML path lies.
type place struct {
	job   string // "" above the jobs
	step  int
	how   string
	level string
	as    string
	// call: the value of a "secrets" key of a job.
	call bool
}

// placed is a reference and the job it belongs to.
type placed struct {
	job string
	ref Ref
}

func (w *walker) walk(n *yaml.Node) {
	switch n.Kind {
	case yaml.AliasNode:
		w.walk(n.Alias)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			w.path = append(w.path, strings.ToLower(key.Value))
			w.scalar(key, true)
			w.walk(n.Content[i+1])
			w.path = w.path[:len(w.path)-1]
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			w.path = append(w.path, item(i))
			w.walk(c)
			w.path = w.path[:len(w.path)-1]
		}
	case yaml.ScalarNode:
		w.scalar(n, false)
	}
}

// item writes an index of a list as a part of a path.
func item(i int) string {
	if i < len(items) {
		return items[i]
	}
	return "#" + strconv.Itoa(i)
}

// items are the indexes written out that nearly every list keeps to.
var items = func() (all [64]string) {
	for i := range all {
		all[i] = "#" + strconv.Itoa(i)
	}
	return all
}()

func (w *walker) scalar(n *yaml.Node, key bool) {
	if key && n.Kind != yaml.ScalarNode || !w.telling(n.Value, key) {
		return
	}
	p := w.place(w.path)
	here := Pos{n.Line, n.Column}
	if p.call && !key && n.Value == "inherit" {
		w.add(p, Ref{Kind: Inherit, How: HowInherit, Value: n.Value, Pos: here})
		return
	}
	cursor := 0
	implicit := p.how == HowIf && !key
	for _, e := range expressions(n.Value, implicit) {
		if !e.mayRefer() {
			continue
		}
		at := -1
		if found := w.text.within(here, cursor, e.body); found >= 0 {
			at, cursor = found, found+1
		}
		if !e.unread && e.node == nil && !implicit {
			w.problems.Add(diag.Diagnostic{
				File: w.file, Line: here.Line, Column: here.Column, Snippet: w.text.line(here.Line),
				Message: "an expression here does not parse; its secrets were found by their text",
			})
		}
		uses := e.uses()
		tested := len(uses) > 0 && !e.unread && e.node != nil && !yields(e.node, "secrets")
		for _, u := range uses {
			r := Ref{Kind: u.kind, Name: u.name, How: how(p.how, u.kind), Value: n.Value, Pos: here, Tested: tested && u.kind == Secret}
			if at >= 0 {
				r.Pos = w.text.pos(w.text.inside(at, e.body, u.offset))
			}
			w.add(p, r)
		}
	}
}

// telling says whether a value can hold a reference at all. Most cannot, which is
// found out by its text before anything of it is parsed.
func (w *walker) telling(value string, key bool) bool {
	if strings.Contains(value, "${{") {
		return mayRefer(value)
	}
	if key || len(w.path) == 0 {
		return false
	}
	switch w.path[len(w.path)-1] {
	case "if":
		return mayRefer(value)
	case "secrets":
		return value == "inherit"
	}
	return false
}

func (w *walker) add(p place, r Ref) {
	r.Level, r.As, r.Step = p.level, p.as, p.step
	w.found = append(w.found, placed{p.job, r})
}

// how is the word for a reference: what is taken counts more than where it stands.
func how(where string, kind RefKind) string {
	switch kind {
	case All:
		return HowAll
	case Dynamic:
		return HowDynamic
	}
	return where
}

// of gives the references of the wanted jobs ("" stands for what is above the
// jobs), in the order of the file.
func (w *walker) of(wanted func(job string) bool) []Ref {
	var out []Ref
	for _, f := range w.found {
		if wanted(f.job) {
			out = append(out, f.ref)
		}
	}
	slices.SortStableFunc(out, func(a, b Ref) int { return comparePos(a.Pos, b.Pos) })
	return out
}

// inWorkflow places the paths of a workflow file.
func inWorkflow(path []string) place {
	p := place{step: -1, how: HowOther, level: "workflow"}
	if len(path) > 0 && path[0] == "env" {
		p.how, p.as = HowEnv, last(path, 2)
	}
	if len(path) < 3 || path[0] != "jobs" {
		return p
	}
	p.job, p.level = path[1], "job"
	rest := path[2:]
	switch rest[0] {
	case "env":
		p.how, p.as = HowEnv, last(rest, 2)
	case "if":
		p.how = HowIf
	case "with":
		p.how, p.as = HowWith, last(rest, 2)
	case "secrets":
		p.how, p.as, p.call = HowPassed, last(rest, 2), len(rest) == 1
	case "container":
		p.how, p.level, p.as = HowContainer, "container", last(rest, 3)
	case "services":
		p.how, p.level, p.as = HowService, "service", last(rest, 4)
	case "steps":
		inStep(rest[1:], &p)
	}
	return p
}

// inAction places the paths of an action's metadata file.
func inAction(path []string) place {
	p := place{step: -1, how: HowOther, level: "action"}
	switch {
	case len(path) >= 2 && path[0] == "runs" && path[1] == "steps":
		inStep(path[2:], &p)
	case len(path) == 3 && path[0] == "inputs" && path[2] == "default":
		p.how, p.as = HowWith, strings.ToUpper(path[1])
	}
	return p
}

func inStep(path []string, p *place) {
	if len(path) == 0 {
		return
	}
	i, err := strconv.Atoi(strings.TrimPrefix(path[0], "#"))
	if err != nil {
		return
	}
	p.step, p.level = i, "step"
	if len(path) < 2 {
		return
	}
	switch path[1] {
	case "env":
		p.how, p.as = HowEnv, last(path, 3)
	case "with":
		p.how, p.as = HowWith, last(path, 3)
	case "run":
		p.how = HowRun
	case "if":
		p.how = HowIf
	}
}

// last is the name a value is bound to when the path has exactly n parts.
func last(path []string, n int) string {
	if len(path) != n {
		return ""
	}
	return strings.ToUpper(path[n-1])
}

func comparePos(a, b Pos) int {
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}
