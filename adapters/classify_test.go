package adapters_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

var now = time.Date(2025, 3, 14, 17, 0, 0, 0, time.UTC)

func TestClassify(t *testing.T) {
	garbled := errors.New("invalid character")
	timeout := &url.Error{Op: "Put", URL: "http://127.0.0.1/x?token=hunter2-hunter2", Err: context.DeadlineExceeded}
	for _, c := range []struct {
		name      string
		code      int
		header    http.Header
		err       error
		want      plan.State
		temporary bool
		after     time.Duration
	}{
		{"done", 204, nil, nil, plan.Done, false, 0},
		{"done, not to be read", 200, nil, garbled, plan.Unknown, false, 0},
		{"accepted", 202, nil, nil, plan.Done, false, 0},
		{"redirect", 307, nil, nil, plan.Refused, false, 0},
		{"bad request", 400, nil, nil, plan.Refused, false, 0},
		{"unauthorized", 401, nil, garbled, plan.Refused, false, 0},
		{"forbidden", 403, nil, nil, plan.Refused, false, 0},
		{"secondary limit", 403, http.Header{"Retry-After": {"60"}}, nil, plan.Refused, true, time.Minute},
		{"primary limit", 403, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(now.Add(90 * time.Second).Unix())}}, nil, plan.Refused, true, 90 * time.Second},
		{"not found", 404, nil, nil, plan.Refused, false, 0},
		{"request timeout", 408, nil, nil, plan.Unknown, false, 0},
		{"conflict", 409, nil, nil, plan.Refused, false, 0},
		{"too many", 429, nil, nil, plan.Refused, true, 0},
		{"too many, a date by their skewed clock", 429, http.Header{"Date": {now.Add(-time.Hour).Format(http.TimeFormat)}, "Retry-After": {now.Add(-time.Hour + 30*time.Second).Format(http.TimeFormat)}}, nil, plan.Refused, true, 30 * time.Second},
		{"server error", 500, nil, nil, plan.Unknown, false, 0},
		{"bad gateway", 502, http.Header{"Retry-After": {"5"}}, nil, plan.Unknown, false, 0},
		{"unavailable", 503, nil, nil, plan.Unknown, false, 0},
		{"unavailable, come back", 503, http.Header{"Retry-After": {"5"}}, nil, plan.Refused, true, 5 * time.Second},
		{"no answer", 0, nil, timeout, plan.Unknown, false, 0},
		{"broke off", 0, nil, io.ErrUnexpectedEOF, plan.Unknown, false, 0},
		{"nothing at all", 0, nil, nil, plan.Unknown, false, 0},
		{"blocked", 0, nil, &url.Error{Op: "Put", URL: "http://x/", Err: &adapters.Blocked{Method: "PUT", Path: "/x"}}, plan.Refused, false, 0},
		{"given up in the queue", 0, nil, &url.Error{Err: &adapters.NotSent{Err: context.Canceled}}, plan.Refused, true, 0},
		{"refused to connect", 0, nil, &url.Error{Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}, plan.Refused, true, 0},
		{"reset while reading", 0, nil, &url.Error{Err: &net.OpError{Op: "read", Err: errors.New("connection reset")}}, plan.Unknown, false, 0},
		{"no such host", 0, nil, &url.Error{Err: &net.DNSError{Err: "no such host"}}, plan.Refused, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var resp *http.Response
			if c.code > 0 {
				h := c.header
				if h == nil {
					h = http.Header{}
				}
				resp = &http.Response{StatusCode: c.code, Header: h, Request: httptest.NewRequest("PUT", "http://127.0.0.1/x?token=hunter2-hunter2", nil)}
			}
			o := adapters.Classify(resp, c.err, now)
			if o.State != c.want || o.Temporary != c.temporary || o.RetryAfter.D() != c.after {
				t.Errorf("got %+v", o)
			}
			if strings.Contains(o.Detail, "hunter2") {
				t.Errorf("the query is in the detail: %s", o.Detail)
			}
			if o.State != plan.Done && o.Detail == "" {
				t.Error("no detail")
			}
		})
	}
}

// A real refused connection, whatever the platform wraps it in.
func TestUnsentByARealDial(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	_, err = (&http.Client{Transport: tr}).Do(request(t, "DELETE", "http://"+at+"/x"))
	if !adapters.Unsent(err) {
		t.Errorf("a refused connection sent nothing: %v", err)
	}
}

func TestUnread(t *testing.T) {
	r := adapters.Unread(fmt.Errorf("list: %w", &adapters.Status{Method: "GET", Path: "/x", Code: 429, RetryAfter: time.Minute}))
	if r.State != plan.Unknown || r.Wait.D() != time.Minute || r.Detail == "" {
		t.Errorf("got %+v", r)
	}
	if s := adapters.Unsettled(errors.New("x")); s.Happened != "unknown" || s.Wait <= 0 {
		t.Errorf("got %+v", s)
	}
}

func TestAbsent(t *testing.T) {
	c := plan.Call{Key: "k"}
	task := adapters.Task{Now: now, History: []plan.Attempt{
		{Call: c, At: now.Add(-time.Hour)}, {Call: plan.Call{Key: "other"}, At: now}, {Call: c, At: now.Add(-10 * time.Second)},
	}}
	for _, x := range []struct {
		wait time.Duration
		want string
		left time.Duration
	}{{30 * time.Second, "unknown", 20 * time.Second}, {10 * time.Second, "no", 0}, {5 * time.Second, "no", 0}} {
		if s := task.Absent(c, plan.Duration(x.wait), "nothing"); s.Happened != x.want || s.Wait.D() != x.left {
			t.Errorf("wait %s: got %+v", x.wait, s)
		}
	}
	task.History[2].Answered = now.Add(-4 * time.Second) // it queued, or hung until it was given up
	if s := task.Absent(c, plan.Duration(10*time.Second), "nothing"); s.Happened != "unknown" || s.Wait.D() != 6*time.Second {
		t.Errorf("counted from the intent: %+v", s)
	}
	if s := task.Absent(plan.Call{Key: "never"}, 0, "nothing"); s.Happened != "unknown" {
		t.Errorf("a call nobody recorded was answered with %q", s.Happened)
	}
}
