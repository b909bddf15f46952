package adapters

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Pace says how hard one host may be driven.
type Pace struct {
	Provider string        // for notices
	Reads    int           // reads in flight at once; 0 means 8
	Writes   int           // mutations in flight at once; 0 means 1, as does a Gap
	Gap      time.Duration // least time between two mutations, in the driver's clock
	// Mutates tells a mutation from a read; nil judges by method (GET, HEAD and
	// OPTIONS read).
	Mutates func(*http.Request) bool
	// Told reads what an answer says about a limit; nil is Told. It leaves the body
	// readable.
	Told func(*http.Response, time.Time) (Limit, error)
	// Quiet is how long a limit that names no time is waited for, doubled for each
	// that follows at once; 0 means 5 s.
	Quiet time.Duration
	// PerMinute is how many points may be spent in a minute, of which a read costs one
	// and a mutation five; 0 means any. Reads wait for it and leave a tenth to mutations,
	// which are counted and never wait.
	PerMinute int
}

// Paced keeps at most p.Reads reads and p.Writes mutations in flight per host, and
// mutations at least p.Gap apart.
//
// Where a host answers that it was asked too often, nothing more is sent to it
// before the time it named, by any goroutine. A mutation that comes meanwhile fails
// with *NotSent around *Paused, and the decider waits; so does a read, except where
// the wait is short or the context is of Patient: that one waits, and is sent again
// where it was the one that was told. A mutation is never sent again here: what
// became of it is reported by Classify. An answer that names no time gets the
// Retry-After that is kept.
//
// A request whose context ends while it queues fails with *NotSent.
func Paced(w Wire, p Pace) http.RoundTripper {
	if p.Reads <= 0 {
		p.Reads = 8
	}
	if p.Writes <= 0 || p.Gap > 0 {
		p.Writes = 1
	}
	if p.Mutates == nil {
		p.Mutates = MutatesByMethod
	}
	if p.Told == nil {
		p.Told = Told
	}
	if p.Quiet <= 0 {
		p.Quiet = 5 * time.Second
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
	turn  chan struct{} // of the mutations
	last  time.Time     // with a gap: when the last mutation ended; guarded by turn, which is one's then
	pause pause
	spent purse
}

func (p *pacer) host(name string) *host {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[name]
	if h == nil {
		h = &host{reads: make(chan struct{}, p.pace.Reads), turn: make(chan struct{}, p.pace.Writes), spent: newPurse(p.pace.PerMinute)}
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
		if err := p.afford(r, h); err != nil {
			return nil, p.giveUp(r, err)
		}
		return p.read(r, h)
	}
	if err := p.gap(r, h); err != nil {
		return nil, p.giveUp(r, err)
	}
	if p.pace.Gap > 0 {
		defer func() { h.last = p.wire.Now() }()
	}
	h.spent.mutation(p.wire.Now())
	resp, _, err := p.send(r, h, 0)
	return resp, err
}

// again is how often a read that was told to wait is sent once more.
const again = 3

// read sends a read, and sends it again where it was told to wait and the wait is
// one to be waited in place.
func (p *pacer) read(r *http.Request, h *host) (*http.Response, error) {
	most := patience(r.Context())
	for try := 0; ; try++ {
		resp, told, err := p.send(r, h, most)
		if err != nil || told.Name == "" || told.After > most || try == again {
			return resp, err
		}
		next, ok := rewound(r)
		if !ok {
			return resp, nil
		}
		if err := resp.Body.Close(); err != nil {
			return nil, err
		}
		r = next
	}
}

// rewound gives the request with its body from the beginning; false where the body
// cannot be had again.
func rewound(r *http.Request) (*http.Request, bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, false
	}
	next := r.Clone(r.Context())
	next.Body = body
	return next, true
}

// send sends one request, when its host may be asked again, and takes note of what
// its answer says about a limit.
func (p *pacer) send(r *http.Request, h *host, most time.Duration) (*http.Response, Limit, error) {
	g, err := p.free(r, h, most)
	if err != nil {
		return nil, Limit{}, p.giveUp(r, err)
	}
	if g.first {
		defer h.pause.back()
	}
	resp, err := p.wire.Transport.RoundTrip(r)
	if err != nil {
		return resp, Limit{}, err
	}
	now := p.wire.Now()
	told, err := p.pace.Told(resp, now)
	if err != nil {
		return nil, Limit{}, err
	}
	if told.Name == "" {
		h.pause.lifted(now)
		return resp, told, nil
	}
	wait, news := h.pause.begin(now, told, p.pace.Quiet, g)
	if told.After <= 0 {
		told.After = wait
		resp.Header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	if news {
		p.notice(r, told.Name, told.After)
	}
	return resp, told, nil
}

// free waits until the host may be asked again, at most so long; where that is not
// enough it fails with *Paused at once.
func (p *pacer) free(r *http.Request, h *host, most time.Duration) (leave, error) {
	ctx := r.Context()
	for {
		now := p.wire.Now()
		until, limit, ahead, g := h.pause.enter(now)
		switch {
		case ahead != nil:
			select {
			case <-ahead:
			case <-ctx.Done():
				return leave{}, ctx.Err()
			}
		case until.IsZero():
			return g, p.cancelled(ctx, h, g.first)
		case until.Sub(now) > most:
			return leave{}, &Paused{Host: r.URL.Host, Limit: limit, Left: until.Sub(now)}
		default:
			if err := p.wire.Sleep(ctx, until.Sub(now)); err != nil {
				return leave{}, err
			}
		}
	}
}

// cancelled is ctx.Err; one that was to go ahead and does not leaves its place.
func (*pacer) cancelled(ctx context.Context, h *host, first bool) error {
	err := ctx.Err()
	if err != nil && first {
		h.pause.back()
	}
	return err
}

// gap keeps mutations apart.
func (p *pacer) gap(r *http.Request, h *host) error {
	if p.pace.Gap <= 0 || h.last.IsZero() {
		return r.Context().Err()
	}
	left := p.pace.Gap - p.wire.Now().Sub(h.last)
	if left <= 0 {
		return r.Context().Err()
	}
	if left >= time.Second {
		p.notice(r, "pace", left)
	}
	return p.wire.Sleep(r.Context(), left)
}

func (p *pacer) notice(r *http.Request, limit string, wait time.Duration) {
	if p.wire.Notice != nil {
		p.wire.Notice(Notice{Provider: p.pace.Provider, Host: r.URL.Host, Limit: limit, Wait: wait, Request: r.Method + " " + r.URL.Path})
	}
}

func (p *pacer) giveUp(r *http.Request, err error) error {
	if r.Body != nil {
		if cerr := r.Body.Close(); cerr != nil {
			return &NotSent{cerr}
		}
	}
	return &NotSent{err}
}

const (
	brief     = 10 * time.Second // is waited in place by every read: not worth a round of the decider
	long      = 5 * time.Minute  // is waited in place by patient ones
	unhurried = 65 * time.Minute // longer than any window that is documented
)

type patienceKey struct{}

// Patient is for reads that many others hang on, a survey's: they wait limits of up
// to five minutes out instead of failing.
func Patient(ctx context.Context) context.Context { return waiting(ctx, long) }

// Unhurried is for reads that go on for hours, an organization's survey: they wait for
// the next hour's quota.
func Unhurried(ctx context.Context) context.Context { return waiting(ctx, unhurried) }

// waiting makes a context at least so patient.
func waiting(ctx context.Context, most time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, max(most, patience(ctx)))
}

func patience(ctx context.Context) time.Duration {
	if most, ok := ctx.Value(patienceKey{}).(time.Duration); ok {
		return most
	}
	return brief
}
