package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// at builds a path below a repository; every part is escaped, so that an
// environment called "prod/eu" stays one segment.
func at(repository string, parts ...string) string {
	owner, name, _ := strings.Cut(repository, "/")
	path := "repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name)
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// get reads one object into v and gives the provider's time.
func get(ctx context.Context, c *github.Client, path string, v any) (time.Time, error) {
	req, err := c.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return time.Time{}, err
	}
	resp, err := c.Do(ctx, req, v)
	if err != nil {
		return time.Time{}, err
	}
	return adapters.Server(resp.Response), nil
}

// incomplete says that a list has more entries than could be read: GitHub shows
// at most 1,000 of a filtered list, or entries moved between pages.
type incomplete struct{ have, total int }

func (e *incomplete) Error() string {
	return fmt.Sprintf("only %d of %d entries could be read; look again", e.have, e.total)
}

// list reads every page. key names the list inside GitHub's envelope, "" when
// there is none. With *incomplete the entries that were read are given too.
func list[T any](ctx context.Context, c *github.Client, path, key string, filter url.Values) ([]T, time.Time, error) {
	var (
		all  []T
		when time.Time
	)
	total := -1
	for page := 1; page > 0; {
		q := url.Values{"per_page": {"100"}, "page": {fmt.Sprint(page)}}
		for k, v := range filter {
			q[k] = v
		}
		req, err := c.NewRequest(http.MethodGet, path+"?"+q.Encode(), nil)
		if err != nil {
			return nil, when, err
		}
		var raw json.RawMessage
		resp, err := c.Do(ctx, req, &raw)
		if err != nil {
			return nil, when, err
		}
		part, count, err := open[T](raw, key)
		if err != nil {
			return nil, when, fmt.Errorf("read %s: %w", path, err)
		}
		all, total, when = append(all, part...), count, adapters.Server(resp.Response)
		page = resp.NextPage
	}
	if len(all) < total {
		return all, when, &incomplete{len(all), total}
	}
	return all, when, nil
}

// open takes the list out of its envelope; total is -1 where none is told.
func open[T any](raw json.RawMessage, key string) (part []T, total int, err error) {
	if key == "" {
		return part, -1, json.Unmarshal(raw, &part)
	}
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(envelope["total_count"], &total); err != nil {
		return nil, 0, fmt.Errorf("total_count: %w", err)
	}
	if err := json.Unmarshal(envelope[key], &part); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", key, err)
	}
	return part, total, nil
}

// send makes the one mutating request of an Apply. An answer decodes into v, when
// given; an answer that is neither empty nor JSON is plan.Unknown. The HTTP status
// comes too, 0 when there was no answer.
func (p *Provider) send(ctx context.Context, method, path string, body, v any) (plan.Outcome, int) {
	req, err := p.writes.NewRequest(method, path, body)
	if err != nil {
		return plan.Outcome{State: plan.Refused, Detail: "the request could not be built: " + err.Error()}, 0
	}
	var b bytes.Buffer
	resp, err := p.writes.Do(ctx, req, &b)
	// v62 reports 202 as an error: it is GitHub's way to say accepted.
	var accepted *github.AcceptedError
	if errors.As(err, &accepted) {
		err = nil
		b.Write(accepted.Raw)
	}
	var limited *Limited
	if errors.As(err, &limited) {
		o := adapters.Classify(limited.Response, nil, p.wire.Now())
		o.State, o.Temporary, o.RetryAfter = plan.Refused, true, plan.Duration(limited.After)
		return o, limited.Response.StatusCode
	}
	var r *http.Response
	code := 0
	if resp != nil {
		r, code = resp.Response, resp.StatusCode
	}
	if err == nil {
		err = understood(b.Bytes(), v)
	}
	o := adapters.Classify(r, err, p.wire.Now())
	if o.State == plan.Refused && r != nil {
		o.Permission = r.Header.Get("X-Accepted-GitHub-Permissions")
		o.Detail = saying(o.Detail, err)
	}
	return o, code
}

// sent is when the last attempt of a call that may have arrived was intended;
// zero when there is none. One that was refused, or settled as not arrived, does
// not count.
func sent(t adapters.Task, key string) (at time.Time, last *plan.Attempt) {
	for i := len(t.History) - 1; i >= 0; i-- {
		h := &t.History[i]
		if h.Call.Key != key || h.Superseded || h.Outcome != nil && h.Outcome.State == plan.Refused ||
			h.Settlement != nil && h.Settlement.Happened == "no" {
			continue
		}
		return h.At, h
	}
	return time.Time{}, nil
}

func understood(b []byte, v any) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	if v == nil {
		v = &json.RawMessage{}
	}
	return json.Unmarshal(b, v)
}

// saying adds GitHub's own message to a detail.
func saying(detail string, err error) string {
	var said *github.ErrorResponse
	if errors.As(err, &said) && said.Message != "" {
		return detail + ": " + said.Message
	}
	return detail
}

// unread is the reading of a target that could not be read.
func unread(what string, err error) plan.Reading {
	r := plan.Reading{State: plan.Unknown, Detail: what + ": " + adapters.Cause(err), Wait: plan.Duration(adapters.Waiting(err))}
	var limited *Limited
	if errors.As(err, &limited) {
		r.Wait = plan.Duration(limited.After)
	}
	return r
}

// unsettled is the settlement of a call whose target could not be read.
func unsettled(err error) plan.Settlement {
	s := plan.Settlement{Happened: "unknown", Wait: plan.Duration(max(10*time.Second, adapters.Waiting(err))), Detail: adapters.Cause(err)}
	var limited *Limited
	if errors.As(err, &limited) {
		s.Wait = plan.Duration(limited.After)
	}
	return s
}

// status is the HTTP status an error carries, 0 when it carries none.
func status(err error) int {
	var said *github.ErrorResponse
	if errors.As(err, &said) && said.Response != nil {
		return said.Response.StatusCode
	}
	return 0
}
