package github

import (
	"context"
	"fmt"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// runnerIsolate has a person take the machine of a self-hosted runner off the network
// before any token dies that something left there may watch: known malware erases the
// machine, or more, when its token stops working. GitHub shows the runner as offline once
// its machine does not report any more, and that closes the task. It does not show what
// else runs on the machine; a runner that somebody took out of GitHub shows nothing.
type runnerIsolate struct{ *Provider }

// Spec implements adapters.Action.
func (runnerIsolate) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.runner.isolate", Summary: "Have a person take a self-hosted runner's machine off the network, and see that GitHub does not hear from it.", Target: "runner",
		Inputs: runnerInputs(), Effect: plan.Read, Role: plan.Isolate, Lost: plan.ResendSafe, Proof: plan.P1,
		Permissions: runnerPermissions("read"),
		Source:      `GitHub REST reference, "List self-hosted runners for a repository", status; GitHub Docs, "Monitoring and troubleshooting self-hosted runners"`,
	}
}

// Needs implements adapters.Needing: which permission it is depends on whose runner it is.
func (runnerIsolate) Needs(in adapters.Inputs) []string { return runnerNeeds(in, "read") }

// Plan implements adapters.Action.
func (runnerIsolate) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	m, err := machineOf(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: m.target(), Before: m.image(), Hosts: []string{snapshot.HostID(m.owner(), m.Name)}}
	text := fmt.Sprintf("Take the machine of the self-hosted runner %s (%s) off the network: unplug it, or put its virtual machine into a network of its own. Do not switch it off and do not log in to it: its disk and memory are evidence, and what may run there must not learn of anything.", m.Name, strings.Join(m.Labels, ", "))
	if m.organization != "" {
		text += fmt.Sprintf(" It is shared: jobs of every repository of %s that wait for it stop.", m.organization)
		c.Breaks = "jobs of every repository of " + m.organization + " that run on " + m.Name
	} else {
		c.Breaks = "jobs of " + m.repository + " that run on " + m.Name
	}
	c.Assisted = &plan.Assisted{Instructions: text + " GitHub shows it as offline about a minute later, and that closes this task.", Link: runnersPage(m)}
	return c, nil
}

// Apply implements adapters.Action: a person does it.
func (runnerIsolate) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "a person does this; there is nothing to send"}}
}

// Settle implements adapters.Action.
func (runnerIsolate) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "this action sends nothing"}
}

// Verify implements adapters.Action.
func (a runnerIsolate) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	m := planned(t)
	now, gone, err := a.runnerNow(ctx, m)
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: m.image()}
	switch {
	case err != nil:
		return unread("read runner "+m.Name, err)
	case gone && m.Ephemeral:
		r.Detail = "GitHub took the runner out after its one job, as it does with ephemeral ones"
	case gone:
		r.State, r.Proof = plan.Unknown, plan.P0
		r.Detail = "GitHub does not know the runner any more, so that nothing shows whether its machine is off the network; where somebody made sure of it, override this gate and say who"
	case now.Status == "offline":
		r.Detail = "GitHub does not hear from the runner"
	default:
		r.State = plan.Broken
		r.Detail = "the runner is " + now.Status
		if now.Busy {
			r.Detail += " and runs a job"
		}
	}
	return r
}

func runnersPage(m machine) string {
	if m.organization != "" {
		return "https://github.com/organizations/" + m.organization + "/settings/actions/runners"
	}
	return "https://github.com/" + m.repository + "/settings/actions/runners"
}
