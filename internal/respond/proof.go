package respond

import (
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// required is the proof this action needs, given what evidence could be had.
func (d *Decider) required(a *action) plan.Proof {
	if a.p.ProofWithout == "" {
		return a.p.Proof
	}
	for _, v := range a.p.Inputs {
		if v.Held == "" {
			continue
		}
		if ref, ok := d.held[v.Held]; ok && ref == "" {
			return a.p.ProofWithout
		}
	}
	return a.p.Proof
}

// read takes a reading in and counts what it proves.
func (d *Decider) read(a *action, r plan.Reading) {
	if a.started.IsZero() {
		a.started = d.now
	}
	a.rounds++
	a.reading, a.readAt, a.readIn = &r, d.now, d.sitting
	a.dirty = false
	a.take(r.Outputs)
	d.note(r)
	a.told(r.Undone)
	switch r.State {
	case plan.Held:
		a.unread, a.failures, a.heldAt = 0, 0, d.now
		d.holds(a, r)
	case plan.Broken:
		a.unread = 0
		a.firstHeld = time.Time{}
		if a.done {
			a.undoings = append(a.undoings, a.undoing(r, d.now))
			a.reopen()
			a.undone++
		}
		if len(r.Next) == 0 {
			a.lookAfter = d.now.Add(pause(r.Wait.D(), a.p.Settle.D()))
		}
		if a.p.Role == plan.Canary && r.Final {
			d.relock(a, r.Detail)
		}
	default:
		a.unread++
		a.lookAfter = d.now.Add(pause(r.Wait.D(), min(short<<min(a.unread, 5), 2*time.Minute)))
	}
}

// relock takes the opening back after a failed canary: what was enabled counts as
// refused, and the doors it opened are to be shut again.
func (d *Decider) relock(canary *action, why string) {
	for _, e := range d.acts {
		if e.p.Role != plan.Enable || !e.done || !slices.Contains(canary.p.After, e.p.ID) {
			continue
		}
		for _, c := range d.containment() {
			if c.skipped == "" && sharesDoor(c, e) && !d.reopened(c) {
				c.reopen()
				c.dirty = true
			}
		}
		e.reopen()
		e.retry(d.now)
		e.refused = "the canary failed: " + why + "; the workflow is disabled again"
	}
	canary.retry(d.now)
}

func sharesDoor(a, b *action) bool {
	for _, door := range a.p.Doors {
		if slices.Contains(b.p.Doors, door) {
			return true
		}
	}
	return false
}

func (d *Decider) note(r plan.Reading) {
	for _, s := range r.Saved {
		d.list(s)
	}
	for _, f := range r.Found {
		known := false
		for _, g := range d.found {
			known = known || f == g
		}
		if !known {
			d.found = append(d.found, f)
		}
	}
}

// holds counts a reading that shows the wished state: one gives what it says, two
// apart by the propagation wait give P2.
func (d *Decider) holds(a *action, r plan.Reading) {
	if a.done {
		return // re-verified
	}
	reached := r.Proof
	if a.firstHeld.IsZero() {
		a.firstHeld = d.now
	}
	apart := !d.now.Before(a.firstHeld.Add(a.p.Settle.D()))
	if second := a.firstHeld.Before(d.now) && apart; second && reached.Rank() >= plan.P1.Rank() && reached.Rank() < plan.P2.Rank() {
		reached = plan.P2
	}
	if reached.Rank() > a.proof.Rank() {
		a.proof = reached
	}
	if a.proof.Rank() >= d.required(a).Rank() {
		d.claim(a)
		return
	}
	a.lookAfter = later(d.now.Add(r.Wait.D()), a.firstHeld.Add(a.p.Settle.D()))
	if !a.lookAfter.After(d.now) {
		a.lookAfter = d.now.Add(short)
	}
	switch {
	case d.probes(a): // the old value ends the waiting as soon as it is refused
		a.lookAfter = d.now.Add(pause(r.Wait.D(), 6*short))
	case a.proof.Rank() >= plan.P2.Rank():
		a.lookAfter = later(a.lookAfter, d.now.Add(6*short)) // only a probe is missing
	}
}

// probes reports whether somebody supplied every old value with which a's effect
// can be proven.
func (d *Decider) probes(a *action) bool {
	names := 0
	for _, v := range a.p.Inputs {
		if v.Held == "" {
			continue
		}
		if names++; d.held[v.Held] == "" {
			return false
		}
	}
	return names > 0
}

// unasked reports whether an old value that could prove a's effect was neither
// supplied nor said to be nowhere: that question comes before any complaint.
func (d *Decider) unasked(a *action) bool {
	for _, v := range a.p.Inputs {
		if _, answered := d.held[v.Held]; v.Held != "" && !answered {
			return true
		}
	}
	return false
}

// wantsOld reports whether an old value tells something of an action.
func wantsOld(a *plan.Action) bool {
	for _, v := range a.Inputs {
		if v.Held != "" {
			return true
		}
	}
	return false
}

// claim says the action is done. From here on the report says so, with this time.
func (d *Decider) claim(a *action) {
	a.done, a.ended = true, d.now
	a.refused = ""
}
