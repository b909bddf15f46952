package github

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// runnerRemove takes a self-hosted runner out of GitHub, so that no job is given to its
// machine any more. It cleans nothing there. A machine that was built anew registers
// again; this one's registration must not come back.
type runnerRemove struct{ *Provider }

// Spec implements adapters.Action.
func (runnerRemove) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.runner.remove", Summary: "Take a self-hosted runner out of GitHub, so that no job is given to it.", Target: "runner",
		Inputs: runnerInputs(), Effect: plan.Disruptive, Role: plan.Freeze, Lost: plan.ResendSafe, Proof: plan.P2, Settle: plan.Duration(5 * time.Second),
		Permissions: runnerPermissions("write"), Revert: "manual.task",
		Source: `GitHub REST reference, "Delete a self-hosted runner from a repository" (422 while it runs a job) and "from an organization"`,
	}
}

// Needs implements adapters.Needing: which permission it is depends on whose runner it is.
func (runnerRemove) Needs(in adapters.Inputs) []string { return runnerNeeds(in, "write") }

// Plan implements adapters.Action.
func (runnerRemove) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	m, err := machineOf(in, s)
	if errors.Is(err, errUnlisted) {
		return plan.Change{Target: m.target()}, nil // it is gone
	}
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: m.target(), Before: m.image(), Calls: []plan.Call{m.remove()}, Hosts: []string{snapshot.HostID(m.owner(), m.Name)},
		Breaks: "jobs of " + m.owner() + " that run on " + m.Name + ", until a machine that was built anew is registered",
		Inverse: &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: "Build the machine of runner " + m.Name +
			" anew and register it with " + m.owner() + ". The one that is there must not come back."}, "link": {Literal: runnersPage(m)}}},
	}
	return c, nil
}

func (m machine) remove() plan.Call {
	return plan.Call{Key: "remove", Verb: "remove", Object: m.owner() + "/" + m.Name, Args: map[string]string{"path": m.path(), "id": strconv.FormatInt(m.ID, 10)}, Before: m.image()}
}

// Apply implements adapters.Action.
func (a runnerRemove) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	o, code := a.send(ctx, http.MethodDelete, c.Args["path"], nil, nil)
	switch code {
	case http.StatusNotFound: // reading tells whether it is gone, or hidden from us
		o.State, o.Detail = plan.Done, "GitHub does not know it, or does not show it to this token"
	case http.StatusUnprocessableEntity:
		o.Temporary, o.Detail = true, "the runner is in the middle of a job; it can be taken out when that has ended"
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action. Whose call it was makes no difference.
func (a runnerRemove) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	m := planned(t)
	_, gone, err := a.runnerNow(ctx, m)
	if err != nil {
		return unsettled(err)
	}
	if gone {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, a.Spec().Settle, "the runner is still registered")
}

// Verify implements adapters.Action.
func (a runnerRemove) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	m := planned(t)
	now, gone, err := a.runnerNow(ctx, m)
	switch {
	case err != nil:
		return unread("read runner "+m.Name, err)
	case gone:
		return plan.Reading{State: plan.Held, Proof: plan.P1, Before: m.image(), Detail: "GitHub does not know the runner any more"}
	}
	m.Runner = now
	return unshown(t, plan.Reading{State: plan.Broken, Before: m.image(), Next: []plan.Call{m.remove()}, Detail: "the runner is registered and " + now.Status}, a.Spec().Settle)
}
