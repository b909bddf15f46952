package github

import (
	"context"
	"encoding/json"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// actionsReopen switches Actions on again as it was, once each workflow under response
// is shut by itself: without it nothing can be rebuilt. What is allowed to run is put back
// after the switch where it was a selection: until then fewer actions may run, never more.
type actionsReopen struct{ *Provider }

// Spec implements adapters.Action.
func (actionsReopen) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.actions.reopen", Summary: "Switch Actions of a repository on again, as it was before it was stopped.", Target: "actions",
		Inputs: []plan.Field{repositoryInput, earlierInput},
		Effect: plan.Disruptive, Role: plan.Reopen, Lost: plan.ResendSafe, Proof: plan.P1, Settle: plan.Duration(5 * time.Second),
		Permissions: []string{"administration=write"}, Revert: "github.actions.stop",
		Source: `GitHub REST reference, "Set GitHub Actions permissions for a repository" and "Set allowed actions and reusable workflows for a repository"`,
	}
}

// Plan implements adapters.Action. It predicts from the snapshot, which is older than the
// stop, unless the earlier state is given as it is.
func (actionsReopen) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: switchTarget(r.FullName), Doors: allDoors(r), Breaks: "every workflow of " + r.FullName + " that is not switched off by itself runs again",
		Inverse: &plan.Inverse{Use: "github.actions.stop", With: map[string]plan.Value{"repository": in["repository"]}},
	}
	now, text := surveyedSwitch(r), in.Text("earlier")
	if now == nil {
		return c, nil
	}
	was := *now
	if text != "" {
		if err := given(text, &was); err != nil {
			return plan.Change{}, err
		}
	}
	if was.on() && (text == "" || !now.on()) {
		c.Calls = []plan.Call{switchCall("reopen", r.FullName, switchPath, stopped, was.Permissions)}
	}
	return c, nil
}

func (s actionsSwitch) on() bool { return s.Enabled != nil && *s.Enabled }

// Apply implements adapters.Action.
func (a actionsReopen) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	return a.putSwitch(ctx, c)
}

// Settle implements adapters.Action.
func (a actionsReopen) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.settleSwitch(ctx, t, c, a.Spec().Settle)
}

// Verify implements adapters.Action. It knows two states, as a lift does.
func (a actionsReopen) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	repository := t.Text("repository")
	var was actionsSwitch
	if err := given(t.Text("earlier"), &was); err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	now, server, err := actionsSwitchOf(ctx, a.reads, repository)
	if err != nil {
		return unread("read whether Actions is on", err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now.image(), Server: server, Detail: "Actions: " + string(now.Permissions)}
	broken := func(verb, path string, is, body json.RawMessage) plan.Reading {
		r.State, r.Next = plan.Broken, []plan.Call{switchCall(verb, repository, path, is, canonical(body))}
		return unshown(t, r, a.Spec().Settle)
	}
	switch {
	case !was.on():
		r.Detail = "Actions was off before"
		return r
	case !now.on():
		return broken("reopen", switchPath, stopped, was.Permissions)
	case !same(now.Permissions, was.Permissions):
		return foreign(r, "what may run", now.Permissions, was.Permissions)
	case len(was.Selected) > 0 && !same(now.Selected, was.Selected):
		return broken("select", selectedPath, now.Selected, was.Selected)
	}
	return r
}
