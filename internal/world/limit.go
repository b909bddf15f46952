package world

import (
	"net/http"
	"strconv"
	"time"
)

// Limit lets each credential make so many calls to a provider in a span of world
// time. What it answers beyond that is data, because the shapes differ: GitHub's
// primary limit says 403 or 429 with x-ratelimit-remaining 0 and a reset time, its
// secondary limit 403 or 429 with Retry-After.
// Source: GitHub REST reference, "Rate limits for the REST API".
type Limit struct {
	Provider   string        `json:"provider"`
	Calls      int           `json:"calls"`
	Per        time.Duration `json:"per"`
	Status     int           `json:"status"`      // 403 or 429; 429 when 0
	Primary    bool          `json:"primary"`     // x-ratelimit-* headers instead of Retry-After
	RetryAfter time.Duration `json:"retry_after"` // Per when 0
	Mutating   bool          `json:"mutating"`    // count only mutating calls
}

type window struct {
	began time.Time
	calls int
}

// limited counts the request against every limit; nil when it may pass. Windows
// are not saved: a reopened world has forgotten how much was asked.
func (w *World) limited(x *exchange) *answer {
	now := w.core.Now()
	for _, l := range w.o.Limits {
		if l.Provider != x.p.Name() || l.Mutating && !x.what.Mutating || bystander(x.r.UserAgent()) {
			continue
		}
		key := l.Provider + strconv.FormatBool(l.Primary) + x.what.Value
		n := w.windows[key]
		if now.Sub(n.began) >= l.Per {
			n = window{began: now}
		}
		n.calls++
		w.windows[key] = n
		if n.calls > l.Calls {
			a := l.refuse(n, now)
			return &a
		}
	}
	return nil
}

func (l Limit) refuse(n window, now time.Time) answer {
	a := refusal(or(l.Status, http.StatusTooManyRequests), "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	if l.Primary {
		a = refusal(or(l.Status, http.StatusTooManyRequests), "API rate limit exceeded")
		a.header.Set("X-Ratelimit-Limit", strconv.Itoa(l.Calls))
		a.header.Set("X-Ratelimit-Remaining", "0")
		a.header.Set("X-Ratelimit-Reset", strconv.FormatInt(n.began.Add(l.Per).Unix()+1, 10))
		return a
	}
	wait := l.RetryAfter
	if wait == 0 {
		wait = n.began.Add(l.Per).Sub(now)
	}
	a.header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	return a
}
