package respond

import (
	"slices"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
)

// verdict is a gate judged now, for one action that waits at it.
type verdict struct {
	why    []string  // what does not hold, each a sentence; empty: it holds
	coming bool      // something under way may still make it hold
	look   []*action // containment to be read again first
	survey string    // scope to be surveyed first
}

func (v *verdict) no(why string) {
	if !slices.Contains(v.why, why) {
		v.why = append(v.why, why)
	}
}

func (v *verdict) notYet(why string) { v.no(why); v.coming = true }

func (v verdict) holds() bool { return len(v.why) == 0 && len(v.look) == 0 && v.survey == "" }

// gatesOf lists the gates an action of this role waits at, in order, the
// playbook's own conditions last. A playbook adds; it cannot remove.
func gatesOf(p *plan.Action) []plan.Gate {
	var g []plan.Gate
	switch p.Role {
	case plan.Mint:
		g = []plan.Gate{plan.GatePreflight}
	case plan.Cut, plan.Kill:
		g = []plan.Gate{plan.GateIsolate}
	case plan.Deliver, plan.Reopen:
		g = []plan.Gate{plan.GateContain}
	case plan.Destroy:
		g = []plan.Gate{plan.GateIsolate, plan.GateEvidence}
	case plan.Purge:
		g = []plan.Gate{plan.GateEvidence}
	case plan.Build:
		g = []plan.Gate{plan.GatePurge}
	case plan.Enable, plan.Canary, plan.Lift:
		g = []plan.Gate{plan.GateBoundary}
	}
	if len(p.Kills) > 0 {
		g = append(g, plan.GateOurselves)
	}
	for _, x := range p.Gates {
		if !slices.Contains(g, plan.Gate(x)) {
			g = append(g, plan.Gate(x))
		}
	}
	return g
}

// gates reports whether every gate of a holds now, and wants whatever would tell
// or change that.
func (w *wants) gates(a *action) bool {
	ok := true
	for _, g := range gatesOf(a.p) {
		if w.d.overridden(g, a) != nil {
			continue
		}
		v := w.d.judge(g, a)
		if v.holds() {
			continue
		}
		// Who takes something back in the middle of an incident does not wait for its end.
		v.coming = v.coming && !a.p.TakesBack()
		ok = false
		for _, c := range v.look {
			w.look(c, c.lookAfter)
		}
		if v.survey != "" && len(v.look) == 0 && !v.coming {
			w.add(Survey{Scope: v.survey, Round: w.d.surveys[v.survey].round + 1})
			continue
		}
		if len(v.look) == 0 && !v.coming {
			w.ask(Ask{
				ID: w.d.id("gate/" + string(g)), Kind: GateHeld, Step: a.p.Step, Effect: a.p.Effect, Actions: []*plan.Action{a.p},
				Choices: []string{"retry", "override", "hand-over", "pause"}, Gate: g, Why: v.why, Text: "held back by gate " + string(g) + ": " + strings.Join(v.why, "; "),
			})
		}
	}
	return ok
}

func (d *Decider) overridden(g plan.Gate, a *action) *Overridden {
	for i := range d.overrides {
		o := &d.overrides[i]
		every := o.Action == "" && len(o.Actions) == 0
		if o.Gate == g && (every || o.Action == a.p.ID || slices.Contains(o.Actions, a.p.ID)) {
			return o
		}
	}
	return nil
}

// judge evaluates one gate for one action. Nothing is remembered between calls.
func (d *Decider) judge(g plan.Gate, a *action) verdict {
	var v verdict
	switch g {
	case plan.GatePreflight:
		d.judgePreflight(&v)
	case plan.GateIsolate:
		d.judgeIsolate(&v, a)
	case plan.GateContain:
		d.judgeContain(&v, a)
	case plan.GateEvidence:
		d.judgeEvidence(&v, a)
	case plan.GatePurge:
		d.judgePurge(&v, a)
	case plan.GateBoundary:
		d.judgeBoundary(&v, a)
	case plan.GateOurselves:
		d.judgeOurselves(&v, a)
	default:
		v.no(d.condition(g))
	}
	return v
}

// condition is a playbook's own condition in its words. Only a person can say that
// it is met: by overriding it, with a reason.
func (d *Decider) condition(g plan.Gate) string {
	for _, p := range d.plans {
		for _, c := range p.Plan.Gates {
			if c.Name == string(g) {
				return c.Text
			}
		}
	}
	return "this program does not know the gate " + string(g)
}

func (d *Decider) judgePreflight(v *verdict) {
	s := d.surveys["preflight"]
	if !d.surveyedNow(s) {
		v.notYet("preflight has not answered yet")
		return
	}
	for _, p := range slices.Concat(s.last.Problems, s.last.Untreated) {
		v.no(p)
	}
}

// judgeIsolate: no token is revoked while a host that may watch it is alive.
func (d *Decider) judgeIsolate(v *verdict, a *action) {
	for _, h := range a.p.Hosts {
		var by []*action
		for _, b := range d.acts {
			if b.p.Role == plan.Isolate && slices.Contains(b.p.Hosts, h) {
				by = append(by, b)
			}
		}
		if len(by) == 0 {
			v.no("host " + h + " may watch this credential, and nothing in the plan takes it out")
		}
		d.facts(v, a, by)
	}
}

// judgeEvidence: nothing is deleted before its export, or its listing where no export exists.
func (d *Decider) judgeEvidence(v *verdict, a *action) {
	for _, key := range a.p.Evidence {
		if _, ok := d.listed[key]; ok {
			continue
		}
		coming := !d.surveyedNow(d.surveys["preflight"])
		for _, b := range d.acts {
			if b.p.Role == plan.Export && slices.Contains(b.p.Evidence, key) && !b.closed() {
				coming = true
			}
		}
		if coming {
			v.notYet(key + " is not saved yet")
		} else {
			v.no(key + " was neither saved nor listed")
		}
	}
	for _, b := range d.acts {
		if a.p.Role == plan.Purge && b.p.Role == plan.Export && !b.closed() {
			v.notYet(b.p.Use + " has not saved " + b.p.Target.Name + " yet")
		}
	}
}

// judgePurge: caches purged twice, and another trusted workflow builds.
func (d *Decider) judgePurge(v *verdict, a *action) {
	purges := 0
	for _, b := range d.acts {
		if b.p.Role != plan.Purge {
			continue
		}
		purges++
		switch {
		case b.skipped != "":
			v.no("the purge of " + b.p.Target.Name + " was skipped: " + b.skipped)
		case !b.done:
			v.notYet("the purge of " + b.p.Target.Name + " is not proven yet")
		}
	}
	if purges == 0 {
		v.no("nothing in the plan purges the caches")
	}
	for _, p := range d.plans {
		if slices.ContainsFunc(p.Plan.Subjects, func(subject string) bool { return builds(a.p, subject) }) {
			v.no("the workflow under response would rebuild: name another builder")
		}
	}
}

// judgeBoundary: restore only after the boundary is fixed, every credential is
// closed, the rebuilt artifact is promoted and containment holds now.
func (d *Decider) judgeBoundary(v *verdict, a *action) {
	for _, c := range d.closings() {
		if c.Closed || c.Exception != nil {
			continue
		}
		if d.moving(c.Actions) {
			v.notYet(c.Name + " is not closed yet: " + c.Why)
		} else {
			v.no(c.Name + " is not closed: " + c.Why)
		}
	}
	d.judgePromotion(v)
	d.facts(v, a, d.containment())
	if a.p.Role == plan.Lift {
		d.judgeCanaries(v)
	} else {
		d.facts(v, a, d.freezes()) // opening happens under freeze
	}
	s := d.surveys["boundary"]
	if s.last == nil || s.sitting != d.sitting || s.at.Before(a.arrived) || d.now.Sub(s.at) > fresh {
		if len(v.why) == 0 && len(v.look) == 0 {
			v.survey = "boundary"
		}
		return
	}
	for _, f := range s.last.Findings {
		if f.Accepted == nil || !d.now.Before(f.Accepted.Expires) {
			v.no(f.Rule + " at " + f.Where + ": " + f.Message)
		}
	}
	for _, u := range s.last.Unknown {
		v.no("not known: " + u)
	}
}

// freezes are those in force or on their way. One that somebody skipped was given up
// with a reason, one that was lifted was taken back: they hold nothing back, and nobody
// puts them in force again.
func (d *Decider) freezes() []*action {
	var out []*action
	for _, b := range d.acts {
		if b.p.Role == plan.Freeze && b.skipped == "" && !d.thawed(b) {
			out = append(out, b)
		}
	}
	return out
}

func (d *Decider) thawed(freeze *action) bool {
	return slices.ContainsFunc(d.acts, func(b *action) bool { return b.p.Role == plan.Lift && b.done && sameTarget(freeze, b) })
}

// judgeCanaries: a freeze is lifted only after what was enabled under it was watched.
func (d *Decider) judgeCanaries(v *verdict) {
	for _, b := range d.acts {
		if b.p.Role == plan.Canary && b.skipped != "" {
			v.no("the canary on " + b.p.Target.Name + " was skipped: " + b.skipped)
		}
	}
}

func (d *Decider) judgePromotion(v *verdict) {
	builds, promotes := 0, 0
	for _, b := range d.acts {
		switch b.p.Role {
		case plan.Build:
			builds++
		case plan.Promote:
			promotes++
		default:
			continue
		}
		switch {
		case b.skipped != "":
			v.no(b.p.Use + " was skipped: " + b.skipped)
		case !b.done:
			v.notYet(b.p.Use + " on " + b.p.Target.Name + " is not proven yet")
		}
	}
	if builds > 0 && promotes == 0 {
		v.no("nothing in the plan promotes the rebuilt artifact")
	}
}

// moving reports whether some of the named actions are still under way.
func (d *Decider) moving(ids []string) bool {
	for _, id := range ids {
		if a := d.byID[id]; a != nil && !a.closed() {
			return true
		}
	}
	return false
}

// judgeOurselves: an action that would end our own credential is refused;
// disabling the workflow is always allowed.
func (d *Decider) judgeOurselves(v *verdict, a *action) {
	if a.p.Role == plan.Contain && a.p.Target.Kind == "workflow" {
		return
	}
	self, unknown, asked := d.opened.Self, d.opened.SelfUnknown, false
	if s := d.surveys["preflight"]; d.surveyedNow(s) {
		self, unknown, asked = slices.Concat(self, s.last.Self), s.last.SelfUnknown, true
	}
	for _, k := range a.p.Kills {
		provider, _, _ := strings.Cut(k, ":")
		switch {
		case slices.Contains(self, k):
			v.no("this would end firebreak's own credential " + k)
		case slices.Contains(unknown, provider) && !asked:
			v.notYet("it is being asked who firebreak is at " + provider)
		case slices.Contains(unknown, provider):
			v.no("it is not known who firebreak is at " + provider + ", so this might end its own credential " + k)
		}
	}
}
