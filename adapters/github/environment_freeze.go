package github

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// environmentFreeze keeps every job from an environment: it lets refs that match a
// pattern deploy, and leaves no pattern. A job that names it then fails before it
// starts, so it never gets the environment's secrets.
//
// It is done by refs and not by required reviewers for three reasons. Whoever may
// approve today still may after a reviewer was added; an approval lets through what
// the attacker queued; and reviewers need a larger plan on private repositories than
// patterns do. Reviewers, wait timer and the rules of Apps stay as they are. The price
// is that a canary which deploys cannot run: freeze environments that the workflow
// under response does not need.
type environmentFreeze struct{ *Provider }

// Spec implements adapters.Action.
func (environmentFreeze) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.environment.freeze", Summary: "Keep every job from deploying to an environment.", Target: "environment",
		Inputs: environmentInputs, Outputs: []plan.Field{earlierOutput},
		Effect: plan.Disruptive, Role: plan.Freeze, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: "github.environment.lift",
		Source: `GitHub REST reference, "Create or update an environment", "Delete a deployment branch policy"; GitHub Docs, "Managing environments for deployment"`,
	}
}

// Plan implements adapters.Action.
func (environmentFreeze) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, e, err := environmentIn(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	now, err := surveyedEnvironment(e)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: environmentTarget(r.FullName, e.Name), Before: now.image(), Breaks: "every deployment to " + e.Name}
	if c.Calls, err = closing(r.FullName, e.Name, now, nil); err != nil {
		return c, err
	}
	if !now.frozen() {
		c.Inverse = &plan.Inverse{Use: "github.environment.lift", With: map[string]plan.Value{
			"repository": in["repository"], "environment": in["environment"], "earlier": {Literal: string(now.image())},
		}}
	}
	return c, nil
}

// environmentIn finds the environment in a snapshot.
func environmentIn(in adapters.Inputs, s *snapshot.Snapshot) (*snapshot.Repository, *snapshot.Environment, error) {
	r, err := repository(in, s)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for i := range r.Environments {
		if r.Environments[i].Name == in.Text("environment") {
			return r, &r.Environments[i], nil
		}
		names = append(names, r.Environments[i].Name)
	}
	return nil, nil, fmt.Errorf("%s has no environment %q; it has [%s]", r.FullName, in.Text("environment"), strings.Join(names, ", "))
}

// closing are the calls that are left: first patterns are made to count, then there
// must be none. From a snapshot, which has no ids, one call stands for each pattern.
func closing(repository, name string, now environmentState, ids []patternWire) ([]plan.Call, error) {
	if now.policy() != "custom" {
		want, err := now.closed()
		if err != nil {
			return nil, err
		}
		c, err := replace("freeze", repository, name, now, want)
		return []plan.Call{c}, err
	}
	var out []plan.Call
	for i, x := range now.Patterns {
		args := map[string]string{"do": "remove", "name": x.Name, "type": x.Type}
		if i < len(ids) {
			args["id"] = strconv.FormatInt(ids[i].ID, 10)
		}
		out = append(out, environmentCall("freeze "+name+", "+x.Type+" "+x.Name, "freeze", repository, name, now, args))
	}
	return out, nil
}

// Apply implements adapters.Action.
func (a environmentFreeze) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return a.applyEnvironment(ctx, c)
}

// Settle implements adapters.Action.
func (a environmentFreeze) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.settleEnvironment(ctx, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a environmentFreeze) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, a.verify(ctx, t), a.Spec().Settle)
}

func (a environmentFreeze) verify(ctx context.Context, t adapters.Task) plan.Reading {
	name := t.Text("environment")
	now, ids, server, err := a.environment(ctx, t)
	if err != nil {
		return unread("read environment "+name, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now.image(), Server: server, Detail: "no ref may deploy to " + name}
	if now.frozen() {
		was := earlier(t, "freeze", now.image())
		r.Outputs = outputs(was)
		r.Found = stripped(name, was, now)
		return r
	}
	r.State, r.Detail = plan.Broken, "some refs may deploy to "+name
	if r.Next, err = closing(t.Text("repository"), name, now, ids); err != nil {
		return unread("read environment "+name, err)
	}
	return r
}

// stripped shows a person what else is other than before the freeze: somebody changed
// it, or GitHub did not take back what it gave.
func stripped(name string, was []byte, now environmentState) []plan.Found {
	var before environmentState
	if given(string(was), &before) != nil || same(before.besides(), now.besides()) {
		return nil
	}
	return []plan.Found{{
		Kind: "environment", Target: name,
		Why: fmt.Sprintf("besides the freeze it is not what it was: it was %s, it is %s", before.besides(), now.besides()),
	}}
}
