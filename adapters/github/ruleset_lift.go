package github

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// rulesetLift deletes the ruleset that the freeze made, by its id, and never another.
// One that was there before the freeze stays, and so does ours where somebody made
// something else of it.
type rulesetLift struct{ *Provider }

// Spec implements adapters.Action.
func (rulesetLift) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.ruleset.lift", Summary: "Delete the ruleset that the freeze made.", Target: "ruleset",
		Inputs: rulesetInputs(earlierInput),
		Effect: plan.Reversible, Role: plan.Lift, Lost: plan.ResendSafe, Proof: plan.P1, Settle: plan.Duration(10 * time.Second),
		Permissions: []string{"administration=write"}, Revert: "github.ruleset.freeze",
		Source: `GitHub REST reference, "Delete a repository ruleset"`,
	}
}

// Plan implements adapters.Action. Before the freeze there is nothing to delete; which
// ruleset it will be is known when it was made.
func (rulesetLift) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	name, err := wantedRuleset(in.Text("target"), []string{"~ALL"})
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: rulesetTarget(r.FullName, name), Breaks: "tags and branches that were frozen can be made, moved and deleted again"}
	text := in.Text("earlier")
	if text == "" {
		c.Calls = []plan.Call{deleting(r.FullName, madeRuleset{Made: name})}
		return c, nil
	}
	var m madeRuleset
	if err := given(text, &m); err != nil {
		return c, err
	}
	for _, x := range r.Rulesets {
		if x.ID == m.ID && x.Source == r.FullName {
			c.Calls = []plan.Call{deleting(r.FullName, m)}
		}
	}
	return c, nil
}

func deleting(repository string, m madeRuleset) plan.Call {
	id := ""
	if m.ID != 0 {
		id = strconv.FormatInt(m.ID, 10)
	}
	return plan.Call{Key: "lift " + m.Made.Target, Verb: "lift", Object: repository + "/" + m.Made.Name, Args: rulesetArgs(repository, id, nil)}
}

// Apply implements adapters.Action. One that is gone already is what was wanted.
func (a rulesetLift) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	if c.Args["id"] == "" {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "which ruleset the freeze made is not known; nothing was sent"}}
	}
	o, code := a.send(ctx, http.MethodDelete, at(c.Args["repository"], "rulesets", c.Args["id"]), nil, nil)
	if code == http.StatusNotFound {
		o.State, o.Detail = plan.Done, o.Detail+"; it was gone already"
	}
	return adapters.Result{Outcome: o}
}

// look finds the ruleset that the freeze made; nil when it is gone. That it is gone is
// read from the list, because a ruleset that may not be seen answers 404 too.
func (a rulesetLift) look(ctx context.Context, t adapters.Task, id int64) (*rulesetWire, time.Time, error) {
	all, server, err := rulesetsOf(ctx, a.reads, t.Text("repository"), false)
	if err != nil {
		return nil, server, err
	}
	for _, x := range all {
		if x.ID == id {
			w, err := rulesetOf(ctx, a.reads, t.Text("repository"), id)
			return &w, server, err
		}
	}
	return nil, server, nil
}

// Settle implements adapters.Action.
func (a rulesetLift) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	id, err := strconv.ParseInt(c.Args["id"], 10, 64)
	if err != nil {
		return plan.Settlement{Happened: "no", Detail: "the call names no ruleset"}
	}
	w, _, err := a.look(ctx, t, id)
	if err != nil {
		return unsettled(err)
	}
	if w == nil {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, a.Spec().Settle, "the ruleset "+w.Name+" is still there")
}

// Verify implements adapters.Action.
func (a rulesetLift) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, a.verify(ctx, t), a.Spec().Settle)
}

func (a rulesetLift) verify(ctx context.Context, t adapters.Task) plan.Reading {
	var m madeRuleset
	if err := given(t.Text("earlier"), &m); err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	w, server, err := a.look(ctx, t, m.ID)
	if err != nil {
		return unread("read the rulesets of "+t.Text("repository"), err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Server: server, Detail: "the ruleset that the freeze made is gone"}
	switch {
	case m.ID == 0:
		r.Detail = "the freeze made no ruleset, so there is none to delete"
		return r
	case w == nil:
		return r
	}
	is, err := m.Made.is(*w, true)
	switch {
	case err != nil:
		return unread("read ruleset "+m.Made.Name, err)
	case !is || w.Name != m.Made.Name:
		return foreign(r, "ruleset "+w.Name, plan.Image(*w), plan.Image(m.Made))
	}
	r.State, r.Next, r.Detail = plan.Broken, []plan.Call{deleting(t.Text("repository"), m)}, "the ruleset that the freeze made is still there"
	return r
}
