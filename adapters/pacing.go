package adapters

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Pace says how hard one host may be driven.
type Pace struct {
	Reads int           // reads in flight at once; 0 means 8
	Gap   time.Duration // least time between two mutations, in the driver's clock
	// Mutates tells a mutation from a read; nil judges by method (GET, HEAD and
	// OPTIONS read).
	Mutates func(*http.Request) bool
}

// NotSent is the error of a request that was given up before a byte of it left.
type NotSent struct{ Err error }

func (e *NotSent) Error() string { return "not sent: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *NotSent) Unwrap() error { return e.Err }

// Paced keeps at most p.Reads reads and one mutation in flight per host, and
// mutations at least p.Gap apart. It never retries: what a provider says about
// coming back later is reported by Classify, and the decider waits. A request
// whose context ends while it queues fails with *NotSent.
func Paced(w Wire, p Pace) http.RoundTripper {
	if p.Reads <= 0 {
		p.Reads = 8
	}
	if p.Mutates == nil {
		p.Mutates = MutatesByMethod
	}
	return &pacer{wire: w, pace: p, hosts: map[string]*host{}}
}

// MutatesByMethod tells by the HTTP method whether a request changes something.
func MutatesByMethod(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

type pacer struct {
	wire  Wire
	pace  Pace
	mu    sync.Mutex
	hosts map[string]*host
}

type host struct {
	reads chan struct{}
	turn  chan struct{} // of the one mutation
	last  time.Time     // when the last mutation ended; guarded by turn
}

func (p *pacer) host(name string) *host {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[name]
	if h == nil {
		h = &host{reads: make(chan struct{}, p.pace.Reads), turn: make(chan struct{}, 1)}
		p.hosts[name] = h
	}
	return h
}

// RoundTrip implements http.RoundTripper.
func (p *pacer) RoundTrip(r *http.Request) (*http.Response, error) {
	h := p.host(r.URL.Host)
	slot, mutates := h.reads, p.pace.Mutates(r)
	if mutates {
		slot = h.turn
	}
	select {
	case slot <- struct{}{}:
	case <-r.Context().Done():
		return nil, p.giveUp(r, r.Context().Err())
	}
	defer func() { <-slot }()
	if !mutates {
		return p.wire.Transport.RoundTrip(r)
	}
	if err := p.gap(r.Context(), h); err != nil {
		return nil, p.giveUp(r, err)
	}
	defer func() { h.last = p.wire.Now() }()
	return p.wire.Transport.RoundTrip(r)
}

func (p *pacer) gap(ctx context.Context, h *host) error {
	if p.pace.Gap <= 0 || h.last.IsZero() {
		return ctx.Err()
	}
	if left := p.pace.Gap - p.wire.Now().Sub(h.last); left > 0 {
		return p.wire.Sleep(ctx, left)
	}
	return ctx.Err()
}

func (p *pacer) giveUp(r *http.Request, err error) error {
	if r.Body != nil {
		if cerr := r.Body.Close(); cerr != nil {
			return &NotSent{cerr}
		}
	}
	return &NotSent{err}
}
