package adapters

import (
	"net/http"
	"sync"
	"time"
)

// purse keeps what was spent at a host in the last minute.
type purse struct {
	mu   *sync.Mutex
	most int         // points reads may bring a minute to; 0 for any
	paid []time.Time // when each of the last points was spent, a ring
	next int
}

func newPurse(perMinute int) purse {
	most := perMinute - perMinute/10
	return purse{mu: &sync.Mutex{}, most: most, paid: make([]time.Time, most)}
}

// read spends a point, or says how long it takes until there is one.
func (p *purse) read(now time.Time) time.Duration {
	if p.most == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.paid[p.next].Add(time.Minute).Sub(now); !p.paid[p.next].IsZero() && wait > 0 {
		return wait
	}
	p.pay(now)
	return 0
}

// mutation spends what a mutation costs, whether it is there or not.
// Source: GitHub REST reference, "Rate limits for the REST API", calculating points.
func (p *purse) mutation(now time.Time) {
	if p.most == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for range 5 {
		p.pay(now)
	}
}

func (p *purse) pay(now time.Time) {
	p.paid[p.next] = now
	p.next = (p.next + 1) % p.most
}

// afford waits until a read may be made. It is no limit the host told of, so every read
// waits for it, however hurried; it is seconds.
func (p *pacer) afford(r *http.Request, h *host) error {
	for {
		wait := h.spent.read(p.wire.Now())
		if wait == 0 {
			return r.Context().Err()
		}
		if err := p.wire.Sleep(r.Context(), wait); err != nil {
			return err
		}
	}
}
