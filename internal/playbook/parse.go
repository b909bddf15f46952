package playbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	slug       = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	taskID     = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
)

// parser reads one file. It goes on after a mistake.
type parser struct {
	book      *Playbook
	catalogue Catalogue
	scope     *scope
	ids       map[string]task // tasks with an id read so far, in order of the steps
	later     map[string]bool // every id in the file
}

type task struct {
	use  string
	spec plan.Spec
}

// Parse reads a playbook and checks it against what the catalogue can do. The error
// is a diag.List with every mistake, sorted. file is the name shown in it.
func Parse(file string, b []byte, c Catalogue) (*Playbook, error) {
	sum := sha256.Sum256(b)
	doc, root, ok := document.Open(file, b)
	if !ok {
		return nil, doc.Problems.Err()
	}
	p := &parser{
		book:      &Playbook{File: file, Digest: hex.EncodeToString(sum[:]), doc: doc},
		catalogue: c, ids: map[string]task{}, later: map[string]bool{},
	}
	if err := p.read(root); err != nil {
		return nil, err
	}
	if len(doc.Problems) > 0 {
		return nil, doc.Problems.Err()
	}
	return p.book, nil
}

func (p *parser) read(root document.Node) error {
	var steps document.Node
	seen := map[string]bool{}
	for _, e := range root.Map("version", "playbook", "title", "description", "partial", "inputs", "gates", "steps") {
		seen[e.Name] = true
		switch e.Name {
		case "version":
			if v, ok := e.Value.Int(); ok && v != Version {
				e.Value.Report(fmt.Sprintf("this is version %d of the playbook language", v), "this program reads version 1")
			}
		case "playbook":
			if s, ok := e.Value.Text(); ok {
				if !slug.MatchString(s) {
					e.Value.Report(fmt.Sprintf("%q is not a name for a playbook", s), "small letters, digits and dashes, beginning with a letter")
				}
				p.book.Name = s
			}
		case "title":
			p.book.Title, _ = e.Value.Text()
		case "description":
			p.book.Description, _ = e.Value.Text()
		case "partial":
			if s, ok := e.Value.Text(); ok && strings.TrimSpace(s) == "" {
				e.Value.Report("it is not said what the playbook leaves to a further plan", "write a sentence, or leave partial out")
			} else if ok {
				p.book.Partial = strings.TrimSpace(s)
			}
		case "inputs":
			p.inputs(e.Value)
		case "gates":
			p.gates(e.Value)
		case "steps":
			steps = e.Value
		}
	}
	for _, k := range []string{"version", "playbook", "steps"} {
		if !seen[k] && root.IsMap() {
			root.ReportAt(document.Pos{Line: 1, Column: 1}, fmt.Sprintf("the key %q is missing", k), missingKey[k])
		}
	}
	s, err := newScope(p.book.Inputs)
	if err != nil {
		return err
	}
	p.scope = s
	if seen["steps"] {
		return p.steps(steps)
	}
	return nil
}

var missingKey = map[string]string{
	"version":  "write version: 1",
	"playbook": "write playbook: NAME",
	"steps":    "write steps: with at least one of the seven steps",
}

func (p *parser) gates(n document.Node) {
	for _, e := range n.Map() {
		switch {
		case slices.Contains(gateNames(), e.Name):
			e.Key.Report(fmt.Sprintf("%q is a gate of the engine", e.Name), "it holds anyway; a task names it with gate:, it cannot be changed here")
			continue
		case !slug.MatchString(e.Name):
			e.Key.Report(fmt.Sprintf("%q is not a name for a gate", e.Name), "small letters, digits and dashes, beginning with a letter")
		}
		if s, ok := e.Value.Text(); ok {
			p.book.Gates = append(p.book.Gates, Gate{Name: e.Name, Text: s})
		}
	}
}

func gateNames() []string {
	var out []string
	for _, g := range plan.Gates() {
		out = append(out, string(g))
	}
	return out
}

func (p *parser) steps(n document.Node) error {
	var names []string
	for _, s := range responseSteps() {
		names = append(names, string(s))
	}
	var found []document.Entry
	for _, e := range n.Map() {
		switch {
		case slices.Contains(names, e.Name):
			found = append(found, e)
		case e.Name == string(plan.Preflight) || e.Name == string(plan.Close):
			e.Key.Report(fmt.Sprintf("%q is not a step of a playbook", e.Name), "every playbook is surrounded by preflight and close; neither can be left out or changed")
		default:
			e.Key.Report(fmt.Sprintf("unknown step %q", e.Name), diag.DidYouMean(e.Name, names))
		}
	}
	if n.IsMap() && len(found) == 0 {
		n.Report("the playbook has no steps", "the seven steps are disable, revoke, rotate, invalidate, rebuild, review, restore")
	}
	slices.SortStableFunc(found, func(a, b document.Entry) int {
		return slices.Index(names, a.Name) - slices.Index(names, b.Name)
	})
	for _, e := range found {
		p.collectIDs(e.Value)
	}
	for _, e := range found {
		step := Step{Name: plan.Step(e.Name)}
		for _, item := range e.Value.List() {
			t, err := p.task(item)
			if err != nil {
				return err
			}
			step.Tasks = append(step.Tasks, t)
		}
		p.book.Steps = append(p.book.Steps, step)
	}
	return nil
}

// collectIDs notes every id, so that a reference to a later task is not called unknown.
func (p *parser) collectIDs(steps document.Node) {
	if !steps.IsList() {
		return
	}
	for _, item := range steps.List() {
		if id, ok := item.Peek("id"); ok {
			p.later[id] = true
		}
	}
}

// responseSteps are the seven steps a playbook may write.
func responseSteps() []plan.Step {
	all := plan.Steps()
	return all[1 : len(all)-1]
}
