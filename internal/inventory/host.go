package inventory

import (
	"maps"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

// Host is a machine that the organization runs itself and that jobs under response run
// on. It outlives the job, and what an attacker left on it sees a token die.
type Host struct {
	ID         string `json:"id"`         // "acme/shop:runner:build-1"
	Repository string `json:"repository"` // whose jobs run there; of a shared one's the first
	// Organization is set where the runner is the organization's, shared by repositories.
	Organization string `json:"organization,omitempty"`
	// Name is the runner's at GitHub; "" where none was listed that fits the job's labels:
	// which machine it is only people know.
	Name   string   `json:"name"`
	Runner int64    `json:"runner"` // GitHub's number of it; 0 where none was listed
	Labels []string `json:"labels"` // the runner's; the job's where it was not listed
	// ReachedBy are the workflows whose jobs can run there: "acme/shop/.github/workflows/ci.yml".
	ReachedBy []string `json:"reached_by"`
}

// hosts gives the ids of the machines a job can run on, and takes note of them.
func (b *builder) hosts(in *Instance) []string {
	if !SelfHosted(in.Job.Runner) {
		return nil
	}
	r := b.where(in.Model)
	var found []Host
	if s := b.repos[in.Model.Repository]; s != nil {
		found = fitting(in.Job.Runner, s.Runners, r)
	}
	owner, _, _ := strings.Cut(r, "/")
	for _, h := range fitting(in.Job.Runner, b.shared[strings.ToLower(owner)], owner) {
		h.Organization = owner
		found = append(found, h)
	}
	if len(found) == 0 {
		labels := append([]string{}, in.Job.Runner.Labels...)
		if in.Job.Runner.Group != "" {
			labels = append(labels, "group "+in.Job.Runner.Group)
		}
		found = []Host{{ID: snapshot.HostID(r, "["+strings.Join(labels, " ")+"]"), Labels: labels}}
	}
	var ids []string
	for _, h := range found {
		ids = append(ids, h.ID)
		known := b.machines[h.ID]
		if known == nil {
			h.Repository, known = r, &h
			b.machines[h.ID] = known
		}
		known.ReachedBy = append(known.ReachedBy, r+"/"+in.Start.Path)
	}
	return ids
}

// fitting are the runners that have every label a job asks for. What an expression or a
// group adds to the choice is not known, so that they narrow nothing.
// Source: GitHub Docs, "Using self-hosted runners in a workflow": a runner has to have
// all labels; they are compared without case.
func fitting(job workflow.Runner, runners []snapshot.Runner, owner string) []Host {
	var out []Host
	for _, x := range runners {
		lacks := slices.ContainsFunc(job.Labels, func(l string) bool {
			return !strings.Contains(l, "${{") && !slices.ContainsFunc(x.Labels, func(has string) bool { return strings.EqualFold(l, has) })
		})
		if !lacks {
			out = append(out, Host{ID: snapshot.HostID(owner, x.Name), Name: x.Name, Runner: x.ID, Labels: x.Labels})
		}
	}
	return out
}

// listed gives the hosts in order.
func (b *builder) listed() []Host {
	out := []Host{}
	for _, id := range slices.Sorted(maps.Keys(b.machines)) {
		h := b.machines[id]
		h.ReachedBy = sorted(h.ReachedBy)
		out = append(out, *h)
	}
	return out
}
