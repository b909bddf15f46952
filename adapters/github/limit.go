package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
)

// Limited is the error of a request which GitHub did not carry out because of a
// rate limit. After is never zero.
type Limited struct {
	After    time.Duration
	Response *http.Response // without its body
}

func (l *Limited) Error() string {
	return fmt.Sprintf("GitHub answered %d: rate limited, ask again in %s", l.Response.StatusCode, l.After)
}

// quiet is the least wait after a limit that names no time.
// Source: GitHub REST reference, "Best practices", "Handle rate limit errors appropriately".
const quiet = time.Minute

// told recognizes GitHub's limits: 429, 403 with a time to come back or nothing
// remaining, and the secondary limit's 403 that names no time at all.
// Source: GitHub REST reference, "Rate limits for the REST API".
func told(resp *http.Response, now time.Time) (adapters.Limit, error) {
	l, err := adapters.Told(resp, now)
	if err != nil || l.Name != "" || resp.StatusCode != http.StatusForbidden {
		return l, err
	}
	secondary, err := isSecondary(resp)
	if err != nil || !secondary {
		return adapters.Limit{}, err
	}
	return adapters.Limit{Name: "secondary"}, nil
}

// limits turns a rate limit in every form GitHub has for it into *Limited, before
// go-github sees it: v62 knows no 429, and it remembers a secondary limit for the
// whole client by the wall clock. The pacer below has seen to it that the answer
// names a time.
type limits struct {
	next http.RoundTripper
	now  func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (l limits) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	limit, err := adapters.Told(resp, l.now())
	if err != nil || limit.Name == "" {
		return resp, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = http.NoBody
	return nil, &Limited{After: max(limit.After, time.Second), Response: resp}
}

// isSecondary looks at the documentation address a 403 points to, which is how
// GitHub marks the secondary limit, and leaves the body readable.
func isSecondary(resp *http.Response) (bool, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return false, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	var body struct {
		Documentation string `json:"documentation_url"`
	}
	if json.Unmarshal(b, &body) != nil {
		return false, nil
	}
	return strings.HasSuffix(body.Documentation, "secondary-rate-limits") || strings.HasSuffix(body.Documentation, "#abuse-rate-limits"), nil
}

// patient makes reads wait limits out that many others hang on.
type patient struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	return p.next.RoundTrip(r.WithContext(adapters.Patient(r.Context())))
}
