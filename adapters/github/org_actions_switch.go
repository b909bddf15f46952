package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// orgSwitch is in which repositories of an organization Actions runs, and what may run
// there. Where it runs in none, GitHub need not say more than that: what was there before
// is kept by whoever switched it off.
// Source: GitHub REST reference, "Get GitHub Actions permissions for an organization",
// "List selected repositories enabled for GitHub Actions in an organization" and "Get
// allowed actions and reusable workflows for an organization".
type orgSwitch struct {
	// Permissions is the whole answer but for its links, Repositories the ids of those in
	// which it runs where they are selected, and Selected what is allowed where that is.
	Permissions  json.RawMessage `json:"permissions"`
	Repositories []int64         `json:"repositories,omitempty"`
	Selected     json.RawMessage `json:"selected,omitempty"`
	enabled      string          // all, none, selected
}

const (
	orgPath             = ""
	orgRepositoriesPath = "repositories"
	orgSelectedPath     = "selected-actions"
	none                = "none"
	chosenOnly          = "selected"
)

var (
	stoppedEverywhere = json.RawMessage(`{"enabled_repositories":"none"}`)
	organizationInput = plan.Field{Name: "organization", Type: plan.String, Required: true, Doc: "the organization, as it stands before the slash"}
)

func orgSwitchPath(organization, below string) string {
	parts := []string{"actions", "permissions"}
	if below != orgPath {
		parts = append(parts, below)
	}
	return inOrganization(organization, parts...)
}

func orgSwitchOf(ctx context.Context, c *github.Client, organization string) (now orgSwitch, server time.Time, err error) {
	var raw json.RawMessage
	if server, err = get(ctx, c, orgSwitchPath(organization, orgPath), &raw); err != nil {
		return now, server, err
	}
	o, err := object(raw)
	if err != nil {
		return now, server, err
	}
	enabled, said := o["enabled_repositories"].(string)
	if !said {
		return now, server, errors.New("GitHub's answer does not say where Actions is on")
	}
	delete(o, "selected_actions_url")
	delete(o, "selected_repositories_url")
	now.enabled, now.Permissions = enabled, plan.Image(o)
	if enabled == chosenOnly {
		all, _, err := list[struct {
			ID int64 `json:"id"`
		}](ctx, c, orgSwitchPath(organization, orgRepositoriesPath), "repositories", nil)
		if err != nil {
			return now, server, err
		}
		for _, r := range all {
			now.Repositories = append(now.Repositories, r.ID)
		}
		slices.Sort(now.Repositories)
	}
	if enabled != none && o["allowed_actions"] == "selected" {
		if _, err := get(ctx, c, orgSwitchPath(organization, orgSelectedPath), &raw); err != nil {
			return now, server, err
		}
		now.Selected = canonical(raw)
	}
	return now, server, nil
}

func (s orgSwitch) image() json.RawMessage { return plan.Image(s) }

// on reads from the permissions whether Actions runs anywhere.
func (s orgSwitch) on() bool {
	o, err := object(s.Permissions)
	return err == nil && o["enabled_repositories"] != nil && o["enabled_repositories"] != none
}

// where is the body that makes Actions run in the selected repositories again.
func (s orgSwitch) where() json.RawMessage {
	return plan.Image(map[string][]int64{"selected_repository_ids": append([]int64{}, s.Repositories...)})
}

// orgCall is the one request that writes body below the organization's permissions.
func orgCall(verb, organization, below string, now, body json.RawMessage) plan.Call {
	return plan.Call{
		Key: verb + " actions of the organization", Verb: verb, Object: organization + "/actions",
		Args:   map[string]string{"organization": organization, "path": below, "body": string(body)},
		Before: now,
	}
}

func (p *Provider) putOrgSwitch(ctx context.Context, c plan.Call) adapters.Result {
	o, _ := p.send(ctx, http.MethodPut, orgSwitchPath(c.Args["organization"], c.Args["path"]), json.RawMessage(c.Args["body"]), nil)
	return adapters.Result{Outcome: o}
}

// settleOrgSwitch cannot tell our call from another with the same effect; it is resend-safe.
func (p *Provider) settleOrgSwitch(ctx context.Context, t adapters.Task, c plan.Call, wait plan.Duration) plan.Settlement {
	now, _, err := orgSwitchOf(ctx, p.reads, t.Text("organization"))
	if err != nil {
		return unsettled(err)
	}
	is := now.Permissions
	switch c.Args["path"] {
	case orgRepositoriesPath:
		is = now.where()
	case orgSelectedPath:
		is = now.Selected
	}
	if same(is, json.RawMessage(c.Args["body"])) || c.Verb == "stop" && !now.on() {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, wait, "Actions of the organization is "+string(now.image()))
}

// orgTarget is the target with the doors of every workflow that was surveyed there.
func orgTarget(in adapters.Inputs, s *snapshot.Snapshot) (c plan.Change, organization string, err error) {
	organization = in.Text("organization")
	repositories, workflows := 0, 0
	for i := range s.Repositories {
		r := &s.Repositories[i]
		owner, _, _ := strings.Cut(r.FullName, "/")
		if organization == "" || !strings.EqualFold(owner, organization) {
			continue
		}
		organization = owner
		repositories, workflows = repositories+1, workflows+len(r.Workflows)
		c.Doors = append(c.Doors, allDoors(r)...)
	}
	if repositories == 0 {
		return c, organization, fmt.Errorf("no repository of the organization %q was surveyed; give the one whose repository is under response", organization)
	}
	c.Target = plan.Target{Provider: "github", Kind: "organization-actions", ID: organization + "/actions", Name: "every repository of " + organization}
	total := "how many they are this survey does not know"
	if i := slices.IndexFunc(s.Organizations, func(o snapshot.Organization) bool { return o.Login == organization && o.Repositories > 0 }); i >= 0 {
		total = fmt.Sprintf("%d repositories", s.Organizations[i].Repositories)
	}
	c.Breaks = fmt.Sprintf("every repository of %s: %s, of which %d with %d workflows were surveyed", organization, total, repositories, workflows)
	return c, organization, nil
}
