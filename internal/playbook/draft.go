package playbook

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// draft is what the compiler knows of an action before the adapter was asked.
type draft struct {
	step       plan.Step
	spec       plan.Spec
	inputs     map[string]plan.Value
	role       plan.Role // "" = the spec's
	after      []string
	until      []string
	deadline   plan.Duration
	doors      []string
	credential string
	owner      string
	contact    string
	assisted   *plan.Assisted
	gates      []string
	optional   bool // a plan without it is better than none; what is lacking becomes a gap
	at         document.Node
}

// add asks the adapter what there is to do and appends the action. An action that is
// in the plan already, with the same inputs in the same step, is given back. nil
// when it cannot be planned; the reason is reported or noted as missing.
func (c *compiler) add(d draft) *plan.Action {
	action, ok := c.request.Catalogue.Action(d.spec.Name)
	if !ok {
		c.report(d.at, fmt.Sprintf("nothing carries out %q", d.spec.Name), "add its provider to the catalogue")
		return nil
	}
	change, err := action.Plan(adapters.Inputs(d.inputs), c.request.Snapshot)
	if err != nil {
		c.cannotPlan(d, err)
		return nil
	}
	a := c.build(d, change)
	if !c.permit(d.spec, a) {
		return nil
	}
	if same := c.same(a); same != nil {
		return same
	}
	a.ID = c.id(a)
	c.actions = append(c.actions, a)
	for _, g := range change.Gaps {
		c.gap(g)
	}
	return a
}

func (c *compiler) cannotPlan(d draft, err error) {
	var missing *adapters.Missing
	if errors.As(err, &missing) {
		if c.request.Lenient && c.book.Partial != "" {
			c.gap(plan.Gap{What: d.spec.Name, Why: missing.What + " could not be read, so this is left to a further plan"})
			return
		}
		if c.request.Unseen && len(missing.Scope.Repositories) == 0 {
			c.byHand(d, missing)
			return
		}
		if !slices.ContainsFunc(c.missing, func(m *adapters.Missing) bool { return reflect.DeepEqual(m, missing) }) {
			c.missing = append(c.missing, missing)
		}
		return
	}
	if d.optional {
		c.gap(plan.Gap{What: d.credential, Why: fmt.Sprintf("the new value cannot be put everywhere: %v; put it there by hand", err)})
		return
	}
	c.report(d.at, fmt.Sprintf("%s cannot be planned: %v", d.spec.Name, err), "check the task's inputs and what firebreak.yaml says of its target")
}

func (c *compiler) build(d draft, change plan.Change) *plan.Action {
	a := &plan.Action{
		Step: d.step, Use: d.spec.Name, Target: change.Target, Inputs: d.inputs,
		Effect: d.spec.Effect, Role: d.spec.Role, Lost: d.spec.Lost,
		After: d.after, Until: d.until, Deadline: d.deadline,
		Proof: d.spec.Proof, Settle: c.settle(d.spec),
		Doors: merged(change.Doors, d.doors), Hosts: merged(change.Hosts), Evidence: merged(change.Evidence), Kills: merged(change.Kills),
		Credential: d.credential, Before: change.Before, Calls: change.Calls, Inverse: change.Inverse,
		Assisted: change.Assisted, Gates: d.gates, Owner: d.owner, Contact: d.contact, Breaks: change.Breaks,
	}
	if d.assisted != nil {
		a.Assisted = d.assisted
	}
	switch purpose := a.Inputs["purpose"].Literal; {
	case d.role != "":
		a.Role = d.role
	case purpose == "canary" && a.Role == plan.Build:
		a.Role = plan.Canary
	case purpose == "rebuild" && a.Role == plan.Canary:
		a.Role = plan.Build
	}
	if d.spec.Without != "" && !probes(a) {
		a.Proof = d.spec.Without // the probe may not be possible; where it is, its proof counts all the same
	}
	if change.Proof != "" && change.Proof.Rank() < a.Proof.Rank() {
		a.Proof, a.Shortfall = change.Proof, change.Shortfall
	}
	return a
}

// settle is the propagation wait: the spec's, unless the configuration says otherwise
// for the action or for its provider.
func (c *compiler) settle(spec plan.Spec) plan.Duration {
	provider, _, _ := strings.Cut(spec.Name, ".")
	for _, key := range []string{spec.Name, provider} {
		if d, ok := c.request.Config.Waits[key]; ok {
			c.waits[spec.Name] = d.D().String()
			return d
		}
	}
	return spec.Settle
}

// merged joins lists, sorted and without repeats.
func merged(lists ...[]string) []string {
	all := slices.Concat(lists...)
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *compiler) same(a *plan.Action) *plan.Action {
	for _, b := range c.actions {
		if b.Step == a.Step && b.Use == a.Use && b.Credential == a.Credential && b.Role == a.Role &&
			reflect.DeepEqual(b.Inputs, a.Inputs) && reflect.DeepEqual(b.Assisted, a.Assisted) {
			return b
		}
	}
	return nil
}

// id is step/action/target. Two actions of one kind on one target in one step are
// told apart by a number in the order of the playbook.
func (c *compiler) id(a *plan.Action) string {
	base := string(a.Step) + "/" + a.Use + "/" + a.Target.ID
	id := base
	for n := 2; slices.ContainsFunc(c.actions, func(b *plan.Action) bool { return b.ID == id }); n++ {
		id = fmt.Sprintf("%s~%d", base, n)
	}
	return id
}
