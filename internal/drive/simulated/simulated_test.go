package simulated

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/tally"
)

type incident struct {
	t     testing.TB
	plan  *plan.Plan
	seed  uint64
	clock *clock
	model *Model
}

func newIncident(t testing.TB, seed uint64, faults, undo float64) *incident {
	c := &clock{t: epoch}
	m := NewModel(c, random(seed))
	m.Faults, m.Undo, m.Fixed = faults, undo, true
	return &incident{t: t, plan: narrow(), seed: seed, clock: c, model: m}
}

func (i *incident) options(log []respond.Event) Options {
	return Options{Journal: log, Hands: i.model, Responder: willing, Clock: i.clock, Rand: random(i.seed + uint64(len(log))), Lost: i.model.Forget}
}

// finish resumes until nothing crashes any more.
func (i *incident) finish(log []respond.Event) Result {
	i.t.Helper()
	i.clock.Advance(90 * time.Second)
	log = append(log, respond.Event{Time: i.clock.Now(), Data: respond.Resumed{Operator: "bob"}})
	r, err := Run(context.Background(), i.options(log))
	if err != nil {
		i.t.Fatalf("seed %d: resumed: %v", i.seed, err)
	}
	return r
}

func (i *incident) closed(r Result, what string) {
	i.t.Helper()
	if r.Stop == nil || !r.Stop.Close {
		i.t.Fatalf("seed %d, %s: not closed: %+v", i.seed, what, r.Stop)
	}
	for _, b := range i.model.Breaches {
		i.t.Errorf("seed %d, %s: %s", i.seed, what, b)
	}
}

func TestNarrowPathCloses(t *testing.T) {
	i := newIncident(t, 1, 0, 0)
	r, err := Run(context.Background(), i.options(opening(t, i.plan)))
	if err != nil {
		t.Fatal(err)
	}
	i.closed(r, "straight")
	for id, word := range i.model.Projection(r.State) {
		if word == "orphans, done" {
			t.Errorf("%s: %s", id, word)
		}
	}
	for _, c := range r.State.Closings {
		if !c.Closed || c.Dead.IsZero() {
			t.Errorf("closing %s: closed %v, dead at %v: %s", c.Name, c.Closed, c.Dead, c.Why)
		}
	}
}

// TestEveryCrashPoint stops in each of the four places of every mutating call and
// resumes: the end is that of an incident never killed (I4, I5, I6, I7, I10).
func TestEveryCrashPoint(t *testing.T) {
	straight := newIncident(t, 1, 0, 0)
	r, err := Run(context.Background(), straight.options(opening(t, straight.plan)))
	if err != nil {
		t.Fatal(err)
	}
	want := straight.model.Projection(r.State)
	points, hit := 0, map[string]bool{}
	for n := 1; n <= r.Calls; n++ {
		for _, w := range Places() {
			points++
			i := newIncident(t, 1, 0, 0)
			o := i.options(opening(t, i.plan))
			o.Crash = func(at Where, k int, c respond.Apply) bool {
				if at == w && k == n {
					hit[c.Action.ID] = true
				}
				return at == w && k == n
			}
			first, err := Run(context.Background(), o)
			if !errors.Is(err, ErrCrashed) {
				t.Fatalf("call %d %s: no crash: %v", n, w, err)
			}
			end := i.finish(first.Journal)
			i.closed(end, fmt.Sprintf("call %d %s", n, w))
			if got := i.model.Projection(end.State); !maps.Equal(got, want) {
				t.Errorf("call %d %s: ends otherwise: %v, want %v", n, w, got, want)
			}
		}
	}
	for _, st := range r.State.Actions {
		if len(st.Attempts) > 0 && !hit[st.Action.ID] {
			t.Errorf("%s has an Apply in the journal and no crash point", st.Action.ID)
		}
	}
	tally.Note(t, "%d crash points at %d mutating calls of the outcome model", points, r.Calls)
}

// TestSeeds runs incidents with faults, undone containment and crashes.
// FIREBREAK_SEEDS raises the number (make soak).
func TestSeeds(t *testing.T) {
	seeds := 300
	if s, err := strconv.Atoi(os.Getenv("FIREBREAK_SEEDS")); err == nil {
		seeds = s
	}
	histogram := map[Where]int{}
	for seed := uint64(1); seed <= uint64(seeds); seed++ {
		i := newIncident(t, seed, 0.15, 0.02)
		rnd := random(seed * 31)
		log := opening(t, i.plan)
		var r Result
		for sitting := 0; ; sitting++ {
			o := i.options(log)
			if sitting < 4 {
				o.Crash = func(w Where, _ int, _ respond.Apply) bool {
					if rnd.IntN(40) != 0 {
						return false
					}
					histogram[w]++
					return true
				}
			}
			var err error
			r, err = Run(context.Background(), o)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrCrashed) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			i.clock.Advance(time.Duration(rnd.IntN(600)) * time.Second)
			log = append(r.Journal, respond.Event{Time: i.clock.Now(), Data: respond.Resumed{Operator: "bob"}})
		}
		i.closed(r, "seeded")
		for id, word := range i.model.Projection(r.State) {
			if word == "orphans, done" {
				t.Errorf("seed %d: I6: %s leaves %s", seed, id, word)
			}
		}
	}
	tally.Note(t, "%d simulated incidents, crashes: %v", seeds, histogram)
}

// TestReplayIsIncremental: a decider fed a journal from scratch wants what one fed
// event by event wants, at every prefix.
func TestReplayIsIncremental(t *testing.T) {
	i := newIncident(t, 5, 0.2, 0.02)
	r, err := Run(context.Background(), i.options(opening(t, i.plan)))
	if err != nil {
		t.Fatal(err)
	}
	live := respond.New()
	for n, e := range r.Journal {
		live.Observe(e)
		live.Commands()
		live.State()
		if n%7 != 0 {
			continue
		}
		again := respond.New()
		for _, f := range r.Journal[:n+1] {
			again.Observe(f)
		}
		if a, b := keys(live.Commands()), keys(again.Commands()); !reflect.DeepEqual(a, b) {
			t.Fatalf("after event %d (%s): %v from scratch, %v one by one", n+1, e.Kind(), b, a)
		}
	}
}

func TestUnfixedBoundaryIsHeldBack(t *testing.T) {
	i := newIncident(t, 1, 0, 0)
	i.model.Fixed = false
	o := i.options(opening(t, i.plan))
	answers := maps.Clone(willing)
	delete(answers, respond.GateHeld)
	o.Responder = answers
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != 5 {
		t.Fatalf("code %d %v, want 5", r.Code, r.Why)
	}
	for _, st := range r.State.Actions {
		if st.Action.Role == plan.Enable && len(st.Attempts) > 0 {
			t.Fatal("the workflow was enabled although the boundary is not fixed (I10)")
		}
	}
}

func TestNobodyThereNeedsApproval(t *testing.T) {
	i := newIncident(t, 1, 0, 0)
	o := i.options(opening(t, i.plan))
	o.Responder = nil
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != 4 || r.Calls != 0 {
		t.Fatalf("code %d after %d calls, want 4 after none", r.Code, r.Calls)
	}
}
