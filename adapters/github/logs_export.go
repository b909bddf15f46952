package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// logsExport keeps the logs of every attempt of a workflow's runs since t0, with
// GitHub's own record of the runs. It only reads, so it has no calls: looking is
// the export. What GitHub no longer has is a gap, named run by run.
type logsExport struct{ *Provider }

// Spec implements adapters.Action.
func (logsExport) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.logs.export", Summary: "Keep the logs of a workflow's runs as evidence.", Target: "logs",
		Inputs: workflowInputs(plan.Field{Name: "since", Type: plan.Timestamp, Doc: "runs created since then; without it, every run GitHub still has"}),
		Effect: plan.Read, Role: plan.Export, Lost: plan.ResendSafe, Proof: plan.P1, Permissions: []string{"actions=read"},
		Source: `GitHub REST reference, "Download workflow run attempt logs"`,
	}
}

// Plan implements adapters.Action.
func (logsExport) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return exporting(in, s, "logs")
}

// Apply implements adapters.Action. There is nothing to send.
func (logsExport) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return exportSends("logs")
}

// Settle implements adapters.Action.
func (logsExport) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return exportSent()
}

// Verify implements adapters.Action. It is held once every run is over and its
// logs are kept or known to be gone.
func (a logsExport) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	from, err := since(t.Text("since"))
	if err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	repository, workflow := t.Text("repository"), t.Text("workflow")
	var raw []json.RawMessage
	runs, err := a.runs(ctx, repository, workflow, from, &raw)
	if err != nil {
		return unread("list the runs of "+workflow, err)
	}
	for _, r := range runs {
		if r.Status != completed {
			return plan.Reading{State: plan.Broken, Proof: plan.P1, Wait: plan.Duration(30 * time.Second), Detail: fmt.Sprintf("run %d is still %s: its logs come when it is over", r.ID, r.Status)}
		}
	}
	if t.Save == nil {
		return plan.Reading{State: plan.Broken, Proof: plan.P1, Detail: fmt.Sprintf("the logs of %d runs would be kept", len(runs))}
	}
	saved, err := a.export(ctx, t, runs, raw)
	if err != nil {
		return unread("keep the logs of "+workflow, err)
	}
	return plan.Reading{State: plan.Held, Proof: plan.P1, Saved: saved, Detail: fmt.Sprintf("%d runs", len(runs))}
}

// runs lists the runs with GitHub's record of each, which names the commits of the
// reusable workflows that really ran.
func (a logsExport) runs(ctx context.Context, repository, workflow string, from time.Time, raw *[]json.RawMessage) ([]runWire, error) {
	filter := createdSince(from)
	all, _, err := list[json.RawMessage](ctx, a.reads, runsOf(repository, workflow), "workflow_runs", filter)
	if err != nil {
		return nil, err
	}
	runs := make([]runWire, len(all))
	for i, b := range all {
		if err := json.Unmarshal(b, &runs[i]); err != nil {
			return nil, fmt.Errorf("read a run: %w", err)
		}
	}
	*raw = all
	return byID(runs), nil
}

func (a logsExport) export(ctx context.Context, t adapters.Task, runs []runWire, raw []json.RawMessage) ([]plan.Saved, error) {
	repository := t.Text("repository")
	evidence := "logs:" + repository
	record, err := json.MarshalIndent(raw, "", "  ")
	if err != nil {
		return nil, err
	}
	kept, err := t.Save(flat("github-runs", repository, t.Text("workflow"))+".json", record)
	if err != nil {
		return nil, err
	}
	kept.Evidence, kept.Listing = evidence, fmt.Sprintf("%d runs of %s", len(runs), t.Text("workflow"))
	saved := []plan.Saved{kept}
	for _, r := range runs {
		for attempt := 1; attempt <= max(r.Attempt, 1); attempt++ {
			kept, err := a.keep(ctx, t, r.ID, attempt)
			if err != nil {
				return nil, err
			}
			kept.Evidence = evidence
			saved = append(saved, kept)
		}
	}
	return saved, nil
}

// keep downloads the logs of one attempt. That they are gone is a gap, not an error.
func (a logsExport) keep(ctx context.Context, t adapters.Task, run int64, attempt int) (plan.Saved, error) {
	repository, id, n := t.Text("repository"), strconv.FormatInt(run, 10), strconv.Itoa(attempt)
	gone := plan.Saved{Listing: "run " + id + " attempt " + n}
	b, err := a.download(ctx, at(repository, "actions", "runs", id, "attempts", n, "logs"))
	switch {
	case status(err) == http.StatusGone:
		gone.Gap = "GitHub no longer has the logs: they expired or were deleted"
		return gone, nil
	case status(err) == http.StatusNotFound:
		gone.Gap = "GitHub has no logs: they were deleted, or no job began"
		return gone, nil
	case errors.Is(err, errTooLarge):
		gone.Gap = err.Error() + "; download it by hand"
		return gone, nil
	case err != nil:
		return plan.Saved{}, fmt.Errorf("download the logs of run %d attempt %d: %w", run, attempt, err)
	}
	return t.Save(flat("github-logs", repository, id, n)+".zip", b)
}
