package github

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// The states that switching a workflow is about. The others GitHub knows are
// deleted, disabled_fork and disabled_inactivity.
const (
	active   = "active"
	disabled = "disabled_manually"
)

// switchedImage is what switching a workflow relies on.
type switchedImage struct {
	ID    int64  `json:"id"`
	Path  string `json:"path"`
	State string `json:"state"`
}

// switching is what workflow.disable and workflow.enable have in common.
type switching struct {
	verb   string // "disable", "enable": also the last part of the path
	wished string
}

// workflowInputs are the inputs of actions on one workflow.
func workflowInputs(more ...plan.Field) []plan.Field {
	return append([]plan.Field{
		{Name: "repository", Type: plan.Repository, Required: true, Doc: "the repository, owner/name"},
		{Name: "workflow", Type: plan.Workflow, Required: true, Doc: "path of the workflow file in the repository"},
	}, more...)
}

func (sw switching) plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, w, err := workflow(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	now := switchedImage{w.ID, w.Path, w.State}
	id := r.FullName + "/" + w.Path
	return plan.Change{
		Target: plan.Target{Provider: "github", Kind: "workflow", ID: id, Name: w.Path},
		Before: plan.Image(now),
		Calls:  sw.next(r.FullName, now),
	}, nil
}

// next is the call that is wanted while the workflow is in another state.
func (sw switching) next(repository string, now switchedImage) []plan.Call {
	if now.State == sw.wished {
		return nil
	}
	return []plan.Call{{
		Key: sw.verb + " " + now.Path, Verb: sw.verb, Object: repository + "/" + now.Path,
		Args: map[string]string{"repository": repository, "id": strconv.FormatInt(now.ID, 10)},
	}}
}

// workflow looks a workflow up by the id the plan found, or by its file's name.
func (p *Provider) workflow(ctx context.Context, t adapters.Task) (switchedImage, time.Time, error) {
	key := path.Base(t.Text("workflow"))
	var before switchedImage
	if json.Unmarshal(t.Action.Before, &before) == nil && before.ID != 0 && before.Path == t.Text("workflow") {
		key = strconv.FormatInt(before.ID, 10)
	}
	var w workflowWire
	server, err := get(ctx, p.reads, at(t.Text("repository"), "actions", "workflows", key), &w)
	if err == nil && w.State == "" {
		err = errNoState
	}
	return switchedImage{w.ID, w.Path, w.State}, server, err
}

func (sw switching) apply(ctx context.Context, p *Provider, c plan.Call) adapters.Result {
	o, _ := p.send(ctx, http.MethodPut, at(c.Args["repository"], "actions", "workflows", c.Args["id"], sw.verb), nil, nil)
	return adapters.Result{Outcome: o}
}

// settle cannot tell our call from somebody else's with the same effect; the call
// is resend-safe, so that is no loss.
func (sw switching) settle(ctx context.Context, p *Provider, t adapters.Task, c plan.Call, wait plan.Duration) plan.Settlement {
	w, _, err := p.workflow(ctx, t)
	if err != nil {
		return unsettled(err)
	}
	if w.State == sw.wished {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, wait, "the workflow is "+w.State)
}

func (sw switching) verify(ctx context.Context, p *Provider, t adapters.Task) plan.Reading {
	w, server, err := p.workflow(ctx, t)
	if err != nil {
		return unread("read workflow "+t.Text("workflow"), err)
	}
	r := plan.Reading{State: plan.Broken, Proof: plan.P1, Before: plan.Image(w), Server: server, Detail: "the workflow is " + w.State}
	if r.Next = sw.next(t.Text("repository"), w); len(r.Next) == 0 {
		r.State = plan.Held
	}
	return r
}
