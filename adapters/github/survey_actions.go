package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/firebreak/firebreak/internal/snapshot"
)

func (v *surveyor) workflows(ctx context.Context) error {
	all, _, err := list[workflowWire](ctx, v.client, at(v.r.FullName, "actions", "workflows"), "workflows", nil)
	for _, w := range all {
		v.r.Workflows = append(v.r.Workflows, snapshot.Workflow{ID: w.ID, Path: w.Path, Name: w.Name, State: w.State})
	}
	slices.SortFunc(v.r.Workflows, func(a, b snapshot.Workflow) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID)) })
	return err
}

func (v *surveyor) runs(ctx context.Context) error {
	all, _, err := liveRuns(ctx, v.client, v.r.FullName, "")
	var cut *incomplete
	if err != nil && !errors.As(err, &cut) {
		return err
	}
	for _, r := range all {
		v.r.Runs = append(v.r.Runs, snapshot.Run{
			ID: r.ID, WorkflowID: r.WorkflowID, Path: r.Path, Event: r.Event, Branch: r.Branch, SHA: r.SHA, Status: r.Status,
			Conclusion: r.Conclusion, Actor: r.Actor.Login, Attempt: r.Attempt, Created: r.Created.UTC(),
		})
	}
	return err
}

func (v *surveyor) caches(ctx context.Context) error {
	all, _, err := list[cacheWire](ctx, v.client, at(v.r.FullName, "actions", "caches"), "actions_caches", nil)
	for _, c := range all {
		v.r.Caches = append(v.r.Caches, snapshot.Cache{ID: c.ID, Key: c.Key, Ref: c.Ref, Size: c.Size, Created: c.Created.UTC(), Used: c.Used.UTC()})
	}
	slices.SortFunc(v.r.Caches, func(a, b snapshot.Cache) int { return cmp.Compare(a.ID, b.ID) })
	return err
}

func (v *surveyor) artifacts(ctx context.Context) error {
	all, _, err := list[artifactWire](ctx, v.client, at(v.r.FullName, "actions", "artifacts"), "artifacts", nil)
	for _, a := range all {
		v.r.Artifacts = append(v.r.Artifacts, snapshot.Artifact{ID: a.ID, Name: a.Name, RunID: a.Run.ID, Size: a.Size, Digest: a.Digest, Expired: a.Expired, Created: a.Created.UTC()})
	}
	slices.SortFunc(v.r.Artifacts, func(a, b snapshot.Artifact) int { return cmp.Compare(a.ID, b.ID) })
	return err
}

// subject keeps the template as GitHub gives it: v62 loses use_immutable_subject
// and sub_claim_prefix.
func (v *surveyor) subject(ctx context.Context) error {
	_, err := get(ctx, v.client, at(v.r.FullName, "actions", "oidc", "customization", "sub"), &v.r.Subject)
	if err != nil || !v.organizationOwned() || !followsOwner(v.r.Subject) {
		return err
	}
	if v.template, err = v.house.subject(ctx); err != nil {
		v.gap("OIDC subject template of its organization, the one", err)
	}
	return nil
}

// followsOwner says whether a repository's template sends to its organization's.
// Source: GitHub REST reference, "Get the customization template for an OIDC subject
// claim for a repository".
func followsOwner(raw json.RawMessage) bool {
	var t struct {
		UseDefault *bool    `json:"use_default"`
		Keys       []string `json:"include_claim_keys"`
	}
	return json.Unmarshal(raw, &t) == nil && t.UseDefault != nil && !*t.UseDefault && t.Keys == nil
}
