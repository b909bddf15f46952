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
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// accessReview looks at what lets somebody in, or hears, without a workflow: deploy
// keys and webhooks of the repository, webhooks of its organization. What was added or
// changed since t0, or since the first survey, is shown to a person. It changes
// nothing: whose they are only people know.
type accessReview struct{ *Provider }

// Spec implements adapters.Action.
func (accessReview) Spec() plan.Spec {
	return plan.Spec{
		Name: "github.access.review", Summary: "Show deploy keys and webhooks that were added since the exposure began.", Target: "access",
		Inputs: []plan.Field{
			{Name: "repository", Type: plan.Repository, Required: true, Doc: "the repository, owner/name"},
			{Name: "since", Type: plan.Timestamp, Doc: "start of the exposure; without it, what the first survey did not list is shown"},
		},
		Effect: plan.Read, Role: plan.Look, Lost: plan.ResendSafe, Proof: plan.P1,
		Permissions: []string{"administration=read", "repository_hooks=read", "organization_hooks=read"},
		Source:      `GitHub REST reference, "List deploy keys", "List repository webhooks", "List organization webhooks"`,
	}
}

// Needs implements adapters.Needing: each list is a gap by itself where it may not be
// read, so that no permission is needed to look at the rest.
func (accessReview) Needs(adapters.Inputs) []string { return nil }

// accessImage is what was there at the first survey: the ids by list, nil for a list
// that could not be read then.
type accessImage map[string][]int64

// Plan implements adapters.Action.
func (accessReview) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	if _, err := since(in.Text("since")); err != nil {
		return plan.Change{}, err
	}
	image := accessImage{deployKeys: {}, webhooks: {}}
	for _, k := range r.Keys {
		image[deployKeys] = append(image[deployKeys], k.ID)
	}
	for _, h := range r.Hooks {
		image[webhooks] = append(image[webhooks], h.ID)
	}
	for _, o := range s.Organizations {
		if o.Login == owner(r.FullName) {
			image[ownerHooks] = []int64{}
			for _, h := range o.Hooks {
				image[ownerHooks] = append(image[ownerHooks], h.ID)
			}
		}
	}
	for _, g := range s.Gaps { // an empty list that could not be read says nothing
		for _, what := range []string{deployKeys, webhooks} {
			if g.Provider == "github" && g.What == what+" of "+r.FullName {
				delete(image, what)
			}
		}
	}
	return plan.Change{
		Target: plan.Target{Provider: "github", Kind: "access", ID: r.FullName, Name: "deploy keys and webhooks of " + r.FullName, Selector: true},
		Before: plan.Image(image), Evidence: []string{"access:" + r.FullName},
	}, nil
}

const (
	deployKeys = "deploy keys"
	webhooks   = "webhooks"
	ownerHooks = "webhooks of the organization"
)

// Apply implements adapters.Action. There is nothing to send.
func (accessReview) Apply(context.Context, adapters.Task, plan.Call) adapters.Result {
	return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "a review sends no change"}}
}

// Settle implements adapters.Action.
func (accessReview) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "no", Detail: "a review sends no change"}
}

// access is one thing that lets somebody in or hears, as it is kept as evidence.
type access struct {
	List    string    `json:"list"`
	ID      int64     `json:"id"`
	What    string    `json:"what"` // a key's title, a webhook's address without what may be a token
	Detail  string    `json:"detail"`
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
}

func hookAsAccess(list string, h snapshot.Hook) access {
	return access{list, h.ID, h.URL, fmt.Sprintf("active: %t, events %v", h.Active, h.Events), h.Created, h.Updated}
}

func keysAsAccess(all []snapshot.DeployKey) []access {
	var out []access
	for _, k := range all {
		detail := "read and write"
		if k.ReadOnly {
			detail = "read only"
		}
		detail += ", added by " + cmp.Or(k.AddedBy, "somebody GitHub does not name")
		if k.Key != "" {
			detail += ", " + k.Key
		}
		out = append(out, access{deployKeys, k.ID, k.Title, detail, k.Created, time.Time{}})
	}
	return out
}

// Verify implements adapters.Action. It is held once everything was looked at that may
// be; a list that may not be read is a gap.
func (a accessReview) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	from, err := since(t.Text("since"))
	if err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	repository := t.Text("repository")
	var repo struct {
		Owner ownerWire `json:"owner"`
	}
	if _, err := get(ctx, a.reads, at(repository), &repo); err != nil {
		return unread("read "+repository, err)
	}
	var all []access
	var saved []plan.Saved
	listed := 0
	for _, l := range a.lists(repository, repo.Owner) {
		part, err := l.read(ctx)
		switch code := status(err); {
		case err == nil:
			listed++
			all = append(all, part...)
		case code == http.StatusForbidden || code == http.StatusNotFound:
			saved = append(saved, plan.Saved{Evidence: "access:" + repository, Listing: l.name + " of " + repository, Gap: why(err)})
		default:
			return unread("list the "+l.name+" of "+repository, err)
		}
	}
	if listed == 0 {
		return plan.Reading{State: plan.Unknown, Detail: "neither deploy keys nor webhooks of " + repository + " may be read: " + saved[0].Gap}
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Found: strangers(t, repository, all, from), Detail: fmt.Sprintf("%d deploy keys and webhooks", len(all))}
	if t.Save == nil {
		return r
	}
	kept, err := keepAccess(t, repository, all)
	if err != nil {
		return plan.Reading{State: plan.Unknown, Detail: "keep the list of deploy keys and webhooks: " + err.Error()}
	}
	r.Saved = append([]plan.Saved{kept}, saved...)
	return r
}

// lists are what is looked at, in the order of the report.
func (a accessReview) lists(repository string, of ownerWire) []accessList {
	hooks := func(name, path string) accessList {
		return accessList{name, func(ctx context.Context) ([]access, error) {
			found, err := hooksAt(ctx, a.reads, path)
			var out []access
			for _, h := range found {
				out = append(out, hookAsAccess(name, h))
			}
			return out, err
		}}
	}
	out := []accessList{
		{deployKeys, func(ctx context.Context) ([]access, error) {
			found, err := keysAt(ctx, a.reads, repository)
			return keysAsAccess(found), err
		}},
		hooks(webhooks, at(repository, "hooks")),
	}
	if of.Type == "Organization" { // a person has no webhooks
		out = append(out, hooks(ownerHooks, inOrganization(of.Login, "hooks")))
	}
	return out
}

type accessList struct {
	name string
	read func(context.Context) ([]access, error)
}

// strangers gives what a person should look at: added or changed since from, or not
// there at the first survey.
func strangers(t adapters.Task, repository string, all []access, from time.Time) []plan.Found {
	var first accessImage
	if len(t.Action.Before) > 0 && json.Unmarshal(t.Action.Before, &first) != nil {
		first = nil
	}
	kinds := map[string]string{deployKeys: "deploy key", webhooks: "webhook", ownerHooks: "organization webhook"}
	var out []plan.Found
	for _, x := range all {
		known, listed := first[x.List]
		text := ""
		switch {
		case !from.IsZero() && !x.Created.IsZero() && !x.Created.Before(from.Add(-slack)):
			text = "added at " + x.Created.Format(time.RFC3339) + ", since the exposure began"
		case !from.IsZero() && !x.Updated.IsZero() && !x.Updated.Before(from.Add(-slack)):
			text = "changed at " + x.Updated.Format(time.RFC3339) + ", since the exposure began"
		case listed && !slices.Contains(known, x.ID):
			text = "added since the first survey"
		default:
			continue
		}
		out = append(out, plan.Found{Kind: kinds[x.List], Target: fmt.Sprintf("%s: %s (%d)", repository, x.What, x.ID), Why: text + "; " + x.Detail})
	}
	return out
}

// keepAccess saves the list under a name made of its content, so that a later list does
// not take the place of an earlier one.
func keepAccess(t adapters.Task, repository string, all []access) (plan.Saved, error) {
	b, err := json.MarshalIndent(append([]access{}, all...), "", "  ")
	if err != nil {
		return plan.Saved{}, err
	}
	sum := sha256.Sum256(b)
	kept, err := t.Save(flat("github-access", repository, hex.EncodeToString(sum[:4]))+".json", append(b, '\n'))
	kept.Evidence, kept.Listing = "access:"+repository, fmt.Sprintf("%d deploy keys and webhooks of %s", len(all), repository)
	return kept, err
}
