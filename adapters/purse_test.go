package adapters_test

import (
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/world"
)

// Reads stay below what a minute allows and leave a tenth of it; a mutation costs five
// of them, and is made whether they are there or not.
func TestPointsOfAMinute(t *testing.T) {
	clock := world.NewManual(now)
	g := newGate()
	close(g.open)
	rt := paced(g, clock, adapters.Pace{PerMinute: 20})
	send(t, rt, 18, "GET", "a").Wait()
	if took := clock.Now().Sub(now); took != 0 {
		t.Errorf("18 reads of 20 points took %s", took)
	}
	send(t, rt, 1, "GET", "a").Wait()
	if took := clock.Now().Sub(now); took != time.Minute {
		t.Errorf("the 19th came after %s, want a minute", took)
	}
	send(t, rt, 1, "POST", "a").Wait()
	if took := clock.Now().Sub(now); took != time.Minute {
		t.Errorf("a mutation waited until %s", took)
	}
	send(t, rt, 12, "GET", "a").Wait() // 1 read and 5 points were spent in this minute
	if took := clock.Now().Sub(now); took != time.Minute {
		t.Errorf("12 more reads came after %s", took)
	}
	send(t, rt, 1, "GET", "a").Wait()
	if took := clock.Now().Sub(now); took != 2*time.Minute {
		t.Errorf("one more came after %s, want the next minute", took)
	}
	for range 30 { // one after the other: whoever waits moves this clock for all
		send(t, rt, 1, "GET", "b").Wait()
	}
	if took := clock.Now().Sub(now); took != 3*time.Minute {
		t.Errorf("another host's reads came after %s, want one minute more", took)
	}
}
