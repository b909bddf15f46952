package respond

import (
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// judgeContain: no new value reaches a store until the doors that reach it are shut.
func (d *Decider) judgeContain(v *verdict, a *action) {
	if a.p.Role == plan.Reopen {
		d.judgeReopen(v, a)
		return
	}
	if len(a.p.Doors) == 0 {
		d.facts(v, a, d.containment())
		return
	}
	for _, door := range a.p.Doors {
		by := d.doors[door]
		if len(by) == 0 {
			v.no("door " + door + " reaches this store, and nothing in the plan shuts it")
		}
		d.facts(v, a, by)
	}
}

// judgeReopen: of the workflows under response each is shut by something else.
func (d *Decider) judgeReopen(v *verdict, a *action) {
	for _, p := range d.plans {
		for _, subject := range p.Plan.Subjects {
			door := "workflow:" + subject
			if !slices.Contains(a.p.Doors, door) {
				continue
			}
			by := slices.DeleteFunc(slices.Clone(d.doors[door]), func(b *action) bool { return sameTarget(a, b) })
			if len(by) == 0 {
				v.no(subject + " would run again, and nothing else in the plan shuts it")
			}
			d.facts(v, a, by)
		}
	}
}

func sameTarget(a, b *action) bool {
	x, y := a.p.Target, b.p.Target
	return x.Provider == y.Provider && x.Kind == y.Kind && x.ID == y.ID
}

func (d *Decider) containment() []*action { return d.shutting }

// facts requires each of cs to hold now, read after a arrived at the gate.
func (d *Decider) facts(v *verdict, a *action, cs []*action) {
	for _, c := range cs {
		switch {
		case d.lifted(c):
		case c.skipped != "":
			v.no(c.p.Use + " on " + c.p.Target.Name + " was skipped: " + c.skipped)
		case !c.done && c.undone >= undoings:
			v.no(c.p.Use + " on " + c.p.Target.Name + " is undone again and again; " + c.culprits())
		case !c.done:
			v.notYet(c.p.Use + " on " + c.p.Target.Name + " is not proven yet")
		case c.unread >= unreads:
			v.no(c.p.Use + " on " + c.p.Target.Name + " cannot be read again: " + c.reading.Detail)
		case !d.current(c, a.arrived):
			if !slices.Contains(v.look, c) {
				v.look = append(v.look, c)
			}
		}
	}
}

// current reports whether the last reading of c says held and is young enough.
// The allowance grows with the number of doors, because reading them takes time.
func (d *Decider) current(c *action, since time.Time) bool {
	allow := fresh + time.Duration(len(d.containment()))*4*time.Second
	return c.reading != nil && c.reading.State == plan.Held && c.readIn == d.sitting && !c.readAt.Before(since) && d.now.Sub(c.readAt) <= allow
}

// lifted reports whether the doors of c were opened again on purpose: the boundary
// was fixed and the workflow enabled, what was shut as a whole is shut one by one, or what
// was taken away stands again by the way back that c named.
func (d *Decider) lifted(c *action) bool {
	for _, b := range d.acts {
		if b.p.Role == plan.Enable && b.done && sharesDoor(c, b) {
			return true
		}
	}
	return d.reopened(c)
}

func (d *Decider) reopened(c *action) bool {
	return slices.ContainsFunc(d.acts, func(b *action) bool {
		back := b.p.Role == plan.Reopen || b.p.Role == plan.Lift && c.p.Inverse != nil && c.p.Inverse.Use == b.p.Use
		return back && b.done && sameTarget(c, b)
	})
}
