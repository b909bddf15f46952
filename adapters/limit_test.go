package adapters_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/world"
)

// server answers the first requests with refusals, then everything with 200. It
// keeps what arrived, and when.
type server struct {
	clock    *world.Manual
	mu       sync.Mutex
	refusals []http.Header // with status 429
	arrived  []string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		body = " " + string(b)
	}
	s.arrived = append(s.arrived, fmt.Sprintf("%s %s at %s%s", r.Method, r.URL.Host, s.clock.Now().Sub(now), body))
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}
	if len(s.refusals) > 0 {
		resp.StatusCode, resp.Header = 429, s.refusals[0].Clone()
		s.refusals = s.refusals[1:]
	}
	return resp, nil
}

type limited struct {
	*server
	rt      http.RoundTripper
	notices []adapters.Notice
}

func newLimited(p adapters.Pace, refusals ...http.Header) *limited {
	l := &limited{server: &server{clock: world.NewManual(now), refusals: refusals}}
	p.Provider = "test"
	var mu sync.Mutex
	l.rt = adapters.Paced(adapters.Wire{Transport: l.server, Sleep: l.clock.Sleep, Now: l.clock.Now, Notice: func(n adapters.Notice) {
		mu.Lock()
		defer mu.Unlock()
		l.notices = append(l.notices, n)
	}}, p)
	return l
}

// do sends a request; code is 0 when none came back.
func (l *limited) do(t testing.TB, method, host string, patient bool) (code int, err error) {
	t.Helper()
	r := request(t, method, "http://"+host+"/x")
	if patient {
		r = r.WithContext(adapters.Patient(r.Context()))
	}
	resp, err := l.rt.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func (l *limited) sent(t testing.TB, want ...string) {
	t.Helper()
	if !slices.Equal(l.arrived, want) {
		t.Errorf("arrived %q, want %q", l.arrived, want)
	}
}

func after(seconds string) http.Header { return http.Header{"Retry-After": {seconds}} }

func TestNothingIsSentToAHostThatSaidWait(t *testing.T) {
	l := newLimited(adapters.Pace{}, after("30"))
	if code, err := l.do(t, "PUT", "a", false); code != 429 || err != nil {
		t.Fatalf("%d, %v", code, err)
	}
	l.clock.Advance(10 * time.Second)
	for _, method := range []string{"PUT", "GET"} {
		_, err := l.do(t, method, "a", false)
		var paused *adapters.Paused
		if !errors.As(err, &paused) || paused.Left != 20*time.Second || !adapters.Unsent(err) {
			t.Errorf("%s within the pause: %v", method, err)
		}
		if o := adapters.Classify(nil, err, l.clock.Now()); o.State != plan.Refused || !o.Temporary || o.RetryAfter.D() != 20*time.Second {
			t.Errorf("%s is classified %+v", method, o)
		}
		if r := adapters.Unread(err); r.State != plan.Unknown || r.Wait.D() != 20*time.Second {
			t.Errorf("%s is read as %+v", method, r)
		}
	}
	if _, err := l.do(t, "PUT", "b", false); err != nil {
		t.Errorf("another host has to wait too: %v", err)
	}
	l.clock.Advance(20 * time.Second)
	if _, err := l.do(t, "PUT", "a", false); err != nil {
		t.Error(err)
	}
	l.sent(t, "PUT a at 0s", "PUT b at 10s", "PUT a at 30s")
}

func TestShortLimitsOfReadsAreWaitedInPlace(t *testing.T) {
	l := newLimited(adapters.Pace{}, after("10"))
	if code, err := l.do(t, "GET", "a", false); code != 200 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	l.sent(t, "GET a at 0s", "GET a at 10s")
}

func TestPatientReadsWaitFiveMinutesAndNoMore(t *testing.T) {
	l := newLimited(adapters.Pace{}, after("300"), after("301"))
	if code, err := l.do(t, "GET", "a", true); code != 429 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	l.sent(t, "GET a at 0s", "GET a at 5m0s")
	if _, err := l.do(t, "GET", "a", true); err == nil {
		t.Error("301 s were waited in place")
	}
}

// A server that says wait for ever is not asked for ever.
func TestReadsGiveUp(t *testing.T) {
	l := newLimited(adapters.Pace{}, after("1"), after("1"), after("1"), after("1"), after("1"))
	if code, err := l.do(t, "GET", "a", true); code != 429 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	l.sent(t, "GET a at 0s", "GET a at 1s", "GET a at 2s", "GET a at 3s")
}

func TestMutationsAreNeverSentAgain(t *testing.T) {
	l := newLimited(adapters.Pace{}, after("1"))
	if code, err := l.do(t, "POST", "a", true); code != 429 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	l.sent(t, "POST a at 0s")
}

// A read with a body is sent again with its body, and not without it.
func TestReadsWithABody(t *testing.T) {
	all := adapters.Pace{Mutates: func(*http.Request) bool { return false }}
	for _, rewindable := range []bool{true, false} {
		l := newLimited(all, after("1"))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://a/x", strings.NewReader("which"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"POST a at 0s which", "POST a at 1s which"}
		if !rewindable {
			r.GetBody, want = nil, want[:1]
		}
		resp, err := l.rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		l.sent(t, want...)
	}
}

// A limit without a time is waited for twice as long each time it comes again, and
// the answer then names that time.
func TestLimitsThatNameNoTime(t *testing.T) {
	l := newLimited(adapters.Pace{Quiet: time.Minute}, http.Header{}, http.Header{}, http.Header{})
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		resp, err := l.rt.RoundTrip(request(t, "PUT", "http://a/x"))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := adapters.RetryAfter(resp, l.clock.Now()); !ok || got != want {
			t.Errorf("the answer says %s, want %s", got, want)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		l.clock.Advance(want - time.Second)
		if _, err := l.do(t, "PUT", "a", false); err == nil {
			t.Errorf("asked again before %s were over", want)
		}
		l.clock.Advance(time.Second)
	}
	if code, err := l.do(t, "PUT", "a", false); code != 200 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
}

// A shorter limit that comes while a longer one is on does not end it.
func TestTheLongestLimitHolds(t *testing.T) {
	g := newGate()
	l := &limited{server: &server{clock: world.NewManual(now), refusals: []http.Header{after("60"), after("20")}}}
	l.rt = paced(g.before(l.server), l.clock, adapters.Pace{})
	wg := send(t, l.rt, 2, "GET", "a") // both on their way before either was answered
	<-g.entered
	<-g.entered
	close(g.open)
	wg.Wait()
	l.clock.Advance(59 * time.Second)
	if _, err := l.do(t, "PUT", "a", false); err == nil {
		t.Error("sent before the longer limit was over")
	}
}

// before lets requests through the gate, then to next.
func (g *gate) before(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := g.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		if err := resp.Body.Close(); err != nil {
			return nil, err
		}
		return next.RoundTrip(r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What queues behind the request that is told to wait is not sent either.
func TestQueuedRequestsAreHeldBack(t *testing.T) {
	for _, method := range []string{"PUT", "GET"} {
		l := newLimited(adapters.Pace{Reads: 1, Gap: time.Second}, after("30"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		held := 0
		for range 20 {
			wg.Go(func() {
				if _, err := l.do(t, method, "a", false); adapters.Waiting(err) > 0 {
					mu.Lock()
					defer mu.Unlock()
					held++
				}
			})
		}
		wg.Wait()
		if held != 19 || len(l.arrived) != 1 {
			t.Errorf("%s: %d were held back, arrived %v", method, held, l.arrived)
		}
	}
}

func TestNotices(t *testing.T) {
	l := newLimited(adapters.Pace{Gap: 3 * time.Second}, after("30"), http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(now.Add(90 * time.Second).Unix())}})
	for range 4 {
		if _, err := l.do(t, "PUT", "a", false); err != nil {
			t.Fatal(err)
		}
		until := map[int]time.Duration{1: 30 * time.Second, 2: 60 * time.Second}[len(l.arrived)]
		l.clock.Advance(until)
	}
	want := []adapters.Notice{
		{Provider: "test", Host: "a", Limit: "secondary", Wait: 30 * time.Second, Request: "PUT /x"},
		{Provider: "test", Host: "a", Limit: "primary", Wait: 60 * time.Second, Request: "PUT /x"},
		{Provider: "test", Host: "a", Limit: "pace", Wait: 3 * time.Second, Request: "PUT /x"},
	}
	if !slices.Equal(l.notices, want) {
		t.Errorf("noticed %+v", l.notices)
	}
}

// Ctrl-C ends a wait; nothing was sent.
func TestAWaitIsCutShort(t *testing.T) {
	l := newLimited(adapters.Pace{}, after("5"))
	ctx, cancel := context.WithCancel(t.Context())
	rt := adapters.Paced(adapters.Wire{Transport: l.server, Now: l.clock.Now, Sleep: func(ctx context.Context, _ time.Duration) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}, adapters.Pace{})
	_, err := rt.RoundTrip(request(t, "GET", "http://a/x").WithContext(ctx))
	if !adapters.Unsent(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	l.sent(t, "GET a at 0s")
}

// When a pause is over, one request goes ahead; where it is told to wait again, no
// other has been sent.
func TestOneRequestGoesAhead(t *testing.T) {
	g, clock := newGate(), world.NewManual(now)
	behind := &server{clock: clock, refusals: []http.Header{after("30"), after("30")}}
	rt := paced(g.before(behind), clock, adapters.Pace{})
	first := send(t, rt, 1, "GET", "a") // meets the first limit
	<-g.entered
	close(g.open)
	first.Wait()
	clock.Advance(30 * time.Second)
	g.open = make(chan struct{})
	var wg sync.WaitGroup
	var held sync.Map
	for i := range 10 {
		wg.Go(func() {
			resp, err := rt.RoundTrip(request(t, "GET", "http://a/"))
			if err == nil {
				err = resp.Body.Close()
			}
			held.Store(i, adapters.Waiting(err) > 0)
		})
	}
	<-g.entered
	close(g.open)
	wg.Wait()
	n := 0
	held.Range(func(_, v any) bool {
		if v == true {
			n++
		}
		return true
	})
	if n != 9 || len(behind.arrived) != 2 {
		t.Errorf("%d of 10 were held back, arrived %v", n, behind.arrived)
	}
}

// What was on its way when a limit without a time was told does not double it.
func TestLimitsOnTheirWayCountOnce(t *testing.T) {
	g, clock := newGate(), world.NewManual(now)
	rt := paced(g.before(&server{clock: clock, refusals: []http.Header{{}, {}, {}, {}}}), clock, adapters.Pace{Quiet: time.Minute})
	wg := send(t, rt, 4, "GET", "a")
	for range 4 {
		<-g.entered
	}
	close(g.open)
	wg.Wait()
	clock.Advance(time.Minute)
	send(t, rt, 1, "PUT", "a").Wait() // reports an error where it is held back
}

// Six reads that were on their way say the same: a person is told once.
func TestOnePauseIsToldOnce(t *testing.T) {
	l := newLimited(adapters.Pace{}, after("30"), after("30"), after("30"))
	g := newGate()
	moving := roundTrip(func(r *http.Request) (*http.Response, error) {
		l.clock.Advance(100 * time.Millisecond)
		return l.server.RoundTrip(r)
	})
	told := 0
	var mu sync.Mutex
	rt := adapters.Paced(adapters.Wire{Transport: g.before(moving), Sleep: l.clock.Sleep, Now: l.clock.Now, Notice: func(adapters.Notice) {
		mu.Lock()
		defer mu.Unlock()
		told++
	}}, adapters.Pace{})
	wg := send(t, rt, 3, "GET", "a")
	for range 3 {
		<-g.entered
	}
	close(g.open)
	wg.Wait()
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}
