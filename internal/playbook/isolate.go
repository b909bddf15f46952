package playbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
)

// isolateAction has a person take a machine off the network, and reads that it is.
const isolateAction = "github.runner.isolate"

// isolate names on every action that kills the machines which may watch the credential
// die, and adds what takes those out that the playbook does not. No playbook has to
// think of it: gate 1 would wait for ever for a machine that nothing takes out.
func (c *compiler) isolate() {
	var watching []string
	for _, a := range c.actions {
		if a.Role == plan.Cut || a.Role == plan.Kill || a.Role == plan.Destroy {
			a.Hosts = merged(a.Hosts, c.reach.hosts[a.Credential])
			watching = merged(watching, a.Hosts)
		}
	}
	for _, h := range c.reach.inventory.Hosts {
		taken := slices.ContainsFunc(c.actions, func(a *plan.Action) bool { return a.Role == plan.Isolate && slices.Contains(a.Hosts, h.ID) })
		if slices.Contains(watching, h.ID) && !taken {
			c.takeOut(h)
		}
	}
}

// first is the book's first task.
func (p *Playbook) first() document.Node {
	for _, s := range p.Steps {
		for _, t := range s.Tasks {
			return t.at
		}
	}
	return document.Node{}
}

// takeOut adds the task that isolates a machine: with a reading where GitHub lists its
// runner, by a person's word where nobody knows which machine it is.
func (c *compiler) takeOut(h inventory.Host) {
	d := draft{step: plan.Disable, at: c.book.first()}
	if spec, ok := c.request.Catalogue.Spec(isolateAction); ok && h.Runner != 0 {
		d.spec, d.inputs = spec, map[string]plan.Value{"repository": {Literal: h.Repository}, "runner": {Literal: h.Name}}
		if h.Organization != "" {
			d.inputs["organization"] = plan.Value{Literal: h.Organization}
		}
		c.add(d)
		return
	}
	d.role = plan.Isolate
	a := c.person(d, &plan.Assisted{Instructions: fmt.Sprintf(
		"Find the machines that take jobs of %s with the labels %s, and take them off the network; do not switch them off and do not log in to them: what may run there must not learn of anything. Say that it is done when it is: nothing shows it.",
		h.Repository, strings.Join(h.Labels, ", "))})
	if a != nil {
		a.Hosts = []string{h.ID}
	}
}
