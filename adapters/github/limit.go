package github

import (
	"bytes"
	"context"
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

// limits turns a rate limit in every form GitHub has for it (429; 403 with
// Retry-After, with nothing remaining, or of the secondary limit) into *Limited,
// before go-github sees it: v62 knows no 429, and it remembers a secondary limit
// for the whole client by the wall clock.
type limits struct {
	next http.RoundTripper
	now  func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (l limits) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusForbidden {
		return resp, err
	}
	after, said := adapters.RetryAfter(resp, l.now())
	if resp.StatusCode == http.StatusForbidden && !said {
		secondary, err := isSecondary(resp)
		if err != nil || !secondary {
			return resp, err
		}
	}
	if after <= 0 {
		after = quiet
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = http.NoBody
	return nil, &Limited{After: after, Response: resp}
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

// patient waits a limit out, a few times, for reads that many others hang on.
type patient struct {
	next  http.RoundTripper
	sleep func(context.Context, time.Duration) error
}

// RoundTrip implements http.RoundTripper.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for try := 0; ; try++ {
		resp, err := p.next.RoundTrip(r)
		var l *Limited
		if !errors.As(err, &l) || try == 3 || l.After > 5*time.Minute {
			return resp, err
		}
		if err := p.sleep(r.Context(), l.After); err != nil {
			return nil, err
		}
	}
}
