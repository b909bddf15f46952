package adaptertest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

func checkConverge(t *testing.T, s Suite) {
	b := newBench(t, s, false)
	c := b.plan()
	b.first(c)
	r := b.converge(c)
	if r.Proof.Rank() < plan.P1.Rank() {
		t.Errorf("held without having looked: proof %q", r.Proof)
	}
	if r.Proof == plan.P2 {
		t.Errorf("one reading never proves P2; the decider makes it of two")
	}
	b.world.Advance(b.spec.Settle.D() + time.Second)
	if again := b.verify(c); again.State != plan.Held {
		t.Errorf("held, and after the propagation wait it is %s: %s", again.State, again.Detail)
	}
	if after := b.plan(); !s.Quirks.Blind && len(after.Calls) > 0 {
		t.Errorf("after it was held, planning again still wants %v", keys(after.Calls))
	}
	for _, f := range b.spec.Outputs {
		if !b.gave(f.Name, r) {
			t.Errorf("the spec promises the output %s, nothing gave it", f.Name)
		}
	}
}

func (b *bench) gave(name string, r plan.Reading) bool {
	if _, ok := r.Outputs[name]; ok {
		return true
	}
	return slices.ContainsFunc(b.history, func(a plan.Attempt) bool {
		_, ok := a.Outcome.Outputs[name]
		return ok
	})
}

// checkRefusals answers the first mutation with a no that never reached the provider.
func checkRefusals(t *testing.T, s Suite) {
	for _, f := range []fault{denied, unauth, limited, broken} {
		t.Run(string(f), func(t *testing.T) {
			b := newBench(t, s, false)
			c := b.plan()
			call := b.first(c)
			b.wire.choose = onMutation(1, f)
			o := b.apply(c, call)
			switch f {
			case denied, unauth:
				if o.State != plan.Refused || o.Temporary {
					t.Errorf("want refused for good, got %+v", o)
				}
			case limited:
				if o.State != plan.Refused || !o.Temporary || o.RetryAfter.D() != 30*time.Second {
					t.Errorf("want refused, temporary, 30s, got %+v", o)
				}
			case broken:
				if want := refusedOr(s, plan.Unknown); o.State != want {
					t.Errorf("want %s, got %+v", want, o)
				}
			}
			if o.State != plan.Done && o.Detail == "" {
				t.Errorf("an outcome that is not done says why")
			}
			b.wire.choose = nil
			b.recover(c, call, o)
		})
	}
}

func refusedOr(s Suite, st plan.State) plan.State {
	if s.Quirks.ServerErrorRefuses {
		return plan.Refused
	}
	return st
}

func checkLostBefore(t *testing.T, s Suite) {
	b := newBench(t, s, false)
	c := b.plan()
	call := b.first(c)
	b.wire.choose = onMutation(1, lostBefore)
	o := b.apply(c, call)
	if o.State != plan.Unknown {
		t.Fatalf("no answer to a mutation is unknown, got %+v", o)
	}
	b.wire.choose = nil
	early := b.settle(c, call)
	if early.Happened == "yes" {
		t.Errorf("settled as done, but it never arrived: %+v", early)
	}
	if early.Happened == "no" && b.spec.Settle > 0 {
		t.Errorf("settled as not done at once, although effects may take %s to be seen", b.spec.Settle.D())
	}
	switch late := b.settled(c, call); {
	case late.Happened == "yes":
		t.Errorf("settled as done, but it never arrived: %+v", late)
	case late.Happened == "unknown" && b.spec.Lost == plan.Detectable:
		t.Errorf("a detectable call that never arrived must settle as no after the wait, got %+v", late)
	}
	b.converge(c)
}

func checkLostAfter(t *testing.T, s Suite) {
	b := newBench(t, s, false)
	c := b.plan()
	call := b.first(c)
	b.wire.choose = onMutation(1, lostAfter)
	o := b.apply(c, call)
	if o.State != plan.Unknown {
		t.Fatalf("no answer to a mutation is unknown, got %+v", o)
	}
	if b.wire.delivered != 1 {
		t.Fatalf("the suite meant the call to arrive, %d did", b.wire.delivered)
	}
	b.wire.choose = nil
	switch got := b.settled(c, call); {
	case got.Happened == "no":
		t.Errorf("settled as not done, but it arrived: %+v", got)
	case got.Happened == "unknown" && b.spec.Lost == plan.Detectable:
		t.Errorf("a detectable call that arrived must settle as yes, got %+v", got)
	}
	b.converge(c)
}

// settled asks until there is an answer, letting the asked-for time pass, and
// records it as the journal would.
func (b *bench) settled(c plan.Change, call plan.Call) plan.Settlement {
	b.t.Helper()
	end := b.world.Now().Add(b.s.Quirks.Deadline)
	got := b.settle(c, call)
	for got.Happened == "unknown" && got.Wait > 0 && b.world.Now().Before(end) {
		b.world.Advance(got.Wait.D())
		got = b.settle(c, call)
	}
	b.history[len(b.history)-1].Settlement = &got
	return got
}

// recover goes on after a first attempt the way the decider would: what is in
// doubt is settled before anything is sent again.
func (b *bench) recover(c plan.Change, call plan.Call, o plan.Outcome) {
	b.t.Helper()
	if o.State == plan.Unknown {
		b.settled(c, call)
	}
	if o.Temporary {
		b.world.Advance(o.RetryAfter.D())
	}
	b.converge(c)
}

func checkGarbage(t *testing.T, s Suite) {
	b := newBench(t, s, false)
	c := b.plan()
	call := b.first(c)
	b.wire.choose = onMutation(1, garbage)
	o := b.apply(c, call)
	if o.State == plan.Refused {
		t.Errorf("it was carried out, and is called refused: %+v", o)
	}
	if o.State == plan.Done && !b.wire.empty && !s.Quirks.IgnoresBody {
		t.Errorf("an answer that does not parse is unknown, got %+v", o)
	}
	b.wire.choose = nil
	b.recover(c, call, o)
}

// checkOneRead lets exactly one read of a verification fail, each in turn: an
// unheld state must not look held, a held one must not look broken.
func checkOneRead(t *testing.T, s Suite) {
	for _, held := range []bool{false, true} {
		count := 1
		for k := 1; k <= count; k++ {
			b := newBench(t, s, false)
			c := b.plan()
			if held {
				b.converge(c)
				if k == 1 {
					b.wire.reads = 0
					b.verify(c)
					count = b.wire.reads
				}
			} else if k == 1 {
				b.wire.reads = 0
				b.verify(c)
				count = b.wire.reads
			}
			b.wire.reads = 0
			optional := false
			b.wire.choose = func(m bool, n int, r *http.Request) fault {
				if m || n != k {
					return pass
				}
				optional = slices.ContainsFunc(s.Quirks.Optional, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) })
				return broken
			}
			r := b.verify(c)
			if !held && r.State == plan.Held {
				t.Errorf("read %d of %d failed, the state does not hold, and it claims held", k, count)
			}
			if held && r.State == plan.Broken && !optional {
				t.Errorf("read %d of %d failed, the state holds, and it claims broken: %s", k, count, r.Detail)
			}
			if count > 12 && k == 12 {
				break // pages repeat
			}
		}
	}
}

func onMutation(n int, f fault) func(bool, int, *http.Request) fault {
	return func(m bool, k int, _ *http.Request) fault {
		if m && k == n {
			return f
		}
		return pass
	}
}
