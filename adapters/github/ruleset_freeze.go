package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// rulesetFreeze makes a ruleset that keeps everybody from making, moving and deleting
// the refs it names: all tags unless others are given. Nobody passes it by, not even
// administrators: a bypass for the team would be one for whoever holds a member's
// token. The team needs none, because the fix goes to a branch that is not named;
// releases wait until the lift.
type rulesetFreeze struct{ *Provider }

// Spec implements adapters.Action.
func (rulesetFreeze) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.ruleset.freeze", Summary: "Keep everybody from making, moving and deleting tags or the branches given.", Target: "ruleset",
		Inputs: rulesetInputs(
			plan.Field{Name: "refs", Type: plan.List, Doc: "names or patterns of the refs; all tags when left out. Leave out the branch the fix is pushed to"},
		),
		Outputs: []plan.Field{earlierOutput},
		Effect:  plan.Disruptive, Role: plan.Freeze, Lost: plan.Detectable, Proof: plan.P2, Settle: plan.Duration(10 * time.Second),
		Permissions: []string{"administration=write"}, Revert: "github.ruleset.lift",
		Source: `GitHub REST reference, "Create a repository ruleset"; GitHub Docs, "Available rules for rulesets"`,
	}
}

// rulesetBefore goes with a creation: what was there under the name, 0 for nothing.
type rulesetBefore struct {
	ID int64 `json:"id"`
}

// Plan implements adapters.Action. The way back is to delete what is made, which has
// no id before it is: the lift's input earlier is this action's output.
func (rulesetFreeze) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	want, err := wantedRuleset(in.Text("target"), refsOf(in["refs"].Literal))
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: rulesetTarget(r.FullName, want), Before: plan.Image(rulesetBefore{}),
		Breaks: fmt.Sprintf("pushes to %v by anybody: releases and tags wait until the freeze is lifted", want.Conditions.Ref.Include),
	}
	for _, x := range r.Rulesets {
		if x.Name != want.Name || x.Source != r.FullName {
			continue
		}
		c.Before = plan.Image(rulesetBefore{x.ID})
		if same, err := want.is(wireOf(x), false); err == nil && same {
			return c, nil // made by somebody else: it holds, and it is not ours to delete
		}
	}
	c.Calls = []plan.Call{want.create(r.FullName, rulesetBefore{})}
	c.Inverse = &plan.Inverse{Use: "github.ruleset.lift", With: map[string]plan.Value{"repository": in["repository"], "target": {Literal: want.Target}}}
	return c, nil
}

// wireOf makes of a surveyed ruleset what can be compared.
func wireOf(x snapshot.Ruleset) rulesetWire {
	w := rulesetWire{ID: x.ID, Name: x.Name, Source: x.Source, Target: x.Target, Enforcement: x.Enforcement}
	w.Conditions = &struct {
		Ref *refCondition `json:"ref_name"`
	}{&refCondition{x.Include, x.Exclude}}
	for _, r := range x.Rules {
		w.Rules = append(w.Rules, struct {
			Type       string          `json:"type"`
			Parameters json.RawMessage `json:"parameters,omitempty"`
		}{Type: r})
	}
	switch x.Bypass {
	case "none":
		w.Bypass = &[]json.RawMessage{}
	case "some":
		w.Bypass = &[]json.RawMessage{[]byte("{}")}
	}
	return w
}

func (f freezing) create(repository string, before rulesetBefore) plan.Call {
	return plan.Call{Key: "freeze " + f.Target, Verb: "freeze", Object: repository + "/" + f.Name, Args: rulesetArgs(repository, "", f), Before: plan.Image(before)}
}

// wanted makes the ruleset from a task's inputs.
func (rulesetFreeze) wanted(t adapters.Task) (freezing, error) {
	return wantedRuleset(t.Text("target"), refsOf(t.Inputs["refs"]))
}

// Apply implements adapters.Action. The id of what was made is journaled with the answer.
func (a rulesetFreeze) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	if id := c.Args["id"]; id != "" {
		o, _ := a.send(ctx, http.MethodPut, at(c.Args["repository"], "rulesets", id), json.RawMessage(c.Args["body"]), nil)
		return adapters.Result{Outcome: o}
	}
	var made rulesetWire
	o, _ := a.send(ctx, http.MethodPost, at(c.Args["repository"], "rulesets"), json.RawMessage(c.Args["body"]), &made)
	if o.State == plan.Done && made.ID == 0 {
		o.State, o.Detail = plan.Unknown, "GitHub's answer names no ruleset"
	}
	if o.State == plan.Done {
		want, err := a.wanted(t)
		if err == nil {
			o.Outputs = madeRuleset{made.ID, want}.outputs()
		}
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action. A ruleset of our name which was not there before
// the call is the one it made: names are unique in a repository.
func (a rulesetFreeze) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	want, err := a.wanted(t)
	if err != nil {
		return unsettled(err)
	}
	now, _, err := a.named(ctx, t.Text("repository"), want.Name)
	if err != nil {
		return unsettled(err)
	}
	if c.Args["id"] != "" {
		if now != nil && strconv.FormatInt(now.ID, 10) == c.Args["id"] {
			if is, err := want.is(*now, true); err == nil && is {
				return plan.Settlement{Happened: "yes"}
			}
		}
		return t.Absent(c, a.Spec().Settle, "the ruleset is still other than wanted")
	}
	var before rulesetBefore
	if json.Unmarshal(c.Before, &before) == nil && now != nil && now.ID != before.ID {
		return plan.Settlement{Happened: "yes", Outputs: madeRuleset{now.ID, want}.outputs()}
	}
	return t.Absent(c, a.Spec().Settle, "there is no ruleset "+want.Name)
}

// Verify implements adapters.Action.
func (a rulesetFreeze) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, a.verify(ctx, t), a.Spec().Settle)
}

func (a rulesetFreeze) verify(ctx context.Context, t adapters.Task) plan.Reading {
	want, err := a.wanted(t)
	if err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	now, server, err := a.named(ctx, t.Text("repository"), want.Name)
	if err != nil {
		return unread("read the rulesets of "+t.Text("repository"), err)
	}
	r := plan.Reading{State: plan.Broken, Proof: plan.P1, Server: server, Before: plan.Image(rulesetBefore{}), Detail: "there is no ruleset " + want.Name}
	if now == nil {
		r.Next = []plan.Call{want.create(t.Text("repository"), rulesetBefore{})}
		return r
	}
	r.Before = plan.Image(rulesetBefore{now.ID})
	ours := a.ours(t, now.ID)
	is, err := want.is(*now, false)
	switch {
	case err != nil:
		return unread("read ruleset "+want.Name, err)
	case is:
		m := madeRuleset{Made: want}
		if r.State, r.Detail = plan.Held, "ruleset "+want.Name+" is active"; ours {
			m.ID = now.ID
		}
		r.Outputs = m.outputs()
	case ours:
		id := strconv.FormatInt(now.ID, 10)
		r.Detail = "somebody changed the ruleset " + want.Name
		r.Next = []plan.Call{{Key: "mend " + id, Verb: "mend", Object: t.Text("repository") + "/" + want.Name, Args: rulesetArgs(t.Text("repository"), id, want), Before: r.Before}}
	default:
		r.Final, r.Detail = true, "there is a ruleset "+want.Name+" that this response did not make and that freezes less; rename or delete it, and look again"
	}
	return r
}

// ours reports whether a call of this task made the ruleset.
func (rulesetFreeze) ours(t adapters.Task, id int64) bool {
	return slices.ContainsFunc(t.History, func(h plan.Attempt) bool {
		var before rulesetBefore
		refused := h.Outcome != nil && h.Outcome.State == plan.Refused || h.Settlement != nil && h.Settlement.Happened == "no"
		return h.Call.Verb == "freeze" && !refused && json.Unmarshal(h.Call.Before, &before) == nil && before.ID != id
	})
}
