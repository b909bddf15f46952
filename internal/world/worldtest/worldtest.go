// Package worldtest gives a small world with a clock moved by hand, for the tests
// of providers and adapters.
package worldtest

import (
	"net/http"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/world"
)

// Start is the time at which a test's world begins.
var Start = time.Date(2025, 3, 14, 16, 57, 0, 0, time.UTC)

// World is a started world. It ends with the test.
type World struct {
	*world.World
	Clock *world.Manual
	// Around, when set, wraps the transport of Wire.
	Around func(http.RoundTripper) http.RoundTripper
	opts   world.Options
	mount  []func(world.Core) world.Provider
	tr     *http.Transport
}

// New starts a world in a folder of the test with the providers that mount makes.
// Clock, Dir and Seed of o may be left out.
func New(t testing.TB, o world.Options, mount ...func(world.Core) world.Provider) *World {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	w := &World{Clock: world.NewManual(Start), opts: o, mount: mount}
	w.opts.Clock = w.Clock
	w.open(t)
	t.Cleanup(func() { w.stop(t) })
	return w
}

// Reopen ends the world and starts it again from its folder.
func (w *World) Reopen(t testing.TB) {
	t.Helper()
	w.stop(t)
	w.open(t)
}

// Wire is what an adapter is built over: it reaches this world only, and sleeping
// advances the world's clock.
func (w *World) Wire() adapters.Wire {
	tr := http.RoundTripper(w.tr)
	if w.Around != nil {
		tr = w.Around(tr)
	}
	return adapters.Wire{Transport: tr, Dial: w.tr.DialContext, Sleep: w.Clock.Sleep, Now: w.Clock.Now, Agent: "firebreak/test (incident inc-test)"}
}

// Client is an HTTP client that reaches this world only.
func (w *World) Client() *http.Client { return &http.Client{Transport: w.tr} }

// Requests gives the log's entries of requests, those that mutate only when asked.
func (w *World) Requests(mutating bool) []world.Entry {
	var all []world.Entry
	for _, e := range w.Entries() {
		if e.Kind == "request" && (e.Mutating || !mutating) {
			all = append(all, e)
		}
	}
	return all
}

func (w *World) open(t testing.TB) {
	t.Helper()
	x, err := world.New(w.opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.mount {
		x.Mount(m(x.Core()))
	}
	if err := x.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.World, w.tr = x, x.Transport()
}

func (w *World) stop(t testing.TB) {
	t.Helper()
	w.tr.CloseIdleConnections()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
