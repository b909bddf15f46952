package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// runsCancel ends every live run of a workflow and every job of them, because a
// job's token and secrets live as long as the job.
//
// GitHub's answers to a cancel mislead in both directions (409 for a run that is
// not queued yet, 500 while it worked, 202 while the run stays), so the answer is
// never believed: only reading run and jobs counts. A run that goes on, as one
// with `if: always()` steps does, is force-cancelled after a minute.
type runsCancel struct{ *Provider }

// patience is how long a cancel, and then a force-cancel, may take.
const patience = time.Minute

// poll is how often a run that was told to end is looked at.
const poll = 10 * time.Second

// Spec implements adapters.Action.
func (runsCancel) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.runs.cancel", Summary: "End every live run of a workflow, by force where it does not end by itself.", Target: "runs",
		Inputs: workflowInputs(plan.Field{Name: "since", Type: plan.Timestamp, Doc: "also look at the jobs of ended runs created since then: a job may outlive its run"}),
		Effect: plan.Disruptive, Role: plan.Contain, Lost: plan.ResendSafe,
		Proof: plan.P2, Settle: plan.Duration(30 * time.Second), Permissions: []string{"actions=write"},
		Source: `GitHub REST reference, "Cancel a workflow run" and "Force cancel a workflow run"`,
	}
}

// cancelImage is what cancelling relies on: the runs that lived.
type cancelImage struct {
	Runs []int64 `json:"runs"`
}

// Plan implements adapters.Action.
func (a runsCancel) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, w, err := workflow(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	image := cancelImage{Runs: []int64{}}
	c := plan.Change{
		Target: plan.Target{Provider: "github", Kind: "runs", ID: r.FullName + "/" + w.Path, Name: "live runs of " + w.Path, Selector: true},
		Doors:  []string{door(r.FullName, w.Path)},
		Breaks: "runs of " + w.Path + " that are under way are lost",
		Gaps:   leftOut(r, "runs"),
	}
	for _, run := range r.Runs {
		if run.WorkflowID == w.ID && run.Status != completed {
			image.Runs = append(image.Runs, run.ID)
			c.Calls = append(c.Calls, cancelCall("cancel", r.FullName, run.ID))
		}
	}
	slices.Sort(image.Runs)
	slices.SortFunc(c.Calls, func(a, b plan.Call) int { return strings.Compare(a.Key, b.Key) })
	c.Before = plan.Image(image)
	return c, nil
}

func cancelCall(verb, repository string, run int64) plan.Call {
	id := strconv.FormatInt(run, 10)
	return plan.Call{Key: verb + " " + id, Verb: verb, Object: repository + " run " + id, Args: map[string]string{"repository": repository, "run": id}}
}

// Apply implements adapters.Action.
func (a runsCancel) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	o, code := a.send(ctx, http.MethodPost, at(c.Args["repository"], "actions", "runs", c.Args["run"], c.Verb), nil, nil)
	if code == http.StatusConflict {
		o.State, o.Detail = plan.Unknown, "GitHub says the run cannot be cancelled now; reading it decides"
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action. Whether our call arrived cannot be seen while
// the run lives; sending it again does no harm.
func (a runsCancel) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	id, err := strconv.ParseInt(c.Args["run"], 10, 64)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: "the call names no run"}
	}
	over, err := a.ended(ctx, c.Args["repository"], id)
	if err != nil {
		return unsettled(err)
	}
	if over {
		return plan.Settlement{Happened: "yes"}
	}
	return plan.Settlement{Happened: "unknown", Wait: a.Spec().Settle, Detail: "the run is alive, which says nothing about our call"}
}

// ended says whether a run and all its jobs are over. A run that was deleted is:
// GitHub deletes none that lives.
func (a runsCancel) ended(ctx context.Context, repository string, id int64) (bool, error) {
	var run runWire
	_, err := get(ctx, a.reads, at(repository, "actions", "runs", strconv.FormatInt(id, 10)), &run)
	if status(err) == http.StatusNotFound {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read run %d: %w", id, err)
	}
	if run.Status == "" {
		return false, errNoState
	}
	if run.Status != completed {
		return false, nil
	}
	jobs, err := liveJobs(ctx, a.reads, repository, id)
	return err == nil && len(jobs) == 0, err
}

// Verify implements adapters.Action. It looks at the live runs, and once more at
// every run that was live before: its jobs may go on after it.
func (a runsCancel) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	repository := t.Text("repository")
	runs, server, err := a.liveOf(ctx, repository, t.Text("workflow"))
	var cut *incomplete
	if err != nil && !errors.As(err, &cut) {
		return unread("look for live runs", err)
	}
	image := cancelImage{Runs: []int64{}}
	for _, r := range runs {
		image.Runs = append(image.Runs, r.ID)
	}
	alive := slices.Clone(image.Runs)
	others, err := a.earlier(ctx, t, image.Runs)
	if err != nil {
		return unread("look for runs that ended", err)
	}
	for _, id := range others {
		over, err := a.ended(ctx, repository, id)
		if err != nil {
			return unread("look whether a run and its jobs ended", err)
		}
		if !over {
			alive = append(alive, id)
		}
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: plan.Image(image), Server: server}
	if len(alive) > 0 {
		r.State, r.Detail = plan.Broken, fmt.Sprintf("%d runs of the workflow, or jobs of them, are alive", len(alive))
		r.Next, r.Wait = escalate(t, alive)
	} else if cut != nil {
		return unread("look for live runs", cut)
	}
	return r
}

// earlier lists the runs, other than those that live, whose jobs must be over too.
func (a runsCancel) earlier(ctx context.Context, t adapters.Task, now []int64) ([]int64, error) {
	var before cancelImage
	if len(t.Action.Before) > 0 {
		if err := json.Unmarshal(t.Action.Before, &before); err != nil {
			return nil, fmt.Errorf("read the before-image: %w", err)
		}
	}
	ids := before.Runs
	for _, h := range t.History {
		id, err := strconv.ParseInt(h.Call.Args["run"], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("an earlier call names no run: %w", err)
		}
		ids = append(ids, id)
	}
	if text := t.Text("since"); text != "" {
		from, err := since(text)
		if err != nil {
			return nil, err
		}
		runs, err := a.runsSinceOf(ctx, t.Text("repository"), t.Text("workflow"), from)
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id int64) bool { return slices.Contains(now, id) }), nil
}

// escalate gives the next call for each run that lives: cancel, after a minute
// force-cancel, and that again every minute. Where none is due, wait says when.
func escalate(t adapters.Task, alive []int64) (next []plan.Call, wait plan.Duration) {
	for _, id := range alive {
		cancel := cancelCall("cancel", t.Text("repository"), id)
		force := cancelCall("force-cancel", t.Text("repository"), id)
		asked, _ := sent(t, cancel.Key)
		if asked.IsZero() {
			next = append(next, cancel)
			continue
		}
		if again, _ := sent(t, force.Key); !again.IsZero() {
			asked = again
		}
		if left := patience - t.Now.Sub(asked); left > 0 {
			if left = min(left, poll); wait == 0 || left < wait.D() {
				wait = plan.Duration(left)
			}
			continue
		}
		next = append(next, force)
	}
	return next, wait
}
