package rehearse

import (
	"context"
	"fmt"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// StartAttacker lets the attacker act, and the team make its mistakes, every so
// often in world time until ctx ends or the rehearsal is closed.
func (r *Rehearsal) StartAttacker(ctx context.Context) {
	every := r.Attacker.Every
	if every <= 0 {
		every = 5 * time.Second
	}
	ctx, r.stop = context.WithCancel(ctx)
	r.living.Go(func() {
		for {
			if err := r.Round(ctx); err != nil {
				r.trouble(ctx, err)
			}
			if r.Clock.Sleep(ctx, every) != nil {
				return
			}
		}
	})
}

// Round is one turn of everybody but the responder.
func (r *Rehearsal) Round(ctx context.Context) error {
	if err := r.undo(); err != nil {
		return fmt.Errorf("the team's mistake: %w", err)
	}
	return r.attacker.act(ctx)
}

// trouble keeps the first error of a rehearsal itself; Close gives it. That an
// attacker's call was cut when the rehearsal ended is none.
func (r *Rehearsal) trouble(ctx context.Context, err error) {
	if ctx.Err() == nil {
		r.keep(err)
	}
}

// look reads providers' states under the world's lock.
func (r *Rehearsal) look(f func()) {
	r.keep(r.World.Do(func(world.Core) { f() }))
}
