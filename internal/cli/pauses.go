package cli

import (
	"sync"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/view"
)

// pauses tells on stderr, and in the ndjson stream once it has begun, that a provider
// makes us wait. Its methods may be called concurrently.
type pauses struct {
	mu       sync.Mutex
	incident string // of the ndjson stream; "" while there is none
}

// stream says that the ndjson stream of an incident has begun.
func (p *pauses) stream(incident string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.incident = incident
}

func (p *pauses) streaming() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.incident
}

// noticed is adapters.Wire.Notice. A line that cannot be written is left alone: the
// journal has what came of the request.
func (f *Factory) noticed(clock drive.Clock) func(adapters.Notice) {
	return func(n adapters.Notice) {
		now := clock.Now().UTC()
		p := view.Pause{Provider: n.Provider, Host: n.Host, Limit: n.Limit, Wait: plan.Duration(n.Wait), Request: n.Request}
		if incident := f.pauses.streaming(); incident != "" {
			if view.RecordPause(f.IO.Out, incident, now, p) != nil {
				return
			}
		}
		st, stamp := f.IO.ErrStyle(), now.Format("15:04:05")
		if _, err := f.IO.Err.Write([]byte(st.Fit(st.Faint(stamp)+"  "+p.String(), len(stamp)+2) + "\n")); err != nil {
			return
		}
	}
}
