package playbook

import (
	"cmp"
	"slices"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// compiler makes one plan. It goes on after a mistake, so that all are told.
type compiler struct {
	book     *Playbook
	request  Request
	inputs   map[string]any
	reach    reach
	problems diag.List
	missing  []*adapters.Missing

	actions []*plan.Action
	named   map[string][]*plan.Action // by task id
	open    map[*plan.Ref]Template    // outputs of tasks that became several actions
	failed  map[string]bool           // task ids with an action that could not be planned
	rotated map[string]*rotation      // by credential id
	waits   map[string]string
	gaps    []plan.Gap
}

func newCompiler(p *Playbook, r Request) (*compiler, diag.List) {
	c := &compiler{
		book: p, request: r,
		named: map[string][]*plan.Action{}, open: map[*plan.Ref]Template{}, failed: map[string]bool{}, rotated: map[string]*rotation{}, waits: map[string]string{},
	}
	c.resolveInputs()
	if r.Snapshot == nil {
		c.problems.Add(diag.Diagnostic{File: p.File, Message: "there is no snapshot to plan from", Hint: "survey first, or give one with --snapshot"})
	}
	if len(c.problems) == 0 {
		c.reach = reachOf(r.Inventory, c.subjects())
	}
	return c, c.problems
}

func (c *compiler) plan() (*plan.Plan, error) {
	for _, s := range c.book.Steps {
		for i := range s.Tasks {
			c.task(s.Name, &s.Tasks[i])
		}
	}
	c.isolate()
	c.beyondReach()
	c.link()
	for _, g := range c.request.Snapshot.Gaps {
		c.gap(plan.Gap{What: g.Provider + ": " + g.What, Why: "it could not be listed: " + g.Why})
	}
	if len(c.missing) > 0 {
		c.problems.Sort()
		return nil, &Incomplete{Missing: c.missing, Others: c.problems}
	}
	if len(c.problems) > 0 {
		return nil, c.problems.Err()
	}
	return c.assemble()
}

func (c *compiler) assemble() (*plan.Plan, error) {
	out := &plan.Plan{
		Schema:    plan.Schema,
		Playbook:  plan.Source{Name: c.book.Name, Digest: c.book.Digest},
		Inventory: digest(canonical(c.request.Inventory)),
		Snapshot:  snapshotDigest(c.request.Snapshot),
		Inputs:    c.inputs,
		Subjects:  c.reach.subjects,
		Closings:  c.closings(),
		Gates:     c.conditions(),
		Gaps:      c.sortedGaps(),
		Partial:   c.book.Partial,
		Exposure:  c.request.Exposure,
	}
	if len(c.waits) > 0 {
		out.Waits = c.waits
	}
	for _, a := range c.actions {
		a.Authority = c.reach.authority[a.Credential]
		out.Actions = append(out.Actions, *a)
	}
	plan.Order(out.Actions)
	for _, a := range out.Actions {
		if a.Role == plan.Build {
			out.Builders = append(out.Builders, doorPath(a))
		}
		if a.Effect == plan.Irreversible && out.FirstIrreversible == "" {
			out.FirstIrreversible = a.ID
		}
	}
	slices.Sort(out.Builders)
	out.Builders = slices.Compact(out.Builders)
	if err := plan.Validate(out); err != nil {
		return nil, diag.List{{File: c.book.File, Message: "the plan does not hold together: " + err.Error(), Hint: "this is a mistake in the playbook's dependencies; `firebreak playbook show` lists them"}}
	}
	return out, nil
}

// doorPath is "owner/name/.github/workflows/x.yml", as Subjects has it.
func doorPath(a plan.Action) string {
	repository, _ := a.Inputs["repository"].Literal.(string)
	path, _ := a.Inputs["workflow"].Literal.(string)
	return repository + "/" + path
}

// conditions are the playbook's own gates, at the earliest step that names them.
func (c *compiler) conditions() []plan.Condition {
	var out []plan.Condition
	for _, g := range c.book.Gates {
		for _, s := range c.book.Steps {
			if slices.ContainsFunc(s.Tasks, func(t Task) bool { return slices.Contains(t.Gates, g.Name) }) {
				out = append(out, plan.Condition{Name: g.Name, Step: s.Name, Text: g.Text})
				break
			}
		}
	}
	return out
}

func (c *compiler) gap(g plan.Gap) {
	if !slices.Contains(c.gaps, g) {
		c.gaps = append(c.gaps, g)
	}
}

func (c *compiler) sortedGaps() []plan.Gap {
	slices.SortFunc(c.gaps, func(a, b plan.Gap) int { return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why)) })
	return c.gaps
}

func (c *compiler) report(at document.Node, message, hint string) {
	p := at.Pos()
	c.problems.Add(c.book.doc.Source.At(p.Line, p.Column, message, hint))
}
