package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock stands still until somebody sleeps, then jumps there.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	return nil
}

// still is a clock on which no sleep ever ends by itself.
type still struct{ *clock }

func (still) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// script is a decider that wants what want says of all events so far.
type script struct {
	events []respond.Event
	want   func(s *script) []respond.Command
}

func (s *script) Observe(e respond.Event)     { s.events = append(s.events, e) }
func (s *script) Commands() []respond.Command { return s.want(s) }
func (s *script) Standing() (int, []string)   { return 4, []string{"nobody said go"} }
func (s *script) count(kind string) (n int) {
	for _, e := range s.events {
		if e.Kind() == kind {
			n++
		}
	}
	return n
}

func (s *script) State() *respond.State {
	st := &respond.State{Phase: "open"}
	for _, e := range s.events {
		st.Now = e.Time
		switch v := e.Data.(type) {
		case respond.Opened:
			st.Opened = v
		case respond.Intended:
			st.Actions = append(st.Actions, respond.ActionState{Action: action(v.Action), Attempts: []plan.Attempt{{Call: v.Call, Number: v.Number}}})
		case respond.Paused:
			st.Phase, st.Pause = "paused", &v
		case respond.Resumed:
			st.Phase, st.Pause = "open", nil
		case respond.Closed:
			st.Phase = "closed"
		}
	}
	return st
}

// outcomes says for which action and number an outcome is known.
func (s *script) outcomes() map[string]bool {
	m := map[string]bool{}
	for _, e := range s.events {
		if o, ok := e.Data.(respond.Outcome); ok {
			m[o.Action] = true
		}
	}
	return m
}

func (s *script) intended() map[string]bool {
	m := map[string]bool{}
	for _, e := range s.events {
		if o, ok := e.Data.(respond.Intended); ok {
			m[o.Action] = true
		}
	}
	return m
}

func action(id string) *plan.Action { return &plan.Action{ID: id} }

func apply(id string) respond.Apply {
	return respond.Apply{Action: action(id), Number: 1, Call: plan.Call{Key: id, Verb: "do", Object: id}}
}

// each wants one call per name, then stops with the given stop.
func each(stop respond.Stop, names ...string) func(*script) []respond.Command {
	return func(s *script) []respond.Command {
		var out []respond.Command
		begun := s.intended()
		for _, n := range names {
			if !begun[n] {
				out = append(out, apply(n))
			}
		}
		if len(out) == 0 && len(s.outcomes()) == len(names) {
			out = append(out, stop)
		}
		return out
	}
}

// hands call functions; a nil one answers at once.
type hands struct {
	apply  func(context.Context, respond.Apply) plan.Outcome
	verify func(context.Context, respond.Verify) plan.Reading
}

func (h hands) Apply(ctx context.Context, s *respond.State, c respond.Apply) plan.Outcome {
	if actionState(s, c.Action.ID) == nil {
		panic(c.Action.ID + " was sent before the fsync of its intent returned")
	}
	if h.apply == nil {
		return plan.Outcome{State: plan.Done}
	}
	return h.apply(ctx, c)
}

func (h hands) Verify(ctx context.Context, _ *respond.State, c respond.Verify) plan.Reading {
	if h.verify == nil {
		return plan.Reading{State: plan.Held}
	}
	return h.verify(ctx, c)
}

func (hands) Settle(context.Context, *respond.State, respond.Settle) plan.Settlement {
	return plan.Settlement{Happened: "yes"}
}

func (hands) Survey(_ context.Context, _ *respond.State, c respond.Survey) respond.Surveyed {
	return respond.Surveyed{Scope: c.Scope}
}

type responder func(context.Context, respond.Ask) (drive.Reply, bool, error)

func (r responder) Answer(ctx context.Context, _ *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	return r(ctx, a)
}

func parts(t *testing.T, d drive.Decider) Parts {
	t.Helper()
	return Parts{Dir: t.TempDir() + "/inc-1", Owner: journal.Owner{User: "alice"}, Decider: d, Clock: &clock{now: t0}}
}

func opened() respond.Opened {
	return respond.Opened{Incident: "inc-1", Program: "1.0", Began: t0, Endpoints: map[string]string{"github": "http://gh"}, Accounts: map[string]string{"aws": "1"}}
}

func begin(t *testing.T, p Parts) *Log {
	t.Helper()
	l, err := Create(p, opened())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// recorded reads the kinds in the journal as it is on disk.
func recorded(t *testing.T, l *Log) []string {
	t.Helper()
	return kindsIn(t, l.Dir())
}

func kindsIn(t *testing.T, dir string) []string {
	t.Helper()
	r, err := journal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range r.Events {
		kinds = append(kinds, e.Kind())
	}
	return kinds
}

func names(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("a%02d", i))
	}
	return out
}

func TestIntentIsOnDiskBeforeTheCall(t *testing.T) {
	d := &script{want: each(respond.Stop{Code: 5, Reason: "held"}, names(20)...)}
	l := begin(t, parts(t, d))
	var mu sync.Mutex
	now, most := 0, 0
	h := hands{apply: func(_ context.Context, c respond.Apply) plan.Outcome {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		r, err := journal.Read(l.Dir())
		if err != nil {
			t.Error(err)
			return plan.Outcome{State: plan.Unknown}
		}
		open := 0
		found := false
		for _, e := range r.Events {
			switch v := e.Data.(type) {
			case respond.Intended:
				open++
				found = found || v.Action == c.Action.ID
			case respond.Outcome:
				open--
			}
		}
		if !found {
			t.Errorf("%s was sent without an intent on disk", c.Action.ID)
		}
		if open > 3 {
			t.Errorf("%d calls in doubt with 3 workers", open)
		}
		mu.Lock()
		now--
		mu.Unlock()
		return plan.Outcome{State: plan.Done}
	}}
	s, err := Run(t.Context(), Options{Log: l, Hands: h, Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	if s.Phase != "paused" || s.Pause.Code != 5 || d.count("intent") != 20 || d.count("outcome") != 20 {
		t.Errorf("phase %s, pause %+v, %d intents, %d outcomes", s.Phase, s.Pause, d.count("intent"), d.count("outcome"))
	}
	if most > 3 {
		t.Errorf("%d calls at once with 3 workers", most)
	}
	kinds := recorded(t, l)
	if len(kinds) != 42 || kinds[41] != "paused" || !slices.Equal(kinds[1:4], []string{"intent", "intent", "intent"}) {
		t.Errorf("journal: %v", kinds)
	}
}

func TestCloseDestroysTheKeyFirst(t *testing.T) {
	for name, fail := range map[string]error{"destroyed": nil, "not destroyed": errors.New("busy")} {
		t.Run(name, func(t *testing.T) {
			d := &script{want: each(respond.Stop{Close: true}, "a")}
			l := begin(t, parts(t, d))
			s, err := Run(t.Context(), Options{Log: l, Hands: hands{}, Destroy: func() error {
				if slices.Contains(recorded(t, l), "closed") {
					t.Error("closed was recorded before the key was destroyed")
				}
				return fail
			}})
			if !errors.Is(err, fail) || s.Phase != "closed" {
				t.Errorf("phase %s, %v", s.Phase, err)
			}
			last := d.events[len(d.events)-1].Data.(respond.Closed)
			if last.KeyDestroyed != (fail == nil) {
				t.Errorf("recorded: %+v", last)
			}
		})
	}
}

func TestAsksOneAtATimeWhileWorkGoesOn(t *testing.T) {
	asking := make(chan struct{})
	reply := make(chan struct{})
	d := &script{}
	d.want = func(s *script) []respond.Command {
		var out []respond.Command
		if s.count("verified") < 3 {
			out = append(out, respond.Verify{Action: action("v"), Round: s.count("verified") + 1})
		}
		for _, id := range []string{"one", "two"} {
			answered := false
			for _, e := range s.events {
				a, ok := e.Data.(respond.Answered)
				answered = answered || ok && a.Ask == id
			}
			if !answered {
				out = append(out, respond.Ask{ID: id, Actions: []*plan.Action{action("x"), action("y")}})
			}
		}
		if len(out) == 0 {
			out = append(out, respond.Stop{Reason: "done"})
		}
		return out
	}
	l := begin(t, parts(t, d))
	h := hands{verify: func(_ context.Context, c respond.Verify) plan.Reading {
		if c.Round == 1 {
			<-asking // a question is open, and reading goes on
		}
		if c.Round == 3 {
			close(reply)
		}
		return plan.Reading{State: plan.Held}
	}}
	var once sync.Once
	var mu sync.Mutex
	open := 0
	r := responder(func(_ context.Context, a respond.Ask) (drive.Reply, bool, error) {
		mu.Lock()
		open++
		if open > 1 {
			t.Error("two questions at once")
		}
		mu.Unlock()
		once.Do(func() { close(asking) })
		<-reply
		mu.Lock()
		open--
		mu.Unlock()
		rep := drive.Reply{Answer: respond.Answered{Ask: a.ID, Choice: "go", By: "bob"}}
		if a.ID == "two" {
			rep.Override = &respond.Overridden{Reason: "because", By: "bob"}
		}
		return rep, true, nil
	})
	if _, err := Run(t.Context(), Options{Log: l, Hands: h, Responder: r}); err != nil {
		t.Fatal(err)
	}
	kinds := recorded(t, l)
	if want := []string{"opened", "verified", "verified", "verified", "answered", "overridden", "answered", "paused"}; !slices.Equal(kinds, want) {
		t.Errorf("journal %v, want %v", kinds, want)
	}
	for _, e := range d.events {
		if a, ok := e.Data.(respond.Answered); ok && !slices.Equal(a.Actions, []string{"x", "y"}) {
			t.Errorf("%s: an answer to all must name what was shown: %v", a.Ask, a.Actions)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	for name, r := range map[string]drive.Responder{
		"nobody":    nil,
		"no answer": responder(func(context.Context, respond.Ask) (drive.Reply, bool, error) { return drive.Reply{}, false, nil }),
	} {
		t.Run(name, func(t *testing.T) {
			d := &script{want: func(*script) []respond.Command {
				return []respond.Command{respond.Ask{ID: "one"}, respond.Ask{ID: "two"}}
			}}
			s, err := Run(t.Context(), Options{Log: begin(t, parts(t, d)), Hands: hands{}, Responder: r})
			if err != nil || s.Pause == nil || s.Pause.Code != 4 || s.Pause.Reason != "nobody said go" {
				t.Errorf("%+v, %v", s.Pause, err)
			}
		})
	}
}

func TestResponderFails(t *testing.T) {
	broke := errors.New("the terminal is gone")
	d := &script{want: func(*script) []respond.Command { return []respond.Command{respond.Ask{ID: "one"}} }}
	s, err := Run(t.Context(), Options{Log: begin(t, parts(t, d)), Hands: hands{}, Responder: responder(func(context.Context, respond.Ask) (drive.Reply, bool, error) {
		return drive.Reply{}, false, broke
	})})
	if !errors.Is(err, broke) || s.Phase != "paused" {
		t.Errorf("%v, %v", s.Phase, err)
	}
}

func TestWaitFiresAtItsTime(t *testing.T) {
	until := t0.Add(time.Hour)
	d := &script{want: func(s *script) []respond.Command {
		if s.count("fired") == 0 {
			return []respond.Command{respond.Wait{Until: until}}
		}
		return []respond.Command{respond.Stop{}}
	}}
	if _, err := Run(t.Context(), Options{Log: begin(t, parts(t, d)), Hands: hands{}}); err != nil {
		t.Fatal(err)
	}
	for _, e := range d.events {
		if f, ok := e.Data.(respond.Fired); ok && (!f.Until.Equal(until) || e.Time.Before(until)) {
			t.Errorf("fired %v at %v", f.Until, e.Time)
		}
	}
	if d.count("fired") != 1 {
		t.Errorf("fired %d times", d.count("fired"))
	}
}

func TestAnEarlierWaitReplacesALaterOne(t *testing.T) {
	d := &script{}
	d.want = func(s *script) []respond.Command {
		switch {
		case s.count("fired") == 1:
			return []respond.Command{respond.Stop{}}
		case s.count("verified") == 1:
			return []respond.Command{respond.Wait{Until: t0}} // already past
		}
		return []respond.Command{respond.Verify{Action: action("v"), Round: 1}, respond.Wait{Until: t0.Add(time.Hour)}}
	}
	p := parts(t, d)
	p.Clock = sleepy{&clock{now: t0}}
	if _, err := Run(t.Context(), Options{Log: begin(t, p), Hands: hands{}}); err != nil {
		t.Fatal(err)
	}
	if e := d.events[2]; e.Kind() != "fired" || !e.Data.(respond.Fired).Until.Equal(t0) {
		t.Errorf("events: %v", e)
	}
}

// sleepy ends only sleeps that are over already.
type sleepy struct{ *clock }

func (s sleepy) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	return still(s).Sleep(ctx, d)
}

func TestFirstInterruptFinishesWhatRuns(t *testing.T) {
	d := &script{want: each(respond.Stop{}, names(10)...)}
	l := begin(t, parts(t, d))
	interrupt := make(chan struct{}, 2)
	started := make(chan struct{}, 10)
	release := make(chan struct{})
	h := hands{apply: func(ctx context.Context, _ respond.Apply) plan.Outcome {
		started <- struct{}{}
		<-release
		if ctx.Err() != nil {
			t.Error("a call was cut short by the first interrupt")
		}
		return plan.Outcome{State: plan.Done}
	}}
	taken := make(chan struct{})
	go func() {
		<-started
		<-started
		interrupt <- struct{}{}
		<-taken
		close(release)
	}()
	unbuffered := make(chan struct{})
	go func() {
		<-interrupt
		unbuffered <- struct{}{} // handed over only when Run takes it
		close(taken)
	}()
	s, err := Run(t.Context(), Options{Log: l, Hands: h, Workers: 2, Interrupt: unbuffered})
	if err != nil {
		t.Fatal(err)
	}
	if s.Pause == nil || s.Pause.Code != 130 {
		t.Errorf("pause: %+v", s.Pause)
	}
	if want := []string{"opened", "intent", "intent", "outcome", "outcome", "paused"}; !slices.Equal(recorded(t, l), want) {
		t.Errorf("journal %v", recorded(t, l))
	}
}

func TestSecondInterruptLeavesInDoubt(t *testing.T) {
	d := &script{want: each(respond.Stop{}, names(10)...)}
	l := begin(t, parts(t, d))
	interrupt := make(chan struct{})
	h := hands{apply: func(ctx context.Context, c respond.Apply) plan.Outcome {
		if c.Action.ID == "a00" {
			go func() { interrupt <- struct{}{}; interrupt <- struct{}{} }()
		}
		<-ctx.Done()
		return plan.Outcome{State: plan.Unknown}
	}}
	s, err := Run(t.Context(), Options{Log: l, Hands: h, Workers: 2, Interrupt: interrupt})
	if err != nil || s.Pause == nil || s.Pause.Code != 130 {
		t.Errorf("%+v, %v", s.Pause, err)
	}
	if want := []string{"opened", "intent", "intent", "paused"}; !slices.Equal(recorded(t, l), want) {
		t.Errorf("journal %v", recorded(t, l))
	}
}

func TestInterruptStopsAsking(t *testing.T) {
	interrupt := make(chan struct{})
	d := &script{want: func(*script) []respond.Command {
		return []respond.Command{respond.Ask{ID: "one"}, respond.Wait{Until: t0.Add(time.Hour)}}
	}}
	p := parts(t, d)
	p.Clock = still{&clock{now: t0}}
	s, err := Run(t.Context(), Options{Log: begin(t, p), Hands: hands{}, Interrupt: interrupt, Responder: responder(func(ctx context.Context, a respond.Ask) (drive.Reply, bool, error) {
		go func() { interrupt <- struct{}{} }()
		<-ctx.Done()
		return drive.Reply{Answer: respond.Answered{Ask: a.ID, Choice: "go"}}, true, nil
	})})
	if err != nil || s.Pause == nil || s.Pause.Code != 130 || d.count("answered") != 0 {
		t.Errorf("%+v, %d answers, %v", s.Pause, d.count("answered"), err)
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := &script{want: each(respond.Stop{}, "a")}
	l := begin(t, parts(t, d))
	h := hands{apply: func(ctx context.Context, _ respond.Apply) plan.Outcome {
		cancel()
		<-ctx.Done()
		return plan.Outcome{State: plan.Unknown}
	}}
	s, err := Run(ctx, Options{Log: l, Hands: h})
	if !errors.Is(err, context.Canceled) || s.Phase != "paused" {
		t.Errorf("%s, %v", s.Phase, err)
	}
}

func TestFailedJournalEndsTheRun(t *testing.T) {
	d := &script{want: each(respond.Stop{}, names(4)...)}
	l := begin(t, parts(t, d))
	sent := false
	if err := l.journal.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), Options{Log: l, Hands: hands{apply: func(context.Context, respond.Apply) plan.Outcome {
		sent = true
		return plan.Outcome{State: plan.Done}
	}}})
	var p *journal.Poisoned
	if !errors.As(err, &p) || sent {
		t.Errorf("sent %v, %v", sent, err)
	}
}

func TestUnwantedReadingIsRecorded(t *testing.T) {
	d := &script{}
	d.want = func(s *script) []respond.Command {
		switch {
		case s.count("verified") == 2:
			return []respond.Command{respond.Stop{}}
		case s.count("verified") == 1:
			return nil // the other reading is not wanted any more, but under way
		}
		return []respond.Command{respond.Verify{Action: action("v"), Round: 1}, respond.Verify{Action: action("w"), Round: 1}}
	}
	l := begin(t, parts(t, d))
	first := make(chan struct{})
	h := hands{verify: func(_ context.Context, c respond.Verify) plan.Reading {
		if c.Action.ID == "w" {
			<-first
		}
		return plan.Reading{State: plan.Held}
	}}
	p := observer(func(e respond.Event) {
		if v, ok := e.Data.(respond.Verified); ok && v.Action == "v" {
			close(first)
		}
	})
	l.observers = append(l.observers, p)
	if _, err := Run(t.Context(), Options{Log: l, Hands: h}); err != nil {
		t.Fatal(err)
	}
	if d.count("verified") != 2 {
		t.Errorf("%d readings recorded", d.count("verified"))
	}
}

type observer func(respond.Event)

func (o observer) Observe(e respond.Event, s *respond.State) {
	if s == nil {
		panic("an observer without a state")
	}
	o(e)
}

func TestResume(t *testing.T) {
	d := &script{want: each(respond.Stop{}, "a")}
	p := parts(t, d)
	l, err := Create(p, opened())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(respond.Intended{Action: "a", Number: 1}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	here := Place{Endpoints: map[string]string{"github": "http://gh", "npm": "http://new"}, Accounts: map[string]string{"aws": "1"}}
	for name, at := range map[string]Place{
		"endpoint": {Endpoints: map[string]string{"github": "http://other"}, Accounts: here.Accounts},
		"account":  {Endpoints: here.Endpoints, Accounts: map[string]string{"aws": "2"}},
		"gone":     {Endpoints: here.Endpoints},
		"world":    {Endpoints: here.Endpoints, Accounts: here.Accounts, World: "w"},
	} {
		p.Decider = &script{}
		var e *Elsewhere
		if _, err := Resume(p, at, respond.Resumed{}); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		} else if !strings.Contains(err.Error(), "inc-1") {
			t.Errorf("%s: %v does not name the incident", name, err)
		}
	}
	fresh := &script{}
	p.Decider = fresh
	l, err = Resume(p, here, respond.Resumed{Operator: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	if got := recorded(t, l); !slices.Equal(got, []string{"opened", "intent", "resumed"}) || len(fresh.events) != 3 {
		t.Errorf("journal %v, decider saw %d", got, len(fresh.events))
	}
	if err := l.Append(respond.Closed{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	fresh = &script{want: func(*script) []respond.Command { return nil }}
	p.Decider = fresh
	l, err = Resume(p, here, respond.Resumed{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Run(t.Context(), Options{Log: l, Hands: hands{}})
	if err != nil || s.Phase != "closed" || len(recorded(t, l)) != 4 {
		t.Errorf("a closed incident: %s, %v, %v", s.Phase, recorded(t, l), err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	d := &script{}
	p := parts(t, d)
	c := p.Clock.(*clock)
	l := begin(t, p)
	c.now = t0.Add(-time.Hour)
	if err := l.Append(respond.Resumed{}); err != nil {
		t.Fatal(err)
	}
	if e := d.events[1]; e.Time.Before(t0) {
		t.Errorf("recorded at %v after %v", e.Time, t0)
	}
}

func TestInterruptClosesThePromptWhileACallRuns(t *testing.T) {
	interrupt, closed := make(chan struct{}), make(chan struct{})
	d := &script{}
	d.want = func(s *script) []respond.Command {
		out := []respond.Command{respond.Ask{ID: "one"}}
		if s.count("intent") == 0 {
			out = append(out, apply("a"))
		}
		return out
	}
	h := hands{apply: func(context.Context, respond.Apply) plan.Outcome {
		<-closed // the call ends only after the prompt did
		return plan.Outcome{State: plan.Done}
	}}
	s, err := Run(t.Context(), Options{Log: begin(t, parts(t, d)), Hands: h, Interrupt: interrupt, Responder: responder(func(ctx context.Context, _ respond.Ask) (drive.Reply, bool, error) {
		go func() { interrupt <- struct{}{} }()
		<-ctx.Done()
		close(closed)
		return drive.Reply{}, false, nil
	})})
	if err != nil || s.Pause == nil || s.Pause.Code != 130 || d.count("outcome") != 1 {
		t.Errorf("%+v, %d outcomes, %v", s.Pause, d.count("outcome"), err)
	}
}
