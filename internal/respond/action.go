package respond

import (
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// action is one action's place in the incident.
type action struct {
	p         *plan.Action
	attempts  []attempt
	outputs   map[string]plan.Output
	reading   *plan.Reading
	readAt    time.Time
	readIn    int // sitting
	rounds    int // readings so far
	unread    int // readings in a row that told nothing
	firstHeld time.Time
	proof     plan.Proof
	lookAfter time.Time
	started   time.Time
	ended     time.Time
	done      bool
	skipped   string // reason
	refused   string // what the provider said; a person decides
	dirty     bool   // something happened since the last reading
	strayed   bool   // the first call went out on another before-image than planned
	agreed    bool   // a person (or an approval) said go
	attests   int    // times a person said an assisted task is done
	arrived   time.Time
	arrivedIn int
	failures  int       // refusals in a row that are worth trying again
	heldAt    time.Time // last reading that showed the wished state
	undone    int       // times the wished state was gone again
	undoings  []Undoing // each of these times; a person who says to try again forgets none
	retried   time.Time // when a person last said to try again
}

type attempt struct {
	plan.Attempt
	sitting int
	doubt   bool
	settles int
	asked   time.Time // not before: next settle
}

func newAction(p *plan.Action) *action {
	return &action{p: p, outputs: map[string]plan.Output{}, dirty: true}
}

// closed reports whether nothing more is wanted of the action for itself.
func (a *action) closed() bool { return a.done || a.skipped != "" }

// contains reports whether the action keeps a door shut, and so is looked at again before gates.
func (a *action) contains() bool {
	return a.p.Role == plan.Contain || a.p.Role == plan.Cut || a.p.Role == plan.Isolate || a.p.Role == plan.Freeze
}

func (a *action) intended(v Intended, now time.Time, sitting int) {
	if a.started.IsZero() {
		a.started = now
	}
	if len(a.attempts) == 0 && len(a.p.Before) > 0 && a.reading != nil {
		a.strayed = !plan.SameImage(a.p.Before, a.reading.Before)
	}
	a.attempts = append(a.attempts, attempt{Attempt: plan.Attempt{Call: v.Call, Number: v.Number, At: now}, sitting: sitting})
}

func (a *action) attempt(n int) *attempt {
	for i := range a.attempts {
		if a.attempts[i].Number == n {
			return &a.attempts[i]
		}
	}
	return nil
}

// last is the highest attempt number so far. Calls of one reading may leave in any
// order, so it is not the number of attempts.
func (a *action) last() int {
	n := 0
	for _, t := range a.attempts {
		n = max(n, t.Number)
	}
	return n
}

func (a *action) outcome(v Outcome, now time.Time) {
	t := a.attempt(v.Number)
	if t == nil {
		return
	}
	o := v.Outcome
	t.Outcome, t.Answered, t.doubt = &o, now, false
	a.dirty = true
	switch o.State {
	case plan.Done:
		a.failures = 0
		a.take(o.Outputs)
	case plan.Refused:
		if !o.Temporary {
			a.refused = o.Detail
			if a.refused == "" {
				a.refused = "refused without a reason"
			}
			return
		}
		a.failures++
		wait := o.RetryAfter.D()
		if wait <= 0 {
			wait = min(5*time.Second<<min(a.failures, 6), 5*time.Minute)
		}
		a.lookAfter = later(a.lookAfter, now.Add(wait))
	default: // Unknown, and any word a newer adapter may use: never rounded up
		if a.p.Lost == plan.ResendSafe {
			a.lookAfter = later(a.lookAfter, now.Add(short))
			return
		}
		t.doubt = true
	}
}

func (a *action) settled(v Settled, now time.Time) {
	t := a.attempt(v.Number)
	if t == nil {
		return
	}
	t.settles++
	s := v.Settlement
	if s.Happened == "unknown" {
		wait := s.Wait.D()
		if wait <= 0 {
			wait = max(a.p.Settle.D(), short)
		}
		t.asked = now.Add(wait)
		return
	}
	t.Settlement, t.doubt = &s, false
	a.dirty = true
	if s.Happened == "yes" {
		a.take(s.Outputs)
	}
}

func (a *action) take(out map[string]plan.Output) {
	for k, v := range out {
		a.outputs[k] = v
	}
}

// doubt gives the first call which may or may not have happened, nil when there is none.
func (a *action) doubt() *attempt {
	for i := range a.attempts {
		if a.attempts[i].doubt {
			return &a.attempts[i]
		}
	}
	return nil
}

// flying reports whether a call of this sitting has no answer yet.
func (a *action) flying() bool {
	for _, t := range a.attempts {
		if t.Outcome == nil && t.Settlement == nil && !t.doubt {
			return true
		}
	}
	return false
}

// sent gives the last attempt with the given key since the last reading, or nil.
func (a *action) sent(key string) *attempt {
	for i := len(a.attempts) - 1; i >= 0; i-- {
		t := &a.attempts[i]
		if t.Call.Key == key && !t.Superseded {
			return t
		}
	}
	return nil
}

// tried counts the calls with a key since the wished state was last seen or a
// person last said to try again.
func (a *action) tried(key string) int {
	n := 0
	for _, t := range a.attempts {
		if t.Call.Key == key && !t.Superseded && t.At.After(a.heldAt) {
			n++
		}
	}
	return n
}

// retry forgets verdicts, not effects.
func (a *action) retry(now time.Time) {
	a.retried = now
	for i := range a.attempts {
		a.attempts[i].Superseded = true
	}
	a.refused, a.failures, a.unread = "", 0, 0
	a.dirty, a.lookAfter, a.firstHeld = true, time.Time{}, time.Time{}
	a.reading = nil
}

// doubted makes a mint be looked at again: what it made may be lost.
func (a *action) doubted() {
	if a.done && a.p.Role == plan.Mint {
		a.reopen()
		a.dirty, a.lookAfter = true, time.Time{}
	}
}

// renewed makes whatever took the outputs of a mint take them anew, where the mint
// has given others since: a store that holds the earlier value holds a dead one.
func (d *Decider) renewed(mint *action, before map[string]plan.Output) {
	same := true
	for k, v := range before {
		same = same && mint.outputs[k] == v
	}
	if same || mint.p.Role != plan.Mint {
		return
	}
	for _, a := range d.acts {
		for _, in := range a.p.Inputs {
			if in.Output != nil && in.Output.Action == mint.p.ID && a.skipped == "" {
				a.retry(d.now)
				a.reopen()
				break
			}
		}
	}
}

// reopen takes a claim back: the wished state is gone again.
func (a *action) reopen() {
	a.done, a.ended, a.proof, a.firstHeld = false, time.Time{}, "", time.Time{}
}

const (
	short    = 5 * time.Second
	fresh    = 2 * time.Minute  // how old a fact may be at a gate, and a reading before a call
	watched  = 10 * time.Minute // how often a door that was shut is looked at while the incident goes on
	patience = 60 * time.Minute // how long "accepted, not yet effective" is waited for before a person is asked (npm: up to an hour)
	settles  = 10               // settlements that told nothing before a person is asked
	tries    = 12               // calls with one key that changed nothing before a person is asked
	undoings = 5                // times a door was opened again before a person is asked
	unreads  = 8                // readings that told nothing before a person is asked
)

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func pause(wish, otherwise time.Duration) time.Duration {
	if wish > 0 {
		return wish
	}
	if otherwise > 0 {
		return otherwise
	}
	return short
}
