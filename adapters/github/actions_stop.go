package github

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// actionsStop switches Actions off for a whole repository: the larger hammer, where
// workflows cannot be told apart or are switched on again one by one. One call shuts the
// doors of all workflows there are on any branch, those nobody knows of included. Runs
// that are under way go on: github.runs.cancel ends those.
type actionsStop struct{ *Provider }

// Spec implements adapters.Action.
func (actionsStop) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.actions.stop", Summary: "Switch Actions off for a whole repository.", Target: "actions",
		Inputs: []plan.Field{repositoryInput}, Outputs: []plan.Field{earlierOutput},
		Effect: plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: "github.actions.reopen",
		Source: `GitHub REST reference, "Set GitHub Actions permissions for a repository"`,
	}
}

var stopped = json.RawMessage(`{"enabled":false}`)

// Plan implements adapters.Action.
func (actionsStop) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: switchTarget(r.FullName), Doors: allDoors(r),
		Breaks: fmt.Sprintf("nothing runs in %s any more, checks that pull requests need and the rebuild included: %d workflows", r.FullName, len(r.Workflows)),
	}
	now := surveyedSwitch(r)
	if now != nil && !now.on() {
		return c, nil
	}
	image := json.RawMessage(nil)
	if now == nil {
		c.Gaps = []plan.Gap{{What: "whether Actions is on in " + r.FullName, Why: "it could not be read; it is read again before it is changed"}}
	} else {
		image = now.image()
	}
	c.Before, c.Calls = image, []plan.Call{switchCall("stop", r.FullName, switchPath, image, stopped)}
	c.Inverse = &plan.Inverse{Use: "github.actions.reopen", With: map[string]plan.Value{"repository": in["repository"]}}
	return c, nil
}

// allDoors are those of every workflow of a repository.
func allDoors(r *snapshot.Repository) (out []string) {
	for _, w := range r.Workflows {
		out = append(out, door(r.FullName, w.Path))
	}
	return out
}

// Apply implements adapters.Action.
func (a actionsStop) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return a.putSwitch(ctx, c)
}

// Settle implements adapters.Action.
func (a actionsStop) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.settleSwitch(ctx, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action.
func (a actionsStop) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	now, server, err := actionsSwitchOf(ctx, a.reads, t.Text("repository"))
	if err != nil {
		return unread("read whether Actions is on", err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now.image(), Server: server, Detail: "Actions: " + string(now.Permissions)}
	if !*now.Enabled {
		r.Outputs = outputs(earlier(t, "stop", now.image()))
		return r
	}
	r.State, r.Next = plan.Broken, []plan.Call{switchCall("stop", t.Text("repository"), switchPath, now.image(), stopped)}
	return unshown(t, r, a.Spec().Settle)
}
