package acceptance

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/tally"
)

const (
	together = 2                // incidents at one time
	share    = 90 * time.Second // after which `make test` starts no more of them
	shots    = 50               // random moments of a soak
)

// TestCrashPoints kills the real binary around mutating calls of the shipped
// playbook and resumes it. It runs what fits into its share of `make test`: call by
// call with the place moving on by one, so that each call is met and each place is
// met often, then round again with the next place. Beyond its share it goes on only
// while there is an action whose call was never met.
func TestCrashPoints(t *testing.T) {
	if testing.Short() {
		t.Skip("dozens of incidents with processes of their own; run without -short")
	}
	if os.Getenv("FIREBREAK_SOAK") != "" {
		t.Skip("TestSoakCrashPoints runs all of them")
	}
	t.Parallel() // a real response, tested beside it, mostly waits
	c := newCrashes(t)
	all := c.points()
	until := time.Now().Add(share)
	c.play(all, func() bool { return time.Now().After(until) })
	c.seek(c.unmet(), beforeEffect)
	c.tell(len(all))
}

// TestSoakCrashPoints runs every point, and random moments besides.
func TestSoakCrashPoints(t *testing.T) {
	if os.Getenv("FIREBREAK_SOAK") == "" {
		t.Skip("run by make soak")
	}
	c := newCrashes(t)
	all := c.points()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed of the random moments: %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	never := func() bool { return false }
	c.play(all, never)
	exist := len(all)
	for round := 0; c.shot() < shots && round < 5; round++ { // an incident may end before its moment comes
		var some []point
		for range shots - c.shot() {
			some = append(some, point{place: anywhere, after: time.Duration(r.Int64N(int64(c.length)))})
		}
		c.play(some, never)
		exist += len(some)
	}
	if n := c.shot(); n < shots {
		t.Errorf("%d of %d random moments met a living process", n, shots)
	}
	c.seek(c.actions(), places()...)
	c.tell(exist)
}

// shot counts the random moments that met a living process.
func (c *crashes) shot() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, f := range c.falls {
		if f.place == anywhere && f.met {
			n++
		}
	}
	return n
}

// crashes plays points and keeps what came of them.
type crashes struct {
	t        *testing.T
	bin      string
	straight fall          // the incident never killed
	length   time.Duration // of it, its world's start included
	began    time.Time
	mu       sync.Mutex
	falls    []fall
	sought   int // of them, beyond the list of points
	failed   int
}

func newCrashes(t *testing.T) *crashes {
	t.Helper()
	c := &crashes{t: t, bin: crashBinary(t), began: time.Now()}
	var err error
	if c.straight, err = play(t.Context(), c.bin, t.TempDir(), point{}); err != nil {
		t.Fatal(err)
	}
	c.length = c.straight.took
	return c
}

// points lists all there are: both sealings, then four rounds with every call in
// each and the place moving on.
func (c *crashes) points() []point {
	var all []point
	for _, id := range c.actions() {
		if strings.Contains(id, ".mint/") {
			all = append(all, point{place: beforeSeal, n: len(all) + 1})
		}
	}
	for round := range places() {
		for call := range c.straight.calls {
			all = append(all, point{place: places()[(call+round)%len(places())], n: call + 1})
		}
	}
	return all
}

// play plays points, two at a time, until there are none left or enough says so.
func (c *crashes) play(all []point, enough func() bool) {
	next := make(chan point)
	var work sync.WaitGroup
	for range together {
		work.Go(func() {
			for p := range next {
				c.one(c.t.Context(), p)
			}
		})
	}
	for _, p := range all {
		if enough() {
			break
		}
		next <- p
	}
	close(next)
	work.Wait()
}

// near are the places around an action's own in which its call leaves another time.
var near = [...]int{0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5}

// seek plays more points until a call of every action was met in each of these
// places. Calls leave four at a time and not in the same order twice, so that a
// number alone does not say which call it meets; near the action's place in the
// incident never killed it soon does.
func (c *crashes) seek(ids []string, where ...place) {
	for _, id := range ids {
		for _, p := range where {
			for try := range 4 * len(near) {
				if c.met(id, p) {
					break
				}
				off := near[try%len(near)]
				if n := slices.Index(c.straight.order, id) + 1 + off; n > 0 {
					c.sought++
					c.one(c.t.Context(), point{place: p, n: n})
				}
			}
			if !c.met(id, p) {
				c.t.Errorf("no point met a call of %s %s", id, p)
			}
		}
	}
}

// actions lists those that call something, as the journal of the incident never
// killed has it.
func (c *crashes) actions() []string {
	return slices.Compact(slices.Sorted(slices.Values(c.straight.order)))
}

// met says whether a kill fell on a call of an action in a place.
func (c *crashes) met(id string, p place) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.falls, func(f fall) bool { return f.place == p && slices.Contains(f.actions, id) })
}

func (c *crashes) one(ctx context.Context, p point) {
	dir, err := os.MkdirTemp(c.t.TempDir(), "point-")
	if err != nil {
		c.t.Error(err)
		return
	}
	f, err := play(ctx, c.bin, dir, p)
	if err == nil {
		if err = deviates(f.end, c.straight.end); err != nil {
			err = fmt.Errorf("%s, in %s: %w", p, f.actions, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.falls = append(c.falls, f)
	if err != nil {
		c.failed++
		c.t.Error(err)
	}
}

// unmet lists the actions that call something and were never killed in a call.
func (c *crashes) unmet() []string {
	return slices.DeleteFunc(c.actions(), func(id string) bool {
		return slices.ContainsFunc(places(), func(p place) bool { return c.met(id, p) })
	})
}

// tell prints where the kills fell and how the incidents ended.
func (c *crashes) tell(exist int) {
	c.t.Helper()
	fell, ends, met := map[string]map[place]int{}, map[string]int{}, map[place]int{}
	for _, f := range c.falls {
		if !f.met {
			ends[fmt.Sprintf("%s: ended before it was met", f.place)]++
			continue
		}
		met[f.place]++
		ends[fmt.Sprintf("closed after sittings that ended with %d", f.ends)]++
		ids := f.actions
		if f.early {
			ids = []string{"(no incident yet)"}
		} else if len(ids) == 0 {
			ids = []string{"(no call under way)"}
		}
		for _, id := range ids {
			if fell[id] == nil {
				fell[id] = map[place]int{}
			}
			fell[id][f.place]++
		}
	}
	tally.Note(c.t, "the real binary, killed: %d mutating calls; %d of %d points ran, and %d kills to meet an action where no point had, in %s, two at a time (one incident never killed: %s); %d failed",
		c.straight.calls, len(c.falls)-c.sought, exist, c.sought, time.Since(c.began).Round(time.Second), c.length.Round(time.Millisecond), c.failed)
	all := append(places(), beforeSeal, anywhere)
	for _, p := range all {
		c.t.Logf("%4d killed %s", met[p], p)
	}
	c.t.Logf("calls under way when the process died:  %s", all)
	for _, id := range slices.Sorted(maps.Keys(fell)) {
		line := ""
		for _, p := range all {
			line += fmt.Sprintf("%5d", fell[id][p])
		}
		c.t.Logf("%s  %s", line, id)
	}
	for _, e := range slices.Sorted(maps.Keys(ends)) {
		c.t.Logf("%4d %s", ends[e], e)
	}
}
