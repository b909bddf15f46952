package adapters_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
)

// gate lets requests in and holds them until it is opened.
type gate struct {
	in, most atomic.Int32
	entered  chan struct{}
	open     chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}, 64), open: make(chan struct{})} }

func (g *gate) RoundTrip(*http.Request) (*http.Response, error) {
	n := g.in.Add(1)
	for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
	}
	g.entered <- struct{}{}
	<-g.open
	g.in.Add(-1)
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(""))}, nil
}

func paced(next http.RoundTripper, c *world.Manual, p adapters.Pace) http.RoundTripper {
	return adapters.Paced(adapters.Wire{Transport: next, Sleep: c.Sleep, Now: c.Now}, p)
}

func send(t testing.TB, rt http.RoundTripper, n int, method, host string) *sync.WaitGroup {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		r := request(t, method, "http://"+host+"/")
		wg.Go(func() {
			resp, err := rt.RoundTrip(r)
			if err != nil {
				t.Error(err)
				return
			}
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return &wg
}

func TestPacedReads(t *testing.T) {
	g := newGate()
	rt := paced(g, world.NewManual(now), adapters.Pace{Reads: 3})
	wg := send(t, rt, 9, "GET", "a")
	for range 3 {
		<-g.entered
	}
	if n := g.in.Load(); n != 3 {
		t.Errorf("%d reads in flight, want 3", n)
	}
	close(g.open)
	wg.Wait()
	if n := g.most.Load(); n > 3 {
		t.Errorf("%d reads were in flight at once", n)
	}
}

func TestPacedMutations(t *testing.T) {
	g := newGate()
	close(g.open)
	clock := world.NewManual(now)
	rt := paced(g, clock, adapters.Pace{Gap: time.Second})
	send(t, rt, 5, "PUT", "a").Wait()
	if n := g.most.Load(); n != 1 {
		t.Errorf("%d mutations of one host were in flight at once", n)
	}
	if took := clock.Now().Sub(now); took != 4*time.Second {
		t.Errorf("5 mutations a second apart took %s of the driver's clock, want 4s", took)
	}
}

func TestPacedHostsDoNotWaitForEachOther(t *testing.T) {
	g := newGate()
	rt := paced(g, world.NewManual(now), adapters.Pace{})
	a, b := send(t, rt, 1, "PUT", "a"), send(t, rt, 1, "PUT", "b")
	<-g.entered
	<-g.entered
	close(g.open)
	a.Wait()
	b.Wait()
}

// A request that never left because its time was over did nothing.
func TestPacedGivesUpUnsent(t *testing.T) {
	g := newGate()
	rt := paced(g, world.NewManual(now), adapters.Pace{})
	first := send(t, rt, 1, "PUT", "a")
	<-g.entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &closer{Reader: strings.NewReader("x")}
	r := request(t, "PUT", "http://a/").WithContext(ctx)
	r.Body = body
	_, err := rt.RoundTrip(r)
	var unsent *adapters.NotSent
	if !errors.As(err, &unsent) || !body.closed {
		t.Errorf("got %v, body closed %v", err, body.closed)
	}
	if o := adapters.Classify(nil, err, now); o.State != plan.Refused || !o.Temporary {
		t.Errorf("got %+v", o)
	}
	close(g.open)
	first.Wait()
}
