package cli

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
)

// mute is a provider that does not say who we are.
type mute struct {
	adapters.Provider
	err   error
	asked int
}

func (m *mute) Self(context.Context) (adapters.Self, error) { m.asked++; return adapters.Self{}, m.err }

type noWait struct{}

func (noWait) Now() time.Time                             { return time.Time{} }
func (noWait) Sleep(context.Context, time.Duration) error { return nil }

// Who we are is asked again where that may help, and only there: a refused token must
// not cost twelve seconds.
func TestWhoWeAreIsAskedAgainWhereThatMayHelp(t *testing.T) {
	no := errors.New("no")
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"no answer":      {no, tries},
		"a limit":        {adapters.Coded(no, 429), tries},
		"server trouble": {adapters.Coded(no, 502), tries},
		"refused":        {adapters.Coded(no, 401), 1},
		"by Vault":       {&adapters.Status{Code: 403}, 1},
		"not set":        {adapters.Unconfigured("set it"), 1},
	} {
		p := &mute{err: c.err}
		if _, err := (&site{clock: noWait{}}).self(t.Context(), p); !errors.Is(err, c.err) || p.asked != c.want {
			t.Errorf("%s: asked %d times, %v", name, p.asked, err)
		}
	}
}
