package dry

import (
	"context"
	"sync"
	"time"

	"github.com/firebreak/firebreak/internal/drive"
)

// Clock skips the waits of an exercise: what would be waited for is supposed to have
// passed. While somebody is asked, or something is really read, it does not skip, so that
// no deadline passes over it.
type Clock struct {
	Wall drive.Clock

	mu      sync.Mutex
	skipped time.Duration
	asking  int
}

// Now implements drive.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Wall.Now().Add(c.skipped)
}

// moment is how long a wait takes at the least, for what else is under way.
const moment = 20 * time.Millisecond

// Sleep implements drive.Clock.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	for {
		if err := c.Wall.Sleep(ctx, min(max(d, 0), moment)); err != nil || d <= moment {
			return err
		}
		if c.skip(d - moment) {
			return nil
		}
	}
}

func (c *Clock) skip(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asking > 0 {
		return false
	}
	c.skipped += d
	return true
}

// stand makes the clock run as the wall's does, while it is called with more 1 than -1.
func (c *Clock) stand(n int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking += n
}
