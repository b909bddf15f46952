package github

import (
	"context"
	"errors"
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

// newcomers are the ways in, or out, that were made since the exposure began: what an
// attacker leaves to come back by. Whose they are only people know, so that a playbook
// asks for this by an input of its own, and each is shown before anything is sent.
type newcomers struct {
	name     string // of the action
	list     string // what they are, as the review calls it
	one      string
	verb     string
	breaks   string
	undo     string // what a person does to take it back
	standing func(ctx context.Context, p *Provider, repository string) ([]access, error)
	surveyed func(r *snapshot.Repository) []access
	send     func(ctx context.Context, p *Provider, repository string, id int64) (plan.Outcome, int)
}

func (n newcomers) inputs() []plan.Field {
	return []plan.Field{
		repositoryInput,
		{Name: "since", Type: plan.Timestamp, Required: true, Doc: "start of the exposure: what was there before stays"},
	}
}

// late leaves those that were made or changed since.
func late(all []access, from time.Time) []access {
	return slices.DeleteFunc(slices.Clone(all), func(x access) bool {
		return x.Created.Before(from.Add(-slack)) && x.Updated.Before(from.Add(-slack))
	})
}

func (n newcomers) plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	r, err := repository(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	from, err := since(in.Text("since"))
	if err == nil && from.IsZero() {
		err = errors.New("since when is not known, so that everything would go; give --since")
	}
	if err != nil {
		return plan.Change{}, err
	}
	kind := strings.ReplaceAll(n.one, " ", "-")
	c := plan.Change{
		Target: plan.Target{Provider: "github", Kind: kind, ID: r.FullName + "/" + kind, Name: n.list + " of " + r.FullName, Selector: true},
		Before: plan.Image(map[string]string{"repository": r.FullName}), Breaks: n.breaks,
		Inverse: &plan.Inverse{Use: "manual.task", With: map[string]plan.Value{"instructions": {Literal: n.undo}}},
	}
	for _, x := range late(n.surveyed(r), from) {
		c.Calls = append(c.Calls, n.call(r.FullName, x))
	}
	return c, nil
}

// call names the object with all that is known of it: what is gone cannot be looked at.
func (n newcomers) call(repository string, x access) plan.Call {
	id := strconv.FormatInt(x.ID, 10)
	return plan.Call{
		Key: n.verb + " " + id, Verb: n.verb, Object: repository + " " + n.one + " " + x.What,
		Args:   map[string]string{"repository": repository, "id": id, "what": x.What, "detail": x.Detail, "created": x.Created.Format(time.RFC3339)},
		Before: plan.Image(map[string]string{"repository": repository}),
	}
}

func (n newcomers) apply(ctx context.Context, p *Provider, c plan.Call) adapters.Result {
	id, err := strconv.ParseInt(c.Args["id"], 10, 64)
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: "the call does not say which " + n.one + " it is about"}}
	}
	o, code := n.send(ctx, p, c.Args["repository"], id)
	if code == http.StatusNotFound { // reading tells whether it is gone, or hidden from us
		o.State, o.Detail = plan.Done, "GitHub does not know it, or does not show it to this token"
	}
	return adapters.Result{Outcome: o}
}

func (n newcomers) settle(ctx context.Context, p *Provider, t adapters.Task, c plan.Call, wait plan.Duration) plan.Settlement {
	all, err := n.standing(ctx, p, t.Text("repository"))
	if err != nil {
		return unsettled(err)
	}
	if slices.ContainsFunc(all, func(x access) bool { return strconv.FormatInt(x.ID, 10) == c.Args["id"] }) {
		return t.Absent(c, wait, "the "+n.one+" is still there")
	}
	return plan.Settlement{Happened: "yes"}
}

func (n newcomers) verify(ctx context.Context, p *Provider, t adapters.Task, wait plan.Duration) plan.Reading {
	from, err := since(t.Text("since"))
	if err != nil || from.IsZero() {
		return plan.Reading{State: plan.Broken, Final: true, Detail: "since when is not known; give --since"}
	}
	repository := t.Text("repository")
	all, err := n.standing(ctx, p, repository)
	if err != nil {
		return unread("list the "+n.list+" of "+repository, err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Before: plan.Image(map[string]string{"repository": repository})}
	r.Detail = fmt.Sprintf("none of %d %s is from the time since %s", len(all), n.list, from.Format(time.RFC3339))
	for _, x := range late(all, from) {
		r.State = plan.Broken
		r.Next = append(r.Next, n.call(repository, x))
		r.Found = append(r.Found, plan.Found{Kind: n.one, Target: fmt.Sprintf("%s: %s (%d)", repository, x.What, x.ID), Why: "made or changed since the exposure began; " + x.Detail})
	}
	if len(r.Next) > 0 {
		r.Detail = fmt.Sprintf("%d of %d %s were made or changed since %s", len(r.Next), len(all), n.list, from.Format(time.RFC3339))
	}
	return unshown(t, r, wait)
}
