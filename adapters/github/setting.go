package github

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// setting is a small object of a repository that is read and replaced as a whole. It
// goes around as the JSON GitHub gave, members nobody knows included.
type setting struct {
	freeze, lift string // the actions' names
	kind         string // of the target
	title        string // for people
	breaks       string // what freezing breaks for whom
	// places are where it lies; of several the first that GitHub knows for this repository.
	places func(private bool) string
	// narrow makes the strict object of the one that is there, in place. It fails where a
	// member it relies on is missing.
	narrow func(o map[string]any) error
	// surveyed is the object in a snapshot.
	surveyed func(*snapshot.Repository) json.RawMessage
}

var repositoryInput = plan.Field{Name: "repository", Type: plan.Repository, Required: true, Doc: "the repository, owner/name"}

// strict is the object as the freeze wants it.
func (s setting) strict(now json.RawMessage) (json.RawMessage, error) {
	o, err := object(now)
	if err != nil {
		return nil, err
	}
	o = maps.Clone(o)
	if err := s.narrow(o); err != nil {
		return nil, err
	}
	return plan.Image(o), nil
}

func (s setting) read(ctx context.Context, p *Provider, repository string) (json.RawMessage, time.Time, error) {
	var repo struct {
		Private *bool `json:"private"`
	}
	if _, err := get(ctx, p.reads, at(repository), &repo); err != nil {
		return nil, time.Time{}, err
	}
	if repo.Private == nil {
		return nil, time.Time{}, fmt.Errorf("GitHub's answer does not say whether %s is private", repository)
	}
	var raw json.RawMessage
	server, err := get(ctx, p.reads, at(repository, strings.Split(s.places(*repo.Private), "/")...), &raw)
	return canonical(raw), server, err
}

// call is the one request that makes the object be body.
func (s setting) call(verb, repository string, private bool, now, body json.RawMessage) plan.Call {
	return plan.Call{
		Key: verb + " " + s.kind, Verb: verb, Object: repository + "/" + s.kind,
		Args:   map[string]string{"repository": repository, "path": s.places(private), "body": string(body)},
		Before: now,
	}
}

// private tells by the members which of two objects it is.
func (s setting) private(now json.RawMessage) bool {
	o, err := object(now)
	return err == nil && o["run_workflows_from_fork_pull_requests"] != nil
}

func (s setting) target(repository string) plan.Target {
	return plan.Target{Provider: "github", Kind: s.kind, ID: repository + "/" + s.kind, Name: repository}
}

func (s setting) planFreeze(in adapters.Inputs, snap *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, snap)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: s.target(r.FullName), Breaks: s.breaks}
	now := canonical(s.surveyed(r))
	if len(now) == 0 {
		c.Gaps = []plan.Gap{{What: s.title + " of " + r.FullName, Why: "it could not be read; it is read again before it is changed"}}
		c.Calls = []plan.Call{s.call("freeze", r.FullName, r.Private, nil, nil)}
		return c, nil
	}
	want, err := s.strict(now)
	if err != nil {
		return plan.Change{}, err
	}
	if c.Before = now; !same(now, want) {
		c.Calls = []plan.Call{s.call("freeze", r.FullName, r.Private, now, want)}
		c.Inverse = &plan.Inverse{Use: s.lift, With: map[string]plan.Value{"repository": in["repository"], "earlier": {Literal: string(now)}}}
	}
	return c, nil
}

// planLift predicts from the snapshot, which is older than the freeze, unless the
// earlier state is given as it is.
func (s setting) planLift(in adapters.Inputs, snap *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, snap)
	if err != nil {
		return plan.Change{}, err
	}
	now := canonical(s.surveyed(r))
	c := plan.Change{Target: s.target(r.FullName), Breaks: s.title + " is again what it was before the freeze"}
	if len(now) == 0 {
		return c, nil
	}
	was := now
	if text := in.Text("earlier"); text != "" {
		was = canonical(json.RawMessage(text))
	}
	want, err := s.strict(was)
	if err != nil {
		return plan.Change{}, err
	}
	if in.Text("earlier") != "" && !same(now, want) || same(was, want) {
		return c, nil
	}
	c.Calls = []plan.Call{s.call("lift", r.FullName, r.Private, now, was)}
	c.Inverse = &plan.Inverse{Use: s.freeze, With: map[string]plan.Value{"repository": in["repository"]}}
	return c, nil
}

func (s setting) apply(ctx context.Context, p *Provider, c plan.Call) adapters.Result {
	o, _ := p.send(ctx, http.MethodPut, at(c.Args["repository"], strings.Split(c.Args["path"], "/")...), json.RawMessage(c.Args["body"]), nil)
	return adapters.Result{Outcome: o}
}

// settle cannot tell our call from another with the same effect; the call is
// resend-safe, so that is no loss.
func (s setting) settle(ctx context.Context, p *Provider, t adapters.Task, c plan.Call, wait plan.Duration) plan.Settlement {
	now, _, err := s.read(ctx, p, t.Text("repository"))
	if err != nil {
		return unsettled(err)
	}
	if same(now, json.RawMessage(c.Args["body"])) {
		return plan.Settlement{Happened: "yes"}
	}
	return t.Absent(c, wait, s.title+" is "+string(now))
}

func (s setting) verifyFreeze(ctx context.Context, p *Provider, t adapters.Task) plan.Reading {
	now, server, err := s.read(ctx, p, t.Text("repository"))
	if err != nil {
		return unread("read "+s.title, err)
	}
	want, err := s.strict(now)
	if err != nil {
		return unread("read "+s.title, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now, Server: server, Detail: s.title + ": " + string(now)}
	if same(now, want) {
		r.Outputs = outputs(earlier(t, "freeze", now))
		return r
	}
	r.State, r.Next = plan.Broken, []plan.Call{s.call("freeze", t.Text("repository"), s.private(now), now, want)}
	return r
}

func (s setting) verifyLift(ctx context.Context, p *Provider, t adapters.Task) plan.Reading {
	var was json.RawMessage
	if err := given(t.Text("earlier"), &was); err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	frozen, err := s.strict(was)
	if err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: "the input earlier is not what a freeze gives: " + err.Error()}
	}
	now, server, err := s.read(ctx, p, t.Text("repository"))
	if err != nil {
		return unread("read "+s.title, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: now, Server: server, Detail: s.title + ": " + string(now)}
	switch {
	case same(now, was):
		return r
	case same(now, frozen):
		r.State, r.Next = plan.Broken, []plan.Call{s.call("lift", t.Text("repository"), s.private(now), now, canonical(was))}
		return r
	}
	return foreign(r, s.title, now, canonical(was))
}
