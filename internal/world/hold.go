package world

import (
	"context"
	"sync"
)

// When says on which side of its effect a call is held.
type When string

const (
	Before When = "before" // nothing has happened; a caller who goes away meanwhile was never heard
	After  When = "after"  // it happened and is saved; the answer is not sent
)

// Hold stops one call: the Number-th mutating call of whoever responds, or the
// next one of that name. Each hold stops one call only.
type Hold struct {
	Number int    `json:"n,omitempty"`
	Call   string `json:"call,omitempty"`
	Object string `json:"object,omitempty"` // what a held call is about; not to be asked for
	When   When   `json:"when"`
}

// holds keeps calls back until they are released. Its lock is its own, so that
// the world goes on while a call waits.
type holds struct {
	mu      *sync.Mutex
	wanted  map[Hold]bool
	held    map[*Hold]chan struct{}
	changed chan struct{} // closed and replaced whenever what is held changes
}

func newHolds() holds {
	return holds{mu: &sync.Mutex{}, wanted: map[Hold]bool{}, held: map[*Hold]chan struct{}{}, changed: make(chan struct{})}
}

// Hold asks for a call to be held.
func (w *World) Hold(h Hold) {
	w.holds.mu.Lock()
	defer w.holds.mu.Unlock()
	w.holds.wanted[h] = true
}

// Held waits until at least one call is held and gives them.
func (w *World) Held(ctx context.Context) ([]Hold, error) {
	return w.await(ctx, func(n int) bool { return n > 0 })
}

// Idle waits until no call is held: whoever made the held ones was answered, or is
// known to be gone.
func (w *World) Idle(ctx context.Context) error {
	_, err := w.await(ctx, func(n int) bool { return n == 0 })
	return err
}

func (w *World) await(ctx context.Context, enough func(held int) bool) ([]Hold, error) {
	for {
		w.holds.mu.Lock()
		var all []Hold
		for h := range w.holds.held {
			all = append(all, *h)
		}
		changed := w.holds.changed
		w.holds.mu.Unlock()
		if enough(len(all)) {
			return all, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Release lets every held call go on and forgets the holds that met no call.
func (w *World) Release() {
	w.holds.mu.Lock()
	defer w.holds.mu.Unlock()
	clear(w.holds.wanted)
	for h, c := range w.holds.held {
		close(c)
		delete(w.holds.held, h)
	}
	w.holds.tell()
}

// tell wakes whoever waits for a change; the lock is held.
func (h *holds) tell() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// wait keeps a call back when somebody asked for it. The error is the caller's
// context ending: it went away.
func (h *holds) wait(ctx context.Context, x *exchange, when When) error {
	number, call := x.number, x.what.Call
	if number == 0 {
		return nil
	}
	h.mu.Lock()
	var met *Hold
	for _, k := range []Hold{{Number: number, When: when}, {Call: call, When: when}} {
		if h.wanted[k] {
			delete(h.wanted, k)
			met = &Hold{Number: number, Call: call, Object: x.what.Object, When: when}
			break
		}
	}
	if met == nil {
		h.mu.Unlock()
		return nil
	}
	released := make(chan struct{})
	h.held[met] = released
	h.tell()
	h.mu.Unlock()
	select {
	case <-released:
		return nil
	case <-ctx.Done():
		h.mu.Lock()
		delete(h.held, met)
		h.tell()
		h.mu.Unlock()
		return ctx.Err()
	}
}
