package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// artifactsExport keeps what a workflow's runs since t0 uploaded. It only reads, so it
// has no calls: looking is the export. An artifact goes from GitHub to the disk piece
// by piece, is held against the digest GitHub names, and is never unpacked: what is in
// it is an attacker's. What GitHub no longer has is a gap, named one by one.
type artifactsExport struct{ *Provider }

// Spec implements adapters.Action.
func (artifactsExport) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.artifacts.export", Summary: "Keep the artifacts of a workflow's runs as evidence.", Target: "artifacts",
		Inputs: workflowInputs(plan.Field{Name: "since", Type: plan.Timestamp, Doc: "of runs created since then; without it, of every run GitHub still has"}),
		Effect: plan.Read, Role: plan.Export, Lost: plan.ResendSafe, Proof: plan.P1, Permissions: []string{"actions=read"},
		Source: `GitHub REST reference, "List artifacts for a repository", "Download an artifact"`,
	}
}

// Plan implements adapters.Action.
func (artifactsExport) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	return exporting(in, s, "artifacts")
}

// Apply implements adapters.Action. There is nothing to send.
func (artifactsExport) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return exportSends("artifacts")
}

// Settle implements adapters.Action.
func (artifactsExport) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return exportSent()
}

// Verify implements adapters.Action. It is held once every run is over and what it
// uploaded is kept or known to be gone.
func (a artifactsExport) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	from, err := since(t.Text("since"))
	if err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	repository, workflow := t.Text("repository"), t.Text("workflow")
	var record []json.RawMessage
	runs, err := logsExport{a.Provider}.runs(ctx, repository, workflow, from, &record)
	if err != nil {
		return unread("list the runs of "+workflow, err)
	}
	of := map[int64]bool{}
	for _, r := range runs {
		if r.Status != completed {
			return plan.Reading{State: plan.Broken, Proof: plan.P1, Wait: plan.Duration(30 * time.Second), Detail: fmt.Sprintf("run %d is still %s: it may upload more until it is over", r.ID, r.Status)}
		}
		of[r.ID] = true
	}
	all, _, err := list[artifactWire](ctx, a.reads, at(repository, "actions", "artifacts"), "artifacts", nil)
	if err != nil {
		return unread("list the artifacts", err)
	}
	all = slices.DeleteFunc(all, func(x artifactWire) bool { return !of[x.Run.ID] })
	slices.SortFunc(all, func(x, y artifactWire) int { return cmp.Compare(x.ID, y.ID) })
	if t.SaveFrom == nil {
		return plan.Reading{State: plan.Broken, Proof: plan.P1, Detail: fmt.Sprintf("%d artifacts would be kept", len(all))}
	}
	saved := []plan.Saved{{Listing: fmt.Sprintf("%d artifacts of %d runs of %s", len(all), len(runs), workflow)}}
	for _, x := range all {
		kept, err := a.keep(ctx, t, repository, x)
		if err != nil {
			return unread(fmt.Sprintf("keep artifact %s of run %d", x.Name, x.Run.ID), err)
		}
		saved = append(saved, kept)
	}
	for i := range saved {
		saved[i].Evidence = "artifacts:" + repository
	}
	return plan.Reading{State: plan.Held, Proof: plan.P1, Saved: saved, Detail: fmt.Sprintf("%d artifacts of %d runs", len(all), len(runs))}
}

// keep downloads one artifact. That it is gone is a gap, not an error.
func (a artifactsExport) keep(ctx context.Context, t adapters.Task, repository string, x artifactWire) (plan.Saved, error) {
	id := strconv.FormatInt(x.ID, 10)
	out := plan.Saved{Listing: fmt.Sprintf("artifact %s (%s) of run %d, %d bytes, created %s, %s", x.Name, id, x.Run.ID, x.Size, x.Created.UTC().Format(time.RFC3339), cmp.Or(x.Digest, "no digest"))}
	gap := func(why string) (plan.Saved, error) {
		out.Gap = fmt.Sprintf("artifact %s (%s) of run %d: %s", x.Name, id, x.Run.ID, why)
		return out, nil
	}
	if x.Expired {
		return gap("it expired, GitHub no longer has it")
	}
	body, err := a.fetch(ctx, at(repository, "actions", "artifacts", id, "zip"))
	switch status(err) {
	case http.StatusGone:
		return gap("it expired or was deleted, GitHub no longer has it")
	case http.StatusNotFound:
		return gap("it was deleted, GitHub no longer has it")
	}
	if err != nil {
		return plan.Saved{}, err
	}
	content := newChecked(body, x.Digest)
	kept, err := t.SaveFrom(flat("github-artifact", repository, id)+".zip", content)
	err = errors.Join(err, body.Close())
	var never *adapters.Unkeepable
	switch {
	case errors.As(err, &never), errors.Is(err, errTooLong):
		return gap(err.Error())
	case err != nil:
		return plan.Saved{}, err
	}
	out.File, out.Digest = kept.File, kept.Digest
	switch is := content.sum(); {
	case !content.known():
		out.Listing += "; not checked: GitHub named no SHA-256"
	case is != kept.Digest:
		out.Listing += "; arrived whole, and was masked before it was kept"
	}
	return out, nil
}
