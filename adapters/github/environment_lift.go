package github

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// environmentLift gives an environment back exactly the refs that could deploy before
// the freeze. Patterns come back one by one under new ids; until the last is there
// fewer refs may deploy than before, never more.
type environmentLift struct{ *Provider }

// Spec implements adapters.Action.
func (environmentLift) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.environment.lift", Summary: "Let the refs deploy to an environment that could before the freeze.", Target: "environment",
		Inputs: append(slices.Clip(environmentInputs), earlierInput),
		Effect: plan.Reversible, Role: plan.Lift, Lost: plan.ResendSafe, Proof: plan.P1, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: "github.environment.freeze",
		Source: `GitHub REST reference, "Create or update an environment", "Create a deployment branch policy": 303 when it is there`,
	}
}

// Plan implements adapters.Action. The snapshot is older than the freeze: what it
// shows is what will be restored, unless the earlier state is given as it is.
func (environmentLift) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, e, err := environmentIn(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	now, err := surveyedEnvironment(e)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: environmentTarget(r.FullName, e.Name), Breaks: "jobs deploy to " + e.Name + " again"}
	was, frozen := now, now
	if text := in.Text("earlier"); text != "" {
		was = environmentState{} // decoding into raw JSON would write over what it is a copy of
		if err := given(text, &was); err != nil {
			return c, err
		}
	} else if frozen, err = now.closed(); err != nil {
		return c, err
	}
	if calls, _, err := opening(r.FullName, e.Name, frozen, was); err != nil || len(calls) == 0 {
		return c, err
	} else {
		c.Calls = calls
	}
	c.Inverse = &plan.Inverse{Use: "github.environment.freeze", With: map[string]plan.Value{"repository": in["repository"], "environment": in["environment"]}}
	return c, nil
}

// opening are the calls that are left on the way from the freeze back to was; ours is
// false where the state is none that lies on that way.
func opening(repository, name string, now, was environmentState) (calls []plan.Call, ours bool, err error) {
	onTheWay := same(now.besides(), was.besides()) && !slices.ContainsFunc(now.Patterns, func(x snapshot.Pattern) bool { return !slices.Contains(was.Patterns, x) })
	switch {
	case same(now.image(), was.image()):
		return nil, true, nil
	case !onTheWay || now.policy() != "custom" || was.frozen():
		return nil, false, nil
	case was.policy() != "custom":
		c, err := replace("lift", repository, name, now, was)
		return []plan.Call{c}, now.frozen(), err
	}
	for _, x := range was.Patterns {
		if !slices.Contains(now.Patterns, x) {
			calls = append(calls, environmentCall("lift "+name+", "+x.Type+" "+x.Name, "lift", repository, name, now, map[string]string{"do": "add", "name": x.Name, "type": x.Type}))
		}
	}
	return calls, true, nil
}

// Apply implements adapters.Action.
func (a environmentLift) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return a.applyEnvironment(ctx, c)
}

// Settle implements adapters.Action.
func (a environmentLift) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.settleEnvironment(ctx, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a environmentLift) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	return unshown(t, a.verify(ctx, t), a.Spec().Settle)
}

func (a environmentLift) verify(ctx context.Context, t adapters.Task) plan.Reading {
	name := t.Text("environment")
	var was environmentState
	if err := given(t.Text("earlier"), &was); err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	now, _, server, err := a.environment(ctx, t)
	if status(err) == http.StatusNotFound {
		return plan.Reading{State: plan.Broken, Final: true, Detail: "environment " + name + " is not there any more; a lift makes none, because its secrets went with it"}
	}
	if err != nil {
		return unread("read environment "+name, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now.image(), Server: server, Detail: "the refs may deploy to " + name + " that could before"}
	calls, ours, err := opening(t.Text("repository"), name, now, was)
	switch {
	case err != nil:
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the input earlier is not what a freeze gives: " + err.Error()}
	case !ours:
		return foreign(r, "environment "+name, now.image(), was.image())
	case len(calls) > 0:
		r.State, r.Next, r.Detail = plan.Broken, calls, "not all refs may deploy to "+name+" that could before"
	}
	return r
}
