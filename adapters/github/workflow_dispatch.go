package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// workflowDispatch starts a workflow and follows its run to the end: the clean
// rebuild (purpose rebuild) or the one watched run after enabling (canary).
//
// GitHub is asked to name the run it starts; where it does not, the run is found as
// the one that was not there before. Which runs were there is part of the call.
type workflowDispatch struct{ *Provider }

// The purposes of a dispatch.
const (
	rebuild = "rebuild"
	canary  = "canary"
)

// showsUp is how long a dispatched run may take to be listed.
const showsUp = time.Minute

// Spec implements adapters.Action. The role is that of a rebuild; the compiler of plans makes
// it Canary where the purpose says so.
func (workflowDispatch) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.workflow.dispatch", Summary: "Start a workflow and follow its run to the end.", Target: "run",
		Inputs: workflowInputs(
			plan.Field{Name: "ref", Type: plan.String, Doc: "branch to run on; the default branch when left out"},
			plan.Field{Name: "inputs", Type: plan.Map, Doc: "inputs of the workflow"},
			plan.Field{Name: "purpose", Type: plan.String, Doc: "rebuild (the default: the artifact's digest is an output) or canary"},
			plan.Field{Name: "subject", Type: plan.Workflow, Doc: "the workflow under response; it may not be the builder"},
		),
		Outputs: []plan.Field{
			{Name: "run", Type: plan.String, Doc: "id of the run"},
			{Name: "conclusion", Type: plan.String, Doc: "how the run ended"},
			{Name: "digest", Type: plan.String, Doc: "hex SHA-256 of the one file in the run's artifact, when purpose is rebuild"},
		},
		Effect: plan.Disruptive, Role: plan.Build, Lost: plan.Detectable, Proof: plan.P1,
		Settle: plan.Duration(showsUp), Permissions: []string{"actions=write"},
		Source: `GitHub REST reference, "Create a workflow dispatch event", return_run_details`,
	}
}

// dispatchBefore goes with a call: the dispatched runs that were there before.
type dispatchBefore struct {
	Runs []int64 `json:"runs"`
}

// Plan implements adapters.Action. It refuses to let a compromised workflow build.
func (workflowDispatch) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, w, err := workflow(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	purpose, ref := purposeOf(in.Text("purpose")), in.Text("ref")
	if purpose != rebuild && purpose != canary {
		return plan.Change{}, fmt.Errorf("purpose %q is not known; give rebuild or canary", purpose)
	}
	if purpose == rebuild && in.Text("subject") == w.Path {
		return plan.Change{}, fmt.Errorf("%s is the workflow under response and cannot rebuild what it may have poisoned; name another, trusted builder", w.Path)
	}
	if ref == "" {
		ref = r.DefaultBranch
	}
	return plan.Change{
		Target: plan.Target{Provider: "github", Kind: "run", ID: r.FullName + "/" + w.Path + "@" + ref + "#" + purpose, Name: w.Path},
		Before: plan.Image(map[string]string{"path": w.Path, "ref": ref}),
		Calls:  []plan.Call{dispatchCall(r.FullName, w.Path, ref, dispatchBefore{})},
		Breaks: "a run of " + w.Path + " on " + ref,
	}, nil
}

func purposeOf(text string) string {
	if text == "" {
		return rebuild
	}
	return text
}

func dispatchCall(repository, path, ref string, before dispatchBefore) plan.Call {
	return plan.Call{
		Key: "dispatch " + path, Verb: "dispatch", Object: repository + "/" + path,
		Args: map[string]string{"repository": repository, "workflow": path, "ref": ref}, Before: plan.Image(before),
	}
}

// Apply implements adapters.Action.
func (a workflowDispatch) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	body := map[string]any{"ref": c.Args["ref"], "return_run_details": true}
	if inputs, ok := t.Inputs["inputs"]; ok {
		body["inputs"] = inputs
	}
	var details struct {
		Run int64 `json:"workflow_run_id"`
	}
	to := at(c.Args["repository"], "actions", "workflows", path.Base(c.Args["workflow"]), "dispatches")
	o, _ := a.send(ctx, http.MethodPost, to, body, &details)
	if o.State == plan.Done && details.Run != 0 {
		o.Outputs = runOutput(details.Run)
	}
	return adapters.Result{Outcome: o}
}

func runOutput(id int64) map[string]plan.Output {
	return map[string]plan.Output{"run": {Value: strconv.FormatInt(id, 10)}}
}

// Settle implements adapters.Action.
func (a workflowDispatch) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	found, err := a.since(ctx, c, t.Asked(c))
	if err != nil {
		return unsettled(err)
	}
	switch len(found) {
	case 0:
		return t.Absent(c, plan.Duration(showsUp), "no new dispatched run is listed")
	case 1:
		return plan.Settlement{Happened: "yes", Outputs: runOutput(found[0].ID)}
	}
	return plan.Settlement{Happened: "unknown", Detail: fmt.Sprintf("%d dispatched runs are new; which one is ours cannot be told", len(found))}
}

// since lists the dispatched runs on the call's branch which were not there before it.
func (a workflowDispatch) since(ctx context.Context, c plan.Call, asked time.Time) ([]runWire, error) {
	var before dispatchBefore
	if err := json.Unmarshal(c.Before, &before); err != nil {
		return nil, fmt.Errorf("read which runs were there before: %w", err)
	}
	runs, err := runsSince(ctx, a.reads, c.Args["repository"], c.Args["workflow"], asked)
	return slices.DeleteFunc(runs, func(r runWire) bool {
		return r.Event != "workflow_dispatch" || r.Branch != c.Args["ref"] || slices.Contains(before.Runs, r.ID)
	}), err
}

// Verify implements adapters.Action.
func (a workflowDispatch) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	image, err := a.image(ctx, t)
	if err != nil {
		return unread("read the branch to run on", err)
	}
	c := dispatchCall(t.Text("repository"), image["path"], image["ref"], dispatchBefore{})
	r := plan.Reading{State: plan.Broken, Proof: plan.P1, Before: plan.Image(image)}
	asked, last := sent(t, c.Key)
	if last == nil {
		runs, err := runsSince(ctx, a.reads, c.Args["repository"], c.Args["workflow"], t.Now.Add(-slack))
		if err != nil {
			return unread("list the runs that are there", err)
		}
		before := dispatchBefore{Runs: []int64{}}
		for _, x := range runs {
			before.Runs = append(before.Runs, x.ID)
		}
		r.Next, r.Detail = []plan.Call{dispatchCall(c.Args["repository"], c.Args["workflow"], c.Args["ref"], before)}, "not dispatched yet"
		return r
	}
	id, err := a.ours(ctx, last, asked)
	if err != nil {
		return unread("find the dispatched run", err)
	}
	if id == 0 {
		if t.Now.Sub(asked) > 5*showsUp {
			return plan.Reading{State: plan.Unknown, Detail: "the dispatch was accepted and no run shows; look at the repository's Actions page"}
		}
		r.Wait, r.Detail = plan.Duration(10*time.Second), "the dispatched run does not show yet"
		return r
	}
	return a.follow(ctx, t, id, r)
}

// image is what a dispatch relies on: the file and the branch it runs on.
func (a workflowDispatch) image(ctx context.Context, t adapters.Task) (map[string]string, error) {
	ref := t.Text("ref")
	if ref == "" {
		var planned map[string]string
		if len(t.Action.Before) > 0 {
			if err := json.Unmarshal(t.Action.Before, &planned); err != nil {
				return nil, fmt.Errorf("read the before-image: %w", err)
			}
		}
		ref = planned["ref"]
	}
	if ref == "" {
		var repo struct {
			Default string `json:"default_branch"`
		}
		if _, err := get(ctx, a.reads, at(t.Text("repository")), &repo); err != nil {
			return nil, err
		}
		ref = repo.Default
	}
	return map[string]string{"path": t.Text("workflow"), "ref": ref}, nil
}

// ours is the id of the run a call started; 0 while it does not show.
func (a workflowDispatch) ours(ctx context.Context, h *plan.Attempt, asked time.Time) (int64, error) {
	for _, outputs := range []map[string]plan.Output{outcomeOutputs(h), settledOutputs(h)} {
		if v := outputs["run"].Value; v != "" {
			return strconv.ParseInt(v, 10, 64)
		}
	}
	found, err := a.since(ctx, h.Call, asked)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	if len(found) > 1 {
		return 0, errors.New("several dispatched runs are new; which one is ours cannot be told")
	}
	return found[0].ID, nil
}

func outcomeOutputs(h *plan.Attempt) map[string]plan.Output {
	if h.Outcome == nil {
		return nil
	}
	return h.Outcome.Outputs
}

func settledOutputs(h *plan.Attempt) map[string]plan.Output {
	if h.Settlement == nil {
		return nil
	}
	return h.Settlement.Outputs
}

// follow judges the run: held when it succeeded and, for a rebuild, its artifact
// could be read.
func (a workflowDispatch) follow(ctx context.Context, t adapters.Task, id int64, r plan.Reading) plan.Reading {
	var run runWire
	server, err := get(ctx, a.reads, at(t.Text("repository"), "actions", "runs", strconv.FormatInt(id, 10)), &run)
	if err == nil && run.Status == "" {
		err = errNoState
	}
	if err != nil {
		return unread("read the dispatched run", err)
	}
	r.Server, r.Outputs = server, runOutput(id)
	if run.Status != completed {
		r.Wait, r.Detail = plan.Duration(10*time.Second), fmt.Sprintf("run %d is %s", id, run.Status)
		return r
	}
	r.Outputs["conclusion"] = plan.Output{Value: run.Conclusion}
	if run.Conclusion != "success" {
		r.Final, r.Detail = true, fmt.Sprintf("run %d ended with %s; read its log before it is tried again", id, run.Conclusion)
		return r
	}
	if purposeOf(t.Text("purpose")) == rebuild {
		digest, err := a.built(ctx, t.Text("repository"), id)
		var bad *unfit
		switch {
		case errors.As(err, &bad):
			r.Final, r.Detail = true, bad.Error()
			return r
		case err != nil:
			return unread("read what the rebuild made", err)
		case digest == "":
			r.Wait, r.Detail = plan.Duration(10*time.Second), "the run is over and its artifact does not show"
			r.Final = server.Sub(run.Updated) > 5*showsUp
			return r
		}
		r.Outputs["digest"] = plan.Output{Value: digest}
	}
	r.State, r.Detail = plan.Held, fmt.Sprintf("run %d succeeded", id)
	return r
}
