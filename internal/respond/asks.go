package respond

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// id gives an ask its id: what it is about, and how often that was answered before.
func (d *Decider) id(base string) string { return base + "#" + itoa(d.asked[base]+1) }

func baseOf(id string) string { base, _, _ := cutLast(id, "#"); return base }

// askKind recovers the kind from an id; every id begins with its kind's word.
func askKind(id string) AskKind {
	switch word, _, _ := strings.Cut(id, "/"); word {
	case "failed":
		return Failed
	case "doubt", "unread":
		return InDoubt
	case "gate":
		return GateHeld
	case "assist":
		return Assist
	case "old":
		return OldValue
	default:
		return Confirm
	}
}

// answered takes a person's answer in. An answer to an ask that is no longer asked
// (its number is used up) changes nothing.
func (d *Decider) answered(v Answered) {
	base := baseOf(v.Ask)
	if d.id(base) != v.Ask {
		return
	}
	if strings.HasPrefix(base, "again/") && !slices.Contains([]string{"go", "some", "skip", "hand-over", "pause"}, v.Choice) {
		return // that it was asked counts as agreed, so only a word that was offered may count
	}
	d.asked[base]++
	if v.Choice == "pause" || v.Choice == "hand-over" && v.To != "" {
		d.asked[base]--
		d.pausing = &v
		return
	}
	_, rest, _ := strings.Cut(base, "/")
	switch word, _, _ := strings.Cut(base, "/"); word {
	case "confirm", "again":
		d.confirmed(base, v)
	case "failed", "unread":
		d.on(rest, func(a *action) { d.decided(a, v) })
	case "doubt":
		d.judged(rest, v)
	case "gate":
		d.restudy(plan.Gate(rest))
	case "old":
		d.held[rest] = ""
		if v.Choice == "value" {
			d.held[rest] = v.Value
			d.probe(rest)
		}
	case "assist":
		d.on(rest, func(a *action) { d.attested(a, v) })
	}
}

func (d *Decider) confirmed(base string, v Answered) {
	group := d.group(base)
	listed := func(a *action) bool { return slices.Contains(v.Actions, a.p.ID) }
	for _, a := range group {
		switch {
		case v.Choice == "go" && (len(v.Actions) == 0 || listed(a)), v.Choice == "some" && listed(a):
			a.agreed = true
		case v.Choice == "skip" && (len(v.Actions) == 0 || listed(a)), v.Choice == "some":
			a.skip(reason(v), d.now)
		}
	}
}

// group gives the open actions a confirmation is about, from its id alone.
func (d *Decider) group(base string) []*action {
	parts := strings.SplitN(base, "/", 3)
	if parts[0] == "again" {
		if id, _, ok := cutLast(base[len("again/"):], "@"); ok && d.byID[id] != nil {
			return []*action{d.byID[id]}
		}
		return nil
	}
	var out []*action
	for _, a := range d.acts {
		if len(parts) == 3 && string(a.p.Step) == parts[1] && string(a.p.Effect) == parts[2] && !a.closed() && !a.agreed && a.p.Assisted == nil && a.p.Effect != plan.Read {
			out = append(out, a)
		}
	}
	return out
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// decided is a person's word on a refused or unreadable action. Where no provider
// refused it, the old value may be the wrong one: it is asked for again.
func (d *Decider) decided(a *action, v Answered) {
	switch v.Choice {
	case "retry":
		for _, in := range a.p.Inputs {
			if in.Output != nil {
				d.on(in.Output.Action, (*action).doubted)
			}
		}
		if a.refused == "" {
			d.forgetOld(a)
		}
		a.retry(d.now)
	case "skip":
		a.skip(reason(v), d.now)
	}
}

// forgetOld has the old values of an action asked for again.
func (d *Decider) forgetOld(a *action) {
	for _, in := range a.p.Inputs {
		if in.Held != "" {
			delete(d.held, in.Held)
		}
	}
}

func (a *action) skip(why string, now time.Time) {
	a.skipped, a.ended, a.refused = why, now, ""
}

func reason(v Answered) string {
	if v.Reason == "" {
		return "skipped by " + v.By + " without a reason"
	}
	return v.Reason + " (" + v.By + ")"
}

// judged is a person's word on a call in doubt. "retry" asks the provider again.
func (d *Decider) judged(rest string, v Answered) {
	id, number, _ := cutLast(rest, "/")
	d.on(id, func(a *action) {
		for i := range a.attempts {
			t := &a.attempts[i]
			if itoa(t.Number) != number || !t.doubt {
				continue
			}
			switch v.Choice {
			case "settle-yes", "settle-no":
				t.doubt, a.dirty = false, true
				t.Settlement = &plan.Settlement{Happened: strings.TrimPrefix(v.Choice, "settle-"), Detail: "settled by " + v.By + ": " + v.Reason, Lost: v.Choice == "settle-yes"}
			case "retry":
				t.settles, t.asked = 0, time.Time{}
			}
		}
	})
}

// restudy makes what a gate rests on old, so that it is read again.
func (d *Decider) restudy(g plan.Gate) {
	for _, c := range d.containment() {
		c.unread, c.undone = 0, 0
	}
	switch g {
	case plan.GateBoundary:
		d.surveys["boundary"].sitting = -1
	case plan.GatePreflight, plan.GateEvidence, plan.GateOurselves:
		d.surveys["preflight"].sitting = -1
	}
}

// probe has what held so far looked at now that the old value is at hand: the next
// reading may be the proof that otherwise only time gives. What did not know its object
// without it is looked at too.
func (d *Decider) probe(name string) {
	for _, a := range d.acts {
		if a.closed() || a.reading == nil || a.reading.State != plan.Held && !a.reading.Final {
			continue
		}
		for _, v := range a.p.Inputs {
			if v.Held == name {
				a.lookAfter, a.dirty = d.now, a.dirty || a.reading.Final
			}
		}
	}
}

// attested takes "I did it" for an assisted task: the next reading decides.
func (d *Decider) attested(a *action, v Answered) {
	switch v.Choice {
	case "skip":
		a.skip(reason(v), d.now)
	case "retry":
		d.forgetOld(a)
		a.dirty = true
	case "look":
		a.dirty = true // nobody says it is done; the reading decides anyway
	case "done", "value":
		a.attests++
		a.dirty = true
		w := a.p.Assisted
		if w != nil && w.Wants != "" && v.Value != "" {
			a.outputs[w.Wants] = plan.Output{Sealed: v.Value}
		}
		if said := w != nil && w.Wants != "" && v.Value != "" && d.required(a).Rank() <= plan.P0.Rank(); said || a.p.Role == plan.Notify {
			a.proof = plan.P0 // somebody's word, and shown as no more than that
			d.claim(a)
		}
	}
}

// agreed reports whether somebody said go for a, and asks otherwise.
func (w *wants) agreed(a *action) bool {
	d, p := w.d, a.p
	if p.Effect == plan.Read {
		return true
	}
	ok := a.agreed || d.covered(a, p.Effect) || d.flips(a)
	signed := p.Effect != plan.Irreversible || d.opened.Approvals == 0 || d.covered(a, p.Effect)
	if !ok || !signed {
		w.confirm(a, signed)
		return false
	}
	return true
}

// flips reports whether a is the kill of an overlap whose deadline has passed and
// whose new value somebody agreed to: approving overlap approves the flip.
func (d *Decider) flips(a *action) bool {
	if !d.overdue(a) || a.p.Credential == "" {
		return false
	}
	for _, b := range d.acts {
		if b.p.Role == plan.Mint && b.p.Credential == a.p.Credential && (b.agreed || d.covered(b, b.p.Effect)) {
			return true
		}
	}
	return false
}

// again asks once more where an irreversible action would not do what was agreed to,
// and reports whether it has to wait for that.
func (w *wants) again(a *action) bool {
	d, p := w.d, a.p
	if !d.strayed(a) {
		return false
	}
	base := "again/" + p.ID + "@" + imageID(a.reading.Before)
	if d.asked[base] > 0 {
		return false
	}
	w.ask(Ask{
		ID: d.id(base), Kind: Confirm, Step: p.Step, Effect: p.Effect, Actions: []*plan.Action{p}, Typed: p.Target.Name,
		Choices: []string{"go", "skip", "hand-over", "pause"}, Again: true,
		Text: "what is there now is not what was planned and approved; this cannot be undone",
	})
	return true
}

// strayed reports whether an irreversible action's before-image no longer holds.
func (d *Decider) strayed(a *action) bool {
	if a.p.Effect != plan.Irreversible || a.contains() || a.p.Target.Selector || len(a.p.Before) == 0 || len(a.attempts) > 0 {
		return false
	}
	return !plan.SameImage(a.p.Before, a.reading.Before)
}

func imageID(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:4]) }

func (w *wants) confirm(a *action, signed bool) {
	d := w.d
	base := "confirm/" + string(a.p.Step) + "/" + string(a.p.Effect)
	ask := Ask{ID: d.id(base), Kind: Confirm, Step: a.p.Step, Effect: a.p.Effect, Choices: []string{"go", "some", "skip", "hand-over", "pause"}}
	for _, b := range d.group(base) {
		ask.Actions = append(ask.Actions, b.p)
	}
	if len(ask.Actions) == 0 {
		ask.Actions = []*plan.Action{a.p}
	}
	ask.Text = itoa(len(ask.Actions)) + " " + string(a.p.Effect) + " in step " + string(a.p.Step)
	if a.p.Effect == plan.Irreversible {
		ask.Typed = d.typed(ask.Actions)
	}
	if !signed {
		ask.Choices = []string{"skip", "hand-over", "pause"}
		ask.Text = "irreversible actions of this plan need " + itoa(d.opened.Approvals) + " signature(s) by somebody other than " + d.opened.Author + ": firebreak approve PLAN --key KEY"
	}
	w.ask(ask)
}

// typed is what a person types: the target's name, or where and how many.
func (d *Decider) typed(as []*plan.Action) string {
	if len(as) == 1 {
		return as[0].Target.Name
	}
	where := as[0].Target.Provider
	for _, p := range d.plans {
		if names := p.Plan.Repositories(); len(names) > 0 {
			where = strings.Join(names, " ")
			break
		}
	}
	return where + " " + itoa(len(as))
}

func (w *wants) failed(a *action, text string) {
	w.ask(Ask{
		ID: w.d.id("failed/" + a.p.ID), Kind: Failed, Step: a.p.Step, Effect: a.p.Effect, Actions: []*plan.Action{a.p},
		Choices: []string{"retry", "skip", "hand-over", "pause"}, Text: text,
	})
}

func (w *wants) unreadable(a *action) {
	w.ask(Ask{
		ID: w.d.id("unread/" + a.p.ID), Kind: InDoubt, Step: a.p.Step, Effect: a.p.Effect, Actions: []*plan.Action{a.p},
		Choices: []string{"retry", "skip", "hand-over", "pause"}, Text: "cannot be read: " + a.reading.Detail,
	})
}

func (w *wants) assist(a *action) {
	if !w.gates(a) {
		return
	}
	text := a.p.Assisted.Instructions
	if a.attests > 0 && a.reading != nil {
		text = "not there yet: " + a.reading.Detail + "\n" + text
	}
	if a.attests == 0 && a.reading != nil && wantsOld(a.p) {
		text = "now: " + a.reading.Detail + "\n" + text
	}
	choices := []string{"done", "look", "skip", "hand-over", "pause"}
	if wantsOld(a.p) {
		choices = []string{"done", "look", "retry", "skip", "hand-over", "pause"}
	}
	if a.p.Assisted.Wants != "" {
		choices = []string{"value", "skip", "hand-over", "pause"}
	}
	if a.p.Assisted.Wants != "" && a.attests > 0 {
		choices = []string{"look", "value", "skip", "hand-over", "pause"}
	}
	w.ask(Ask{ID: w.d.id("assist/" + a.p.ID), Kind: Assist, Step: a.p.Step, Effect: a.p.Effect, Actions: []*plan.Action{a.p}, Choices: choices, Text: text, Held: a.p.Assisted.Wants})
}

// old asks, beside everything else, for the old value a probe needs: once the
// killing is under way, so that the question delays nothing, or when without the
// value it cannot be told which object is meant.
func (w *wants) old(a *action) {
	r := a.reading
	if r == nil || len(a.attempts) == 0 && (r.State == plan.Unknown || r.State == plan.Broken && len(r.Next) > 0) {
		return
	}
	names := make([]string, 0, len(a.p.Inputs))
	for _, v := range a.p.Inputs {
		if v.Held != "" {
			names = append(names, v.Held)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if _, ok := w.d.held[name]; ok {
			continue
		}
		w.ask(Ask{
			ID: w.d.id("old/" + name), Kind: OldValue, Step: a.p.Step, Actions: []*plan.Action{a.p}, Choices: []string{"value", "none", "hand-over", "pause"}, Held: name,
			Text: "can somebody paste the old value of " + strings.TrimPrefix(name, "old:") + "? With it its death can be probed; without it the object is dead by id",
		})
	}
}
