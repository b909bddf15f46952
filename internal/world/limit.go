package world

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Limit lets each credential make so many calls to a provider in a span of world
// time. The call beyond is refused, and all that follow until the time it is told.
// What is answered differs, and so is data: GitHub's primary limit says 403 or 429
// with x-ratelimit-remaining 0 and a reset time, its secondary limit 403 or 429 with
// Retry-After, or with no time at all.
// Source: GitHub REST reference, "Rate limits for the REST API".
type Limit struct {
	Provider   string        `json:"provider"`
	Calls      int           `json:"calls"`
	Per        time.Duration `json:"per"`
	Status     int           `json:"status"`      // 403 or 429; 429 when 0
	Primary    bool          `json:"primary"`     // x-ratelimit-* headers instead of Retry-After
	RetryAfter time.Duration `json:"retry_after"` // the rest of Per when 0
	Silent     bool          `json:"silent"`      // a secondary limit whose answer names no time
	Mutating   bool          `json:"mutating"`    // count, and refuse, only mutating calls
}

// Overrun is a limit's refusal of one request, for a provider to put into its own
// words.
type Overrun struct {
	Status  int
	Primary bool
	Silent  bool
	Calls   int
	Until   time.Time     // when it may be asked again
	After   time.Duration // how long that is from now, whole seconds
}

// window is what one credential did of late, as one limit sees it.
type window struct {
	began time.Time
	calls int
	until time.Time // refused until then; zero while it may ask
}

// hasty marks in the log a request that came before the time its caller was told.
const hasty = "asked again before the time it was told, which was %s later"

// limited counts the request against every limit; nil when it may pass. What is
// asked without a credential is not counted. Windows are not saved: a reopened world
// has forgotten how much was asked.
func (w *World) limited(x *exchange) *answer {
	now := w.core.Now()
	for i, l := range w.o.Limits {
		if l.Provider != x.p.Name() || l.Mutating && !x.what.Mutating || x.what.Value == "" || x.what.Free || bystander(x.r.UserAgent()) {
			continue
		}
		key := strconv.Itoa(i) + " " + x.what.Value
		n := w.windows[key]
		if now.Sub(n.began) >= l.Per && !now.Before(n.until) {
			n = window{began: now}
		}
		n.calls++
		refuse := n.calls > l.Calls
		switch {
		case refuse && n.until.IsZero():
			n.until = n.began.Add(l.Per)
			if l.RetryAfter > 0 {
				n.until = now.Add(l.RetryAfter)
			}
		case refuse && !now.Before(n.until): // its time is over, and a new window begins
			n, refuse = window{began: now, calls: 1}, false
		case refuse && !l.Silent:
			x.hasty = fmt.Sprintf(hasty, n.until.Sub(now).Round(time.Millisecond))
		}
		w.windows[key] = n
		if refuse {
			x.until = n.until
			a := w.refuse(x, l.refused(n, now))
			return &a
		}
	}
	return nil
}

// refund takes back what a primary limit counted for a request that was answered 304.
// Source: GitHub REST reference, "Best practices", use conditional requests.
func (w *World) refund(x *exchange, status int) {
	if status != http.StatusNotModified {
		return
	}
	for i, l := range w.o.Limits {
		key := strconv.Itoa(i) + " " + x.what.Value
		if n, counted := w.windows[key]; counted && l.Primary && l.Provider == x.p.Name() && n.calls > 0 {
			n.calls--
			w.windows[key] = n
		}
	}
}

func (l Limit) refused(n window, now time.Time) Overrun {
	// A reset time is a whole second, and the next one counts.
	return Overrun{
		Status: or(l.Status, http.StatusTooManyRequests), Primary: l.Primary, Silent: l.Silent, Calls: l.Calls,
		Until: n.until, After: (n.until.Sub(now) + time.Second - 1).Truncate(time.Second),
	}
}

// refuse lets the provider refuse in its own words where it has some.
func (w *World) refuse(x *exchange, r Overrun) answer {
	rec := recorder{answer: answer{header: http.Header{}}}
	rec.header.Set("Date", w.core.Now().UTC().Format(http.TimeFormat))
	if own, ok := x.p.(Limiting); ok {
		own.Limited(&rec, x.r, x.body, r)
		return rec.answer
	}
	a := refusal(r.Status, "too many requests")
	a.header.Set("Date", rec.header.Get("Date"))
	r.Headers(a.header)
	return a
}

// Headers sets what tells the client when to come back.
func (r Overrun) Headers(h http.Header) {
	switch {
	case r.Primary:
		h.Set("X-Ratelimit-Limit", strconv.Itoa(r.Calls))
		h.Set("X-Ratelimit-Used", strconv.Itoa(r.Calls))
		h.Set("X-Ratelimit-Remaining", "0")
		h.Set("X-Ratelimit-Reset", strconv.FormatInt(r.Until.Add(time.Second-1).Unix(), 10))
	case !r.Silent:
		h.Set("Retry-After", strconv.Itoa(int(r.After/time.Second)))
	}
}
