package acceptance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// team does what people do elsewhere while firebreak works, whether it lives or
// not: it pushes the fix once the logs are read, and publishes what was rebuilt.
type team struct {
	s      *scene
	seen   int
	pushed bool
	built  bool
}

// glance is how often the team looks.
const glance = 20 * time.Millisecond

// begin sets the team to work; end lets it stop and tells what went wrong.
func (s *scene) team() (end func() error) {
	ctx, cancel := context.WithCancel(s.ctx)
	var err error
	var done sync.WaitGroup
	done.Go(func() {
		m := &team{s: s}
		tick := time.NewTicker(glance)
		defer tick.Stop()
		for err == nil {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				err = m.look(ctx)
			}
		}
		if errors.Is(err, context.Canceled) {
			err = nil
		}
	})
	return func() error {
		cancel()
		done.Wait()
		return err
	}
}

func (m *team) look(ctx context.Context) error {
	var news []world.Entry
	if err := m.s.ask(ctx, fmt.Sprintf("log?after=%d", m.seen), &news); err != nil {
		return err
	}
	for _, e := range news {
		m.seen = e.Seq
		if !strings.HasPrefix(e.Agent, "firebreak/") {
			continue
		}
		if e.Call == "GET run logs" && !m.pushed {
			m.pushed = true
			if err := m.s.tell("team/push", nil); err != nil {
				return err
			}
		}
		m.built = m.built || e.Call == "POST workflow dispatch"
	}
	if !m.built {
		return nil
	}
	return m.s.tell("team/promote", nil) // once for each build, nothing while there is none
}
