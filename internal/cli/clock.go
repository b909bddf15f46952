package cli

import (
	"context"
	"time"
)

// wall is the clock on the wall.
type wall struct{}

// Now implements drive.Clock.
func (wall) Now() time.Time { return time.Now() }

// Sleep implements drive.Clock.
func (wall) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
