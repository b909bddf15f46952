package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// actionsSwitch is whether Actions runs in a repository at all. Where it does not,
// GitHub says no more than that: what was allowed before has to be kept by whoever
// switched it off.
// Source: GitHub REST reference, "Get GitHub Actions permissions for a repository" and
// "Get allowed actions and reusable workflows for a repository".
type actionsSwitch struct {
	Enabled *bool `json:"enabled"`
	// Permissions is the whole answer but for its links, and Selected what is allowed
	// where it says "selected".
	Permissions json.RawMessage `json:"permissions"`
	Selected    json.RawMessage `json:"selected,omitempty"`
}

const (
	switchPath   = "actions/permissions"
	selectedPath = "actions/permissions/selected-actions"
)

func actionsSwitchOf(ctx context.Context, c *github.Client, repository string) (now actionsSwitch, server time.Time, err error) {
	var raw json.RawMessage
	if server, err = get(ctx, c, at(repository, "actions", "permissions"), &raw); err != nil {
		return now, server, err
	}
	o, err := object(raw)
	if err != nil {
		return now, server, err
	}
	on, said := o["enabled"].(bool)
	if !said {
		return now, server, errors.New("GitHub's answer does not say whether Actions is on")
	}
	delete(o, "selected_actions_url")
	now.Enabled, now.Permissions = &on, plan.Image(o)
	if on && o["allowed_actions"] == "selected" {
		if _, err := get(ctx, c, at(repository, "actions", "permissions", "selected-actions"), &raw); err != nil {
			return now, server, err
		}
		now.Selected = canonical(raw)
	}
	return now, server, nil
}

func (s actionsSwitch) image() json.RawMessage { return plan.Image(s) }

// switchCall is the one request that writes body below the repository.
func switchCall(verb, repository, path string, now, body json.RawMessage) plan.Call {
	return plan.Call{
		Key: verb + " actions", Verb: verb, Object: repository + "/actions",
		Args:   map[string]string{"repository": repository, "path": path, "body": string(body)},
		Before: now,
	}
}

func (p *Provider) putSwitch(ctx context.Context, c plan.Call) adapters.Result {
	parts := []string{"actions", "permissions"}
	if c.Args["path"] == selectedPath {
		parts = append(parts, "selected-actions")
	}
	o, _ := p.send(ctx, http.MethodPut, at(c.Args["repository"], parts...), json.RawMessage(c.Args["body"]), nil)
	return adapters.Result{Outcome: o}
}

// settleSwitch cannot tell our call from another with the same effect; it is resend-safe.
func (p *Provider) settleSwitch(ctx context.Context, t adapters.Task, c plan.Call, wait plan.Duration) plan.Settlement {
	now, _, err := actionsSwitchOf(ctx, p.reads, t.Text("repository"))
	if err != nil {
		return unsettled(err)
	}
	is := now.Permissions
	if c.Args["path"] == selectedPath {
		is = now.Selected
	}
	if same(is, json.RawMessage(c.Args["body"])) {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, wait, "Actions is "+string(now.image()))
}

// surveyedSwitch is what a survey found; nil where it could not be read.
func surveyedSwitch(r *snapshot.Repository) *actionsSwitch {
	var s actionsSwitch
	if len(r.Actions) == 0 || json.Unmarshal(r.Actions, &s) != nil || s.Enabled == nil {
		return nil
	}
	return &s
}

func switchTarget(repository string) plan.Target {
	return plan.Target{Provider: "github", Kind: "actions", ID: repository + "/actions", Name: repository}
}
