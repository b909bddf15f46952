package respond

import (
	"maps"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Decider is one incident. The zero value is not usable; use New.
type Decider struct {
	opened    Opened
	now       time.Time
	sitting   int // raised by every Resumed; facts of an earlier sitting do not count
	plans     []Planned
	acts      []*action // every action of every plan, in order
	byID      map[string]*action
	approvals []Approved
	asked     map[string]int // answers so far, by the part of the ask id before '#'
	overrides []Overridden
	surveys   map[string]*survey
	held      map[string]string
	listed    map[string]plan.Saved // by evidence key
	found     []plan.Found
	paused    *Paused
	pausing   *Answered // somebody chose to pause in this sitting
	closed    bool
	owner     string      // who may go on
	epoch     int         // counts the owners
	handed    *HandedOver // the last hand-over

	shutting []*action            // of acts those that shut doors, in order
	doors    map[string][]*action // door → those of them that shut it
	// What was said of the events so far; nil until it is asked for.
	wanted   *[]Command
	pictured *State
}

type survey struct {
	last    *Surveyed
	at      time.Time
	sitting int
	round   int // answers so far
}

// New gives a decider that has seen nothing; it wants nothing until Opened and Planned.
func New() *Decider {
	return &Decider{
		byID:    map[string]*action{},
		doors:   map[string][]*action{},
		asked:   map[string]int{},
		surveys: map[string]*survey{"preflight": {}, "boundary": {}},
		held:    map[string]string{},
		listed:  map[string]plan.Saved{},
	}
}

// Observe takes in one event. Events come in journal order. An event about an
// action the decider does not know is ignored: a journal whose plan is missing is
// refused by its reader before it comes here.
func (d *Decider) Observe(e Event) {
	d.wanted, d.pictured = nil, nil
	d.now = e.Time
	switch v := e.Data.(type) {
	case Opened:
		d.opened = v
		d.owner, d.epoch = v.Operator, 1
	case Planned:
		d.plan(v)
	case Approved:
		d.approvals = append(d.approvals, v)
	case Answered:
		d.answered(v)
	case Intended:
		d.on(v.Action, func(a *action) { a.intended(v, d.now, d.sitting) })
	case Outcome:
		d.on(v.Action, func(a *action) {
			before := maps.Clone(a.outputs)
			a.outcome(v, d.now)
			d.renewed(a, before)
		})
	case Settled:
		d.on(v.Action, func(a *action) { a.settled(v, d.now) })
	case Verified:
		d.on(v.Action, func(a *action) { d.read(a, v.Reading) })
	case Surveyed:
		d.surveyed(v)
	case Overridden:
		d.overrides = append(d.overrides, v)
	case Resumed:
		d.sitting++
		d.paused, d.pausing = nil, nil
		d.resume()
		d.lost(v.Lost)
	case HandedOver:
		d.owner, d.epoch, d.handed = v.To, v.Epoch, &v
	case Paused:
		d.paused = &v
	case Closed:
		d.closed = true
	case Fired:
	}
	d.arrive()
}

func (d *Decider) on(id string, f func(*action)) {
	if a := d.byID[id]; a != nil {
		f(a)
	}
}

func (d *Decider) plan(v Planned) {
	d.plans = append(d.plans, v)
	d.opened.Approvals = max(d.opened.Approvals, v.Approvals) // never fewer than asked for before
	for i := range v.Plan.Actions {
		p := &v.Plan.Actions[i]
		if d.byID[p.ID] != nil {
			continue // an amendment repeats what it does not change
		}
		a := newAction(p)
		d.acts = append(d.acts, a)
		d.byID[p.ID] = a
		if p.Role != plan.Contain && p.Role != plan.Cut {
			continue
		}
		d.shutting = append(d.shutting, a)
		for _, door := range p.Doors {
			d.doors[door] = append(d.doors[door], a)
		}
	}
}

func (d *Decider) surveyed(v Surveyed) {
	s := d.surveys[v.Scope]
	if s == nil {
		s = &survey{}
		d.surveys[v.Scope] = s
	}
	s.last, s.at, s.sitting = &v, d.now, d.sitting
	s.round++
	for _, l := range v.Listed {
		d.list(l)
	}
}

// list notes a piece of evidence. A mere listing never takes the place of a file.
func (d *Decider) list(s plan.Saved) {
	if had, is := d.listed[s.Evidence]; is && had.File != "" && s.File == "" {
		return
	}
	d.listed[s.Evidence] = s
}

// surveyedNow reports whether s was answered in this sitting and nobody asked for it anew.
func (d *Decider) surveyedNow(s *survey) bool { return s.last != nil && s.sitting == d.sitting }

// resume makes every open intent a doubt and every unfinished reading old.
func (d *Decider) resume() {
	for _, a := range d.acts {
		for i := range a.attempts {
			t := &a.attempts[i]
			if t.Outcome != nil || t.Settlement != nil {
				continue
			}
			if a.p.Lost == plan.ResendSafe {
				t.Outcome = &plan.Outcome{State: plan.Unknown, Detail: "the program ended before the answer came"}
				a.dirty = true
				continue
			}
			t.doubt = true
		}
		a.firstHeld = time.Time{}
		a.lookAfter = time.Time{}
	}
}

// lost forgets pasted values that are gone, so that they are asked for again, and
// makes mints be looked at again whose values are gone.
func (d *Decider) lost(refs []string) {
	for name, ref := range d.held {
		if slices.Contains(refs, ref) {
			delete(d.held, name)
		}
	}
	for _, a := range d.acts {
		for _, o := range a.outputs {
			if o.Sealed != "" && slices.Contains(refs, o.Sealed) {
				a.doubted()
			}
		}
	}
}

// arrive notes since when an action has been waiting at its gates: facts older
// than that do not count for it.
func (d *Decider) arrive() {
	for _, a := range d.acts {
		if a.closed() || !d.free(a) {
			continue
		}
		if from := d.lacks(a); from != "" {
			a.skip("it needs what "+from+" would have given, and that ended without it", d.now)
			continue
		}
		if why := d.pointless(a); why != "" {
			a.skip(why, d.now)
			continue
		}
		if a.arrived.IsZero() || a.arrivedIn != d.sitting {
			a.arrived, a.arrivedIn = d.now, d.sitting
		}
	}
}

// pointless says why an action of the last step has nothing to do, where everything
// it would follow was skipped.
func (d *Decider) pointless(a *action) string {
	switch {
	case a.p.Role == plan.Canary && d.staysShut(func(b *action) bool { return slices.Contains(a.p.After, b.p.ID) }):
		return "nothing was enabled that could be watched"
	case a.p.Role == plan.Lift && d.staysShut(func(*action) bool { return true }):
		return "nothing was enabled, so the freeze stays"
	}
	return ""
}

// staysShut reports whether every opening of which is true was skipped, and there is one.
func (d *Decider) staysShut(of func(*action) bool) bool {
	openings, skipped := 0, 0
	for _, b := range d.acts {
		if b.p.Role == plan.Enable && of(b) {
			openings++
			if b.skipped != "" {
				skipped++
			}
		}
	}
	return openings > 0 && skipped == openings
}

// free reports whether everything an action comes after is out of the way.
func (d *Decider) free(a *action) bool {
	for _, id := range a.p.After {
		if b := d.byID[id]; b != nil && !b.closed() {
			return false
		}
	}
	if a.p.Role == plan.Lift && !d.watched() {
		return false
	}
	if d.overdue(a) {
		return true
	}
	for _, id := range a.p.Until {
		// What was skipped put nothing in the old value's place: it lives until the deadline, where there is one.
		if b := d.byID[id]; b != nil && !b.done && (b.skipped == "" || a.p.Deadline > 0) {
			return false
		}
	}
	return true
}

// watched reports whether every canary is over: a freeze is lifted after all of them,
// whatever the playbook says.
func (d *Decider) watched() bool {
	for _, b := range d.acts {
		if b.p.Role == plan.Canary && !b.closed() {
			return false
		}
	}
	return true
}

// overdue reports whether an overlap's deadline has passed: from then on the old
// credential is killed whether or not the new one is in place.
func (d *Decider) overdue(a *action) bool {
	return len(a.p.Until) > 0 && a.p.Deadline > 0 && !d.now.Before(d.opened.Began.Add(a.p.Deadline.D()))
}

// lacks names an action whose output a needs and will never get, because that
// action ended without it.
func (d *Decider) lacks(a *action) string {
	for _, v := range a.p.Inputs {
		if v.Output == nil {
			continue
		}
		b := d.byID[v.Output.Action]
		if b == nil || b.closed() && !has(b.outputs, v.Output.Name) {
			return v.Output.Action
		}
	}
	return ""
}

func has(m map[string]plan.Output, k string) bool { _, ok := m[k]; return ok }

// covered reports whether enough valid signatures answer for effect e in the
// plan that brought a in.
func (d *Decider) covered(a *action, e plan.Effect) bool {
	var signers []string
	for _, ap := range d.approvals {
		if !d.now.Before(ap.NotAfter) || !slices.Contains(ap.Effects, e) || d.planned(ap.Signer) {
			continue
		}
		if ap.Plan != d.digestOf(a) || slices.Contains(signers, ap.Signer) {
			continue
		}
		signers = append(signers, ap.Signer)
	}
	return len(signers) >= max(1, d.opened.Approvals)
}

// planned reports whether somebody planned any of the incident: they may not approve.
func (d *Decider) planned(who string) bool {
	return who == d.opened.Author || slices.ContainsFunc(d.plans, func(p Planned) bool { return p.Author != "" && p.Author == who })
}

func (d *Decider) digestOf(a *action) string {
	for _, p := range d.plans {
		for i := range p.Plan.Actions {
			if &p.Plan.Actions[i] == a.p {
				return p.Digest
			}
		}
	}
	return ""
}
