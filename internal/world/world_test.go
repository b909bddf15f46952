package world_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// counter is the smallest provider: POST adds one, GET tells.
type counter struct {
	core  world.Core
	state struct {
		N    int
		Text string
	}
}

func newCounter(c world.Core) world.Provider {
	c.Born("KEY", "value-of-key")
	return &counter{core: c}
}

func (*counter) Name() string                      { return "counter" }
func (c *counter) State() any                      { return &c.state }
func (c *counter) Restore(b json.RawMessage) error { return json.Unmarshal(b, &c.state) }
func (*counter) Describe(r *http.Request, _ []byte) world.Request {
	return world.Request{Call: r.Method + " count", Object: r.URL.Path, Mutating: r.Method == http.MethodPost, Value: r.Header.Get("Key")}
}

func (c *counter) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		c.state.N++
		c.state.Text = c.core.Text(8)
		c.core.Dies("KEY", c.core.Now().Add(time.Minute), "counted")
	}
	if err := json.NewEncoder(rw).Encode(c.state); err != nil {
		panic(err)
	}
}

func (c *counter) Project(time.Time) map[string]string {
	return map[string]string{"counter": strings.Repeat("x", c.state.N)}
}

func call(t *testing.T, w *worldtest.World, method, agent string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.URL("counter")+"/c", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", agent)
	r.Header.Set("Key", "value-of-key")
	resp, err := w.Client().Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func TestReopenedWorldIsEqual(t *testing.T) {
	w := worldtest.New(t, world.Options{Seed: 7}, newCounter)
	for range 3 {
		if _, _, err := call(t, w, http.MethodPost, "firebreak/1"); err != nil {
			t.Fatal(err)
		}
	}
	id, url, log := w.ID(), w.URL("counter"), w.Entries()
	_, before, err := call(t, w, http.MethodGet, "firebreak/1")
	if err != nil {
		t.Fatal(err)
	}
	w.Reopen(t)
	if w.ID() != id || w.URL("counter") != url {
		t.Errorf("reopened as %s at %s, was %s at %s", w.ID(), w.URL("counter"), id, url)
	}
	if got := w.Entries(); !slices.Equal(got[:len(log)], log) || len(got) != len(log)+1 {
		t.Errorf("log has %d entries after reopening, want %d and the same", len(got), len(log)+1)
	}
	_, after, err := call(t, w, http.MethodGet, "firebreak/1")
	if err != nil || after != before {
		t.Errorf("state after reopening %q (%v), before %q", after, err, before)
	}
	if _, _, err := call(t, w, http.MethodPost, "firebreak/1"); err != nil {
		t.Fatal(err)
	}
	r := w.Requests(true)
	if last := r[len(r)-1]; last.Number != 4 || last.Credential != "KEY" {
		t.Errorf("the fourth mutating call is logged as %+v", last)
	}
}

func TestRequestStandsBeforeWhatItCaused(t *testing.T) {
	w := worldtest.New(t, world.Options{}, newCounter)
	if _, _, err := call(t, w, http.MethodPost, "attacker/x"); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range w.Entries() {
		kinds = append(kinds, e.Kind)
	}
	if want := []string{"born", "request", "dies"}; !slices.Equal(kinds, want) {
		t.Errorf("log kinds are %v, want %v", kinds, want)
	}
	if n := w.Entries()[1].Number; n != 0 {
		t.Errorf("an attacker's call is numbered %d", n)
	}
}

func TestFaults(t *testing.T) {
	cases := []struct {
		then   string
		status int // 0: no answer
		effect int
	}{
		{world.Refused, http.StatusForbidden, 0},
		{world.TimeoutBefore, 0, 0},
		{world.TimeoutAfterSuccess, 0, 1},
		{world.AcceptedLate, http.StatusOK, 0},
		{world.RateLimited, http.StatusTooManyRequests, 0},
		{world.ServerError, http.StatusBadGateway, 0},
		{world.WrongAnswer, http.StatusOK, 1},
		{world.PartialPage, 0, 1},
	}
	if len(cases) != len(world.Faults()) {
		t.Fatalf("%d faults are tested, there are %d", len(cases), len(world.Faults()))
	}
	for _, c := range cases {
		t.Run(c.then, func(t *testing.T) {
			w := worldtest.New(t, world.Options{Faults: []world.Fault{{Call: "POST count", Nth: 2, Then: c.then}}}, newCounter)
			for _, agent := range []string{"attacker/x", "firebreak/1"} {
				if _, _, err := call(t, w, http.MethodPost, agent); err != nil {
					t.Fatal(err)
				}
			}
			status, _, err := call(t, w, http.MethodPost, "firebreak/1")
			if c.status == 0 && err == nil || c.status != 0 && (err != nil || status != c.status) {
				t.Errorf("answer %d, %v; want %d", status, err, c.status)
			}
			if got := len(w.Projection()["counter"]) - 2; got != c.effect {
				t.Errorf("the call took effect %d times, want %d", got, c.effect)
			}
		})
	}
}

func TestAcceptedLateTakesEffectLater(t *testing.T) {
	w := worldtest.New(t, world.Options{Faults: []world.Fault{{Call: "POST count", Nth: 1, Then: world.AcceptedLate, After: time.Minute}}}, newCounter)
	if _, _, err := call(t, w, http.MethodPost, "firebreak/1"); err != nil {
		t.Fatal(err)
	}
	w.Reopen(t)
	w.Clock.Advance(59 * time.Second)
	if _, body, err := call(t, w, http.MethodGet, "firebreak/1"); err != nil || !strings.Contains(body, `"N":0`) {
		t.Errorf("after 59 s: %s %v, want no effect yet", body, err)
	}
	w.Clock.Advance(time.Second)
	if _, body, err := call(t, w, http.MethodGet, "firebreak/1"); err != nil || !strings.Contains(body, `"N":1`) {
		t.Errorf("after 60 s: %s %v, want the effect", body, err)
	}
}

// A caller over a limit is refused until the time it was told, in the shape of the
// limit, and the log marks what it asks before that time.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limit  world.Limit
		header http.Header // of the refusal
		waits  time.Duration
	}{
		"secondary":             {world.Limit{}, http.Header{"Retry-After": {"60"}}, time.Minute},
		"secondary, 403":        {world.Limit{Status: 403}, http.Header{"Retry-After": {"60"}}, time.Minute},
		"secondary, its time":   {world.Limit{RetryAfter: 90 * time.Second}, http.Header{"Retry-After": {"90"}}, 90 * time.Second},
		"secondary, short time": {world.Limit{RetryAfter: 5 * time.Second}, http.Header{"Retry-After": {"5"}}, 5 * time.Second},
		"secondary, no time":    {world.Limit{Silent: true}, http.Header{}, time.Minute},
		"primary": {
			world.Limit{Primary: true, Status: 403},
			http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(worldtest.Start.Add(time.Minute).Unix(), 10)}}, time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.limit.Provider, c.limit.Calls, c.limit.Per = "counter", 2, time.Minute
			w := worldtest.New(t, world.Options{Limits: []world.Limit{c.limit}}, newCounter)
			ask := func(agent string) (int, http.Header) { t.Helper(); return asked(t, w, agent) }
			for range 2 {
				if status, _ := ask("firebreak/1"); status != 200 {
					t.Fatalf("a call within the limit is answered %d", status)
				}
			}
			status, header := ask("firebreak/1")
			if want := cmp.Or(c.limit.Status, 429); status != want {
				t.Errorf("refused with %d, want %d", status, want)
			}
			for _, h := range []string{"Retry-After", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
				if header.Get(h) != c.header.Get(h) {
					t.Errorf("%s is %q, want %q", h, header.Get(h), c.header.Get(h))
				}
			}
			if at, err := http.ParseTime(header.Get("Date")); err != nil || !at.Equal(worldtest.Start) {
				t.Errorf("the refusal's date is %q, not the world's", header.Get("Date"))
			}
			if status, _ := ask("team/1"); status != 200 {
				t.Errorf("the team is limited too: %d", status)
			}
			w.Clock.Advance(c.waits - time.Second)
			if status, _ := ask("firebreak/1"); status < 400 {
				t.Errorf("answered %d before its time", status)
			}
			w.Clock.Advance(time.Second)
			if status, _ := ask("firebreak/1"); status != 200 {
				t.Errorf("answered %d at its time", status)
			}
			r := w.Requests(false)
			early := r[len(r)-2]
			if marked := strings.Contains(early.Detail, "before the time it was told"); early.Fault != world.RateLimited || marked == c.limit.Silent {
				t.Errorf("the call before its time is logged as %+v", early)
			}
			if first := r[2]; first.Fault != world.RateLimited || first.Detail != "" {
				t.Errorf("the first call over the limit is logged as %+v", first)
			}
		})
	}
}

func asked(t *testing.T, w *worldtest.World, agent string) (int, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL("counter")+"/c", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", agent)
	r.Header.Set("Key", "value-of-key")
	resp, err := w.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header
}

// A limit on changes lets everything be read.
func TestLimitsOnChanges(t *testing.T) {
	w := worldtest.New(t, world.Options{Limits: []world.Limit{{Provider: "counter", Calls: 1, Per: time.Minute, Mutating: true}}}, newCounter)
	for i, c := range []struct {
		method string
		want   int
	}{{"POST", 200}, {"GET", 200}, {"POST", 429}, {"GET", 200}, {"POST", 429}} {
		if status, _, err := call(t, w, c.method, "firebreak/1"); err != nil || status != c.want {
			t.Errorf("call %d, %s: %d, %v", i+1, c.method, status, err)
		}
	}
}

func TestHold(t *testing.T) {
	for _, c := range []struct {
		when   world.When
		effect string
	}{{world.Before, ""}, {world.After, "x"}} {
		w := worldtest.New(t, world.Options{}, newCounter)
		w.Hold(world.Hold{Number: 1, When: c.when})
		done := make(chan error, 1)
		go func() {
			_, _, err := call(t, w, http.MethodPost, "firebreak/1")
			done <- err
		}()
		held, err := w.Held(t.Context())
		if err != nil || len(held) != 1 || held[0].Call != "POST count" {
			t.Fatalf("held %v, %v", held, err)
		}
		if got := w.Projection()["counter"]; got != c.effect {
			t.Errorf("held %s its effect, the state is %q, want %q", c.when, got, c.effect)
		}
		w.Release()
		if err := <-done; err != nil || w.Projection()["counter"] != "x" {
			t.Errorf("after the release: %v, state %q", err, w.Projection()["counter"])
		}
	}
}

func TestTransportReachesOnlyTheWorld(t *testing.T) {
	w := worldtest.New(t, world.Options{}, newCounter)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	for _, url := range []string{"http://127.0.0.1:9/", "http://api.github.example/", "http://169.254.169.254/latest"} {
		if resp, err := w.Client().Get(url); err == nil {
			t.Errorf("%s was reached: %v", url, resp.Body.Close())
		}
	}
	if len(w.Refused()) != 3 {
		t.Errorf("refused %v, want three", w.Refused())
	}
	if _, _, err := call(t, w, http.MethodGet, "firebreak/1"); err != nil {
		t.Error(err)
	}
}
