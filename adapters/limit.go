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

// pause is what a host said about limits. While it lasts nothing is sent. When it is
// over one request goes ahead to see; the others follow once that is answered.
type pause struct {
	mu     sync.Mutex
	until  time.Time
	limit  string
	on     bool          // no answer since the limit shows that it is lifted
	ahead  chan struct{} // closed when the request that went ahead is back; nil when none is out
	silent int           // limits in a row that named no time
	told   int           // pauses so far
}

// enter says what a request has to do now: go, where both are zero; wait until a
// time; or wait for the one that went ahead.
func (p *pause) enter(now time.Time) (until time.Time, limit string, ahead <-chan struct{}, g leave) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.on:
		return time.Time{}, "", nil, leave{told: p.told}
	case now.Before(p.until):
		return p.until, p.limit, nil, leave{}
	case p.ahead != nil:
		return time.Time{}, p.limit, p.ahead, leave{}
	}
	p.ahead = make(chan struct{})
	return time.Time{}, p.limit, nil, leave{first: true, told: p.told}
}

// leave is what a request goes out with.
type leave struct {
	first bool // it goes ahead of others, which wait for its answer
	told  int  // pauses told before it was sent
}

// back lets the others follow the request that went ahead.
func (p *pause) back() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.ahead)
	p.ahead = nil
}

// begin takes note of a limit that an answer told, and gives how long it lasts and
// whether that is news. A limit that ends sooner than the one that is on does not end
// it. One that names no time lasts twice as long as the one before, but not where the
// request was sent before that one was told: it was on its way already.
func (p *pause) begin(now time.Time, l Limit, quiet time.Duration, g leave) (wait time.Duration, news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.After <= 0 {
		if p.on && now.Before(p.until) {
			return p.until.Sub(now), false
		}
		if g.told == p.told {
			p.silent++
		}
		l.After = quiet << min(max(p.silent-1, 0), 4)
	}
	p.on = true
	if until := now.Add(l.After); until.After(p.until) {
		news = until.Sub(p.until) > time.Second // not what was on its way and says the same a moment later
		p.until, p.limit = until, l.Name
		p.told++
	}
	return l.After, news
}

// lifted notes an answer that is no limit's. One to a request sent before a limit
// was told says nothing about it.
func (p *pause) lifted(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) {
		p.on, p.silent = false, 0
	}
}
