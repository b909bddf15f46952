package local

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/respond"
)

// timer is the one Wait under way. Its zero value waits for nothing.
type timer struct {
	until  time.Time
	c      chan time.Time
	cancel context.CancelFunc
}

// set makes the timer wait for w, or for nothing when w is nil.
func (t *timer) set(ctx context.Context, clock drive.Clock, now time.Time, w *respond.Wait) {
	if w == nil {
		t.stop()
		return
	}
	if t.cancel != nil && t.until.Equal(w.Until) {
		return
	}
	t.stop()
	ctx, t.cancel = context.WithCancel(ctx)
	t.until, t.c = w.Until, make(chan time.Time, 1)
	go func(c chan<- time.Time, until time.Time) {
		if clock.Sleep(ctx, until.Sub(now)) == nil {
			c <- until
		}
	}(t.c, w.Until)
}

func (t *timer) stop() {
	if t.cancel != nil {
		t.cancel()
		t.cancel, t.c = nil, nil
	}
}

// fired gives the awaited time once it has come; nil, which never gives, when nothing is awaited.
func (t *timer) fired() <-chan time.Time { return t.c }
