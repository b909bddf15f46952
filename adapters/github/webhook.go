package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// A webhook's secret is what its deliveries are signed with. We choose the value; GitHub
// keeps one at a time and never shows it, so that the new one takes the old one's place.
// What GitHub cannot know is what a receiver takes: a holder of the old value deceives each
// receiver that has not read the new one. The receiver's own answers tell that, as far as
// anything does.
// Source: GitHub REST reference, "Repository webhooks", "Organization webhooks"; GitHub
// Docs, "Validating webhook deliveries".

var webhookInputs = []plan.Field{
	{Name: "repository", Type: plan.Repository, Doc: "the repository the webhook is of, owner/name"},
	{Name: "organization", Type: plan.String, Doc: "the organization the webhook is of, where it is no repository's"},
	{Name: "hook", Type: plan.String, Doc: "id of the webhook: the last part of its address in its settings; left out: the only one there is"},
}

const (
	permitHook      = "repository_hooks="
	permitOwnerHook = "organization_hooks="
)

// hookNeeds are the permissions for a repository's or an organization's webhook.
func hookNeeds(in adapters.Inputs, level string) []string {
	if in.Text("organization") != "" {
		return []string{permitOwnerHook + level}
	}
	return []string{permitHook + level}
}

// hookPath is where the webhook is, below the API's root.
func hookPath(repository, organization, id string, parts ...string) string {
	if organization != "" {
		return inOrganization(organization, append([]string{"hooks", id}, parts...)...)
	}
	return at(repository, append([]string{"hooks", id}, parts...)...)
}

func (p *Provider) hookAt(t adapters.Task, c plan.Call, parts ...string) string {
	return hookPath(t.Text("repository"), t.Text("organization"), cmp.Or(c.Args["id"], hookID(t)), parts...)
}

// hookID is the webhook that is meant: by the issuer's setting, by what has the
// new secret, or by the plan.
func hookID(t adapters.Task) string {
	id := cmp.Or(t.Text("hook"), t.Text("new"))
	for _, c := range t.Action.Calls {
		id = cmp.Or(id, c.Args["id"])
	}
	return id
}

// pickHook finds the webhook while planning.
func pickHook(in adapters.Inputs, s *snapshot.Snapshot) (h snapshot.Hook, owner string, err error) {
	var all []snapshot.Hook
	if owner = in.Text("organization"); owner != "" {
		i := slices.IndexFunc(s.Organizations, func(o snapshot.Organization) bool { return o.Login == owner })
		if i < 0 {
			missing := &adapters.Missing{What: "the webhooks of " + owner}
			if r := in.Text("repository"); r != "" {
				missing.Scope.Repositories = []string{r}
			}
			return h, owner, missing
		}
		all = s.Organizations[i].Hooks
	} else {
		r, err := repository(in, s)
		if err != nil {
			return h, "", err
		}
		owner, all = r.FullName, r.Hooks
	}
	id := in.Text("hook")
	for _, x := range all {
		if strconv.FormatInt(x.ID, 10) == id || id == "" && len(all) == 1 {
			return x, owner, nil
		}
	}
	if id == "" {
		return h, owner, fmt.Errorf("%s has %d webhooks, and nobody said which one the secret is of; give its id as hook under issuer github.webhook", owner, len(all))
	}
	return h, owner, fmt.Errorf("%s has no webhook %s, or it is not shown to this token; correct hook under issuer github.webhook", owner, id)
}

func hookTarget(owner string, h snapshot.Hook) plan.Target {
	id := strconv.FormatInt(h.ID, 10)
	return plan.Target{Provider: "github", Kind: "webhook", ID: owner + "/hooks/" + id, Name: "webhook " + id + " of " + owner + " to " + h.URL}
}

func hookCall(verb, key, owner, id string) plan.Call {
	return plan.Call{Key: key, Verb: verb, Object: owner + " webhook " + id, Args: map[string]string{"id": id}}
}

// hookNow is a webhook as it is.
type hookNow struct {
	ID      int64     `json:"id"`
	Active  bool      `json:"active"`
	Updated time.Time `json:"updated_at"`
	Config  struct {
		URL    string `json:"url"`
		Secret string `json:"secret"` // masked; "" where it has none
	} `json:"config"`
}

func (p *Provider) hookOf(ctx context.Context, t adapters.Task) (now hookNow, server time.Time, err error) {
	if server, err = get(ctx, p.reads, p.hookAt(t, plan.Call{}), &now); err == nil && now.ID == 0 {
		err = errors.New("GitHub's answer names no webhook")
	}
	return now, server, err
}

func hookOwner(t adapters.Task) string { return cmp.Or(t.Text("organization"), t.Text("repository")) }

// hookGone is the reading of a webhook that cannot be read.
func hookGone(t adapters.Task, err error) plan.Reading {
	if status(err) == 404 {
		return plan.Reading{State: plan.Unknown, Final: true, Detail: "the webhook " + hookID(t) + " of " + hookOwner(t) + " is not there any more, or not shown to this token; say which one it is now under issuer github.webhook"}
	}
	return unread("read the webhook "+hookID(t)+" of "+hookOwner(t), err)
}
