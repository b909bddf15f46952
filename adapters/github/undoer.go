package github

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// audited is an event of an organization's audit log. A member an event has none of is
// zero. Times are milliseconds since 1970.
// Source: GitHub REST reference (Enterprise Cloud), "Get the audit log for an
// organization"; "Audit log events for your organization" for the names of events.
type audited struct {
	Action     string `json:"action"`
	Actor      string `json:"actor"`
	At         int64  `json:"@timestamp"`
	Repository string `json:"repo"`
	Workflow   int64  `json:"workflow_id"`
}

// undone is which event of the audit log undoes what, of which repository, and how it is
// told that the event is about the very target.
type undone struct {
	repository, event string
	about             func(audited) bool
}

const auditPage = 100

// Undoer implements adapters.Telling.
func (a workflowDisable) Undoer(ctx context.Context, t adapters.Task, after, until time.Time) plan.Undone {
	w, _, err := a.workflow(ctx, t)
	if err != nil || w.ID == 0 {
		return plan.Undone{}
	}
	return a.whoUndid(ctx, undone{t.Text("repository"), "workflows.enable_workflow", func(e audited) bool { return e.Workflow == w.ID }}, after, until)
}

// Undoer implements adapters.Telling.
func (a actionsStop) Undoer(ctx context.Context, t adapters.Task, after, until time.Time) plan.Undone {
	return a.whoUndid(ctx, undone{t.Text("repository"), "repo.actions_enabled", nil}, after, until)
}

// Undoer implements adapters.Telling.
func (a forkApprovalRequire) Undoer(ctx context.Context, t adapters.Task, after, until time.Time) plan.Undone {
	return a.whoUndid(ctx, undone{t.Text("repository"), "repo.set_actions_fork_pr_approvals_policy", nil}, after, until)
}

// whoUndid reads the audit log of the repository's organization. It names whoever did
// this to the target in that time. Where that was the account firebreak comes as, somebody
// else holds it or it was another firebreak: it is told and blamed for nothing. Where the log says nothing of it
// the answer is empty: it may come late.
func (p *Provider) whoUndid(ctx context.Context, u undone, after, until time.Time) plan.Undone {
	organization, _, _ := strings.Cut(u.repository, "/")
	self, err := p.Self(ctx)
	if err != nil {
		return plan.Undone{}
	}
	// The search takes days; the hour is compared below.
	q := url.Values{
		"phrase": {fmt.Sprintf("action:%s repo:%s created:>=%s", u.event, u.repository, after.UTC().Format(time.DateOnly))},
		"order":  {"desc"}, "per_page": {strconv.Itoa(auditPage)},
	}
	var events []audited
	if _, err := get(ctx, p.reads, inOrganization(organization, "audit-log")+"?"+q.Encode(), &events); err != nil {
		if code := status(err); code == http.StatusNotFound || code == http.StatusForbidden {
			return plan.Undone{Silent: p.silent(organization, code)}
		}
		return plan.Undone{}
	}
	var (
		v    plan.Undone
		ours string
	)
	for _, e := range events {
		at := time.UnixMilli(e.At).UTC()
		switch {
		case e.Action != u.event, !strings.EqualFold(e.Repository, u.repository), u.about != nil && !u.about(e):
		case !at.After(after), at.After(until), e.Actor == "":
		case p.ourselves(self, e.Actor):
			ours = e.Actor
		default:
			v.By = append([]plan.Doer{{Who: e.Actor, Event: e.Action, At: at}}, v.By...)
		}
	}
	if len(v.By) == 0 && ours != "" {
		v.Silent = "GitHub's log names " + ours + ", which firebreak may itself be: it did not undo this; see who else uses that account or App, or another firebreak, and take its token away if nobody does"
	}
	return v
}

// ourselves reports whether an actor is firebreak's own identity. GitHub shows an App as
// its slug and [bot], and does not tell our slug here: then no App is blamed.
func (p *Provider) ourselves(self adapters.Self, actor string) bool {
	if _, app := p.who.(*installation); app {
		return strings.HasSuffix(actor, "[bot]")
	}
	return strings.EqualFold(actor, self.Who)
}

// silent says why nobody can be named, and where a person can look.
func (p *Provider) silent(organization string, code int) string {
	host := cmp.Or(strings.TrimPrefix(p.base.Host, "api."), p.base.Host)
	return fmt.Sprintf("GitHub does not say who (%d): an audit log is read through the API for organizations on Enterprise Cloud alone, by their owners or with organization_administration=read; an owner looks at https://%s/organizations/%s/settings/audit-log, a person who owns the repository at https://%s/settings/security-log",
		code, host, url.PathEscape(organization), host)
}
