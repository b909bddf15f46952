package cli

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/drive/simulated"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/tally"
	"github.com/firebreak/firebreak/internal/world"
)

// harm is what a random world may do to a call. Refusals are left out: a scripted
// team retries them, and no more can be learned from it than from a rate limit.
var harm = []string{world.TimeoutBefore, world.TimeoutAfterSuccess, world.AcceptedLate, world.RateLimited, world.ServerError, world.WrongAnswer, world.PartialPage}

// TestSeedsOfTheShippedPlaybook carries the shipped playbook through worlds with
// random faults, an attacker at work, random order and random crashes: every one
// ends contained, without a violation, with the projection of one that met nothing.
// FIREBREAK_WORLDS raises the number (make soak).
func TestSeedsOfTheShippedPlaybook(t *testing.T) {
	if testing.Short() {
		t.Skip("incidents over HTTP; run without -short")
	}
	seeds := 24
	if n, err := strconv.Atoi(os.Getenv("FIREBREAK_WORLDS")); err == nil {
		seeds = n
	}
	calm := newStage(t)
	r, err := calm.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	calm.closed(r, "calm")
	want, calls := calm.projection(), callsOf(calm)
	histogram := map[string]int{}
	for seed := uint64(1); seed <= uint64(seeds); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 99))
			var faults []rehearse.Fault
			for range 1 + rnd.IntN(5) {
				f := rehearse.Fault{Call: calls[rnd.IntN(len(calls))], Nth: 1 + rnd.IntN(2), Then: harm[rnd.IntN(len(harm))], After: time.Duration(1+rnd.IntN(20)) * time.Second}
				histogram[f.Then]++
				faults = append(faults, f)
			}
			s := newStage(t, faults...)
			s.seed, s.attacks = seed, rnd
			for sitting := 0; ; sitting++ {
				r, err = s.run(func(w simulated.Where, _ int, _ respond.Apply) bool {
					if sitting > 3 || rnd.IntN(30) != 0 {
						return false
					}
					histogram["crash "+string(w)]++
					return true
				})
				if err == nil {
					break
				}
				if !errors.Is(err, simulated.ErrCrashed) {
					t.Fatalf("faults %+v: %v", faults, err)
				}
				s.clock.Advance(time.Duration(rnd.IntN(300)) * time.Second)
				s.log = append(s.log, respond.Event{Time: s.clock.Now(), Data: respond.Resumed{Operator: "bob"}})
			}
			s.closed(r, fmt.Sprintf("faults %+v", faults))
			if d := differences(s.projection(), want); d != "" {
				t.Errorf("faults %+v: ends otherwise:\n%s", faults, d)
			}
		})
	}
	tally.Note(t, "%d worlds of the shipped scenario with random faults and crashes: %v", seeds, histogram)
}

// callsOf lists the calls firebreak makes, each as often as it makes them, so that
// frequent reads meet faults more often.
func callsOf(s *stage) []string {
	var out []string
	for _, e := range s.r.World.Entries() {
		if e.Kind == "request" && e.Call != "" {
			out = append(out, e.Call)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
