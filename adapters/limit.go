package adapters

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Limit is what an answer says about a rate limit; the zero Limit is none.
type Limit struct {
	Name  string        // "primary" or "secondary"
	After time.Duration // when to come back; 0 where it names no time
}

// Told judges an answer by its status and headers: 429, and 403 and 503 that name a
// time to come back. A limit with nothing remaining and no Retry-After is primary.
// Source: RFC 6585, 4; GitHub REST reference, "Rate limits for the REST API".
func Told(resp *http.Response, now time.Time) (Limit, error) {
	after, said := RetryAfter(resp, now)
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
	case http.StatusForbidden, http.StatusServiceUnavailable:
		if !said {
			return Limit{}, nil
		}
	default:
		return Limit{}, nil
	}
	l := Limit{"secondary", after}
	if resp.Header.Get("Retry-After") == "" && resp.Header.Get("X-RateLimit-Remaining") == "0" {
		l.Name = "primary"
	}
	return l, nil
}

// NotSent is the error of a request that was given up before a byte of it left.
type NotSent struct{ Err error }

func (e *NotSent) Error() string { return "not sent: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *NotSent) Unwrap() error { return e.Err }

// Paused is the error of a request that was not sent, because its host told an
// earlier one to wait.
type Paused struct {
	Host  string
	Limit string
	Left  time.Duration
}

func (e *Paused) Error() string {
	return fmt.Sprintf("%s told us to wait (%s rate limit), %s more", e.Host, e.Limit, e.Left.Round(time.Second))
}

// Waiting is how long the pause has yet to go that err is about; 0 when it is about
// none.
func Waiting(err error) time.Duration {
	var p *Paused
	if errors.As(err, &p) {
		return p.Left
	}
	return 0
}

// pause is until when a host is not to be asked.
type pause struct {
	mu     sync.Mutex
	until  time.Time
	limit  string
	silent int // limits in a row that named no time
}

func (p *pause) now() (until time.Time, limit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until, p.limit
}

// extend makes the pause last at least until then; a limit that ends sooner does not
// end it.
func (p *pause) extend(until time.Time, limit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until) {
		p.until, p.limit = until, limit
	}
}

// quiet is how long to wait for a limit that names no time.
func (p *pause) quiet(least time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent++
	return least << min(p.silent-1, 4)
}

// over notes that the host answers again.
func (p *pause) over() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = 0
}
