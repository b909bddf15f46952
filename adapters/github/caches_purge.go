package github

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// cachesPurge deletes every Actions cache of a repository, one by one and by id.
//
// A token that may write caches can outlive its job, so an entry can come back: the
// wished state is an empty list, seen twice with a wait between.
type cachesPurge struct{ *Provider }

// noDownload is the gap every purge leaves in the evidence.
const noDownload = "GitHub offers no download of caches; only their listing is kept"

// Spec implements adapters.Action.
func (cachesPurge) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.caches.purge", Summary: "Delete every Actions cache of a repository, and again what comes back.", Target: "caches",
		Inputs: []plan.Field{
			{Name: "repository", Type: plan.Repository, Required: true, Doc: "the repository, owner/name"},
			{Name: "workflow", Type: plan.Workflow, Doc: "told to the reader only: a cache names no workflow, so all caches of the repository go"},
			{Name: "since", Type: plan.Timestamp, Doc: "told to the reader only: the age of a cache does not show when it was poisoned"},
		},
		Effect: plan.Irreversible, Role: plan.Purge, Lost: plan.ResendSafe, Proof: plan.P2,
		Settle: plan.Duration(2 * time.Minute), Permissions: []string{"actions=write"},
		Source: `GitHub REST reference, "Delete a GitHub Actions cache for a repository (using a cache ID)"`,
	}
}

// cacheImage is one entry of the listing a purge relies on.
type cacheImage struct {
	ID      int64     `json:"id"`
	Key     string    `json:"key"`
	Ref     string    `json:"ref"`
	Size    int64     `json:"size"`
	Created time.Time `json:"created"`
}

// Plan implements adapters.Action.
func (cachesPurge) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	images := []cacheImage{}
	for _, c := range r.Caches {
		images = append(images, cacheImage{c.ID, c.Key, c.Ref, c.Size, c.Created.UTC()})
	}
	sortCaches(images)
	gaps := append([]plan.Gap{{What: "content of the caches of " + r.FullName, Why: noDownload}}, leftOut(r, "caches")...)
	return plan.Change{
		Target:   plan.Target{Provider: "github", Kind: "caches", ID: r.FullName, Name: "caches of " + r.FullName, Selector: true},
		Before:   plan.Image(images),
		Calls:    deletions(r.FullName, images),
		Evidence: []string{"caches:" + r.FullName},
		Breaks:   "the next runs are slower: nothing is cached",
		Gaps:     gaps,
	}, nil
}

func sortCaches(images []cacheImage) {
	slices.SortFunc(images, func(a, b cacheImage) int { return cmp.Compare(a.ID, b.ID) })
}

func deletions(repository string, images []cacheImage) []plan.Call {
	var calls []plan.Call
	for _, c := range images {
		id := strconv.FormatInt(c.ID, 10)
		calls = append(calls, plan.Call{
			Key: "delete " + id, Verb: "delete", Object: repository + " cache " + id + " (" + c.Key + ")",
			Args: map[string]string{"repository": repository, "cache": id},
		})
	}
	return calls
}

// Apply implements adapters.Action. A cache that is gone already is as wished.
func (a cachesPurge) Apply(ctx context.Context, _ adapters.Task, c plan.Call) adapters.Result {
	o, code := a.send(ctx, http.MethodDelete, at(c.Args["repository"], "actions", "caches", c.Args["cache"]), nil, nil)
	if code == http.StatusNotFound {
		o.State, o.Detail = plan.Unknown, "GitHub knows no such cache, or hides it; the listing decides"
	}
	return adapters.Result{Outcome: o}
}

// Settle implements adapters.Action.
func (a cachesPurge) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	images, _, err := a.listing(ctx, t.Text("repository"))
	if err != nil {
		return unsettled(err)
	}
	if !slices.ContainsFunc(images, func(i cacheImage) bool { return strconv.FormatInt(i.ID, 10) == c.Args["cache"] }) {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, a.Spec().Settle, "the cache is listed")
}

// Verify implements adapters.Action. Each listing is kept as evidence before
// anything of it is deleted.
func (a cachesPurge) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	repository := t.Text("repository")
	images, server, err := a.listing(ctx, repository)
	if err != nil {
		return unread("list the caches", err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: plan.Image(images), Server: server}
	saved := plan.Saved{Evidence: "caches:" + repository, Gap: noDownload, Listing: describe(images)}
	if t.Save != nil && len(images) > 0 {
		kept, err := keep(t, repository, images)
		if err != nil {
			return plan.Reading{State: plan.Unknown, Detail: "keep the listing of caches: " + err.Error()}
		}
		saved.File, saved.Digest = kept.File, kept.Digest
	}
	r.Saved = []plan.Saved{saved}
	if len(images) == 0 {
		return r
	}
	r.State, r.Detail = plan.Broken, fmt.Sprintf("%d caches are listed", len(images))
	for _, c := range deletions(repository, images) {
		// Deleted a moment ago and still listed: it may only not show yet.
		if asked, _ := sent(t, c.Key); !asked.IsZero() && t.Now.Sub(asked) < lateDelete {
			r.Wait = plan.Duration(lateDelete - t.Now.Sub(asked))
			continue
		}
		r.Next = append(r.Next, c)
	}
	return r
}

// lateDelete is how long a deleted cache may still be listed.
const lateDelete = 30 * time.Second

// keep saves a listing under a name made of its content, so that a later listing
// does not take the place of an earlier one.
func keep(t adapters.Task, repository string, images []cacheImage) (plan.Saved, error) {
	b, err := json.MarshalIndent(images, "", "  ")
	if err != nil {
		return plan.Saved{}, err
	}
	sum := sha256.Sum256(b)
	return t.Save(flat("github-caches", repository, hex.EncodeToString(sum[:4]))+".json", append(b, '\n'))
}

// flat makes one file name of parts that may have slashes.
func flat(parts ...string) string { return strings.ReplaceAll(strings.Join(parts, "-"), "/", "-") }

func describe(images []cacheImage) string {
	lines := []string{fmt.Sprintf("%d caches", len(images))}
	for _, c := range images {
		lines = append(lines, fmt.Sprintf("%d %s %s %d bytes, created %s", c.ID, c.Key, c.Ref, c.Size, c.Created.Format(time.RFC3339)))
	}
	return strings.Join(lines, "\n")
}

func (a cachesPurge) listing(ctx context.Context, repository string) ([]cacheImage, time.Time, error) {
	all, server, err := list[cacheWire](ctx, a.reads, at(repository, "actions", "caches"), "actions_caches", nil)
	images := []cacheImage{}
	for _, c := range all {
		images = append(images, cacheImage{c.ID, c.Key, c.Ref, c.Size, c.Created.UTC()})
	}
	sortCaches(images)
	return images, server, err
}
