package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/renameio/v2"
)

// Scaled is a clock that runs speed times as fast as ours. It is anchored on disk,
// so a reopened world goes on: time passes at the same scale while nobody has the
// world open, because the attacker does not wait for a dead responder either, and
// because time that stood still could lie before what the journal already saw.
type Scaled struct {
	mu     sync.Mutex
	anchor anchor
	began  time.Time // our time, with its monotonic reading
	last   time.Time
}

type anchor struct {
	World time.Time `json:"world"`
	Real  time.Time `json:"real"`
	Speed float64   `json:"speed"`
}

func (a *anchor) read(b []byte) error {
	if err := json.Unmarshal(b, a); err != nil {
		return err
	}
	if a.Speed <= 0 {
		return fmt.Errorf("speed %v", a.Speed)
	}
	return nil
}

const clockFile = "clock.json"

// OpenScaled reads the clock of the world in dir, or starts one that shows begin
// (our present time when zero). speed replaces the one it ran with; 0 keeps it,
// and is 1 for a new clock.
func OpenScaled(dir string, speed float64, begin time.Time) (*Scaled, error) {
	if speed < 0 {
		return nil, fmt.Errorf("speed %v: give a number above 0", speed)
	}
	now := time.Now()
	a := anchor{World: begin, Real: now, Speed: 1}
	if begin.IsZero() {
		a.World = now
	}
	name := filepath.Join(dir, clockFile)
	b, err := os.ReadFile(name)
	switch {
	case err == nil:
		if err := a.read(b); err != nil {
			return nil, fmt.Errorf("%s is damaged (%w); remove the world's folder to begin anew", name, err)
		}
		// Our own clock may have been set back: world time never is.
		gone := max(0, now.Round(0).Sub(a.Real))
		a.World = a.World.Add(time.Duration(float64(gone) * a.Speed))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the world's clock: %w", err)
	}
	if speed > 0 {
		a.Speed = speed
	}
	a.Real, a.World = now.Round(0), a.World.UTC().Round(0)
	if b, err = json.Marshal(a); err != nil {
		return nil, fmt.Errorf("encode the world's clock: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the world's folder: %w", err)
	}
	if err := renameio.WriteFile(name, b, 0o600); err != nil {
		return nil, fmt.Errorf("save the world's clock: %w", err)
	}
	return &Scaled{anchor: a, began: now}, nil
}

// FollowScaled gives the clock of a world that another process has open. It changes
// nothing on disk.
func FollowScaled(dir string) (*Scaled, error) {
	name := filepath.Join(dir, clockFile)
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the world's clock: %w", err)
	}
	var a anchor
	if err := a.read(b); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w); name the folder of a world", name, err)
	}
	now := time.Now()
	a.World = a.World.Add(time.Duration(float64(now.Round(0).Sub(a.Real)) * a.Speed))
	return &Scaled{anchor: anchor{a.World, now.Round(0), a.Speed}, began: now}, nil
}

// Now is world time; it never goes back.
func (c *Scaled) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.anchor.World.Add(time.Duration(float64(time.Since(c.began)) * c.anchor.Speed))
	if t.Before(c.last) {
		return c.last
	}
	c.last = t
	return t
}

// Real turns a span of world time into ours.
func (c *Scaled) Real(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.anchor.Speed)
}

// Speed is world time per our time.
func (c *Scaled) Speed() float64 { return c.anchor.Speed }

// Sleep waits for a span of world time; it returns ctx.Err when cut short.
func (c *Scaled) Sleep(ctx context.Context, d time.Duration) error { return pause(ctx, c.Real(d)) }

// Manual is a clock for tests: it stands until it is advanced, and sleeping
// advances it.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual gives a clock that shows t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.UTC()} }

// Now implements Clock.
func (c *Manual) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Real implements Clock: nothing takes any of our time.
func (*Manual) Real(time.Duration) time.Duration { return 0 }

// Advance moves the clock forward.
func (c *Manual) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(0, d))
}

// Sleep advances the clock by d at once.
func (c *Manual) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.Advance(d)
	return nil
}

// pause waits for a span of our time.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
