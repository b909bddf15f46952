package respond

import (
	"cmp"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Commands gives everything that is wanted now. It changes nothing: asking twice
// gives the same. Nil means that only answers to calls already sent are awaited.
func (d *Decider) Commands() []Command {
	if d.wanted == nil {
		cmds := d.commands()
		d.wanted = &cmds
	}
	return slices.Clone(*d.wanted)
}

func (d *Decider) commands() []Command {
	if d.closed || d.paused != nil || len(d.plans) == 0 {
		return nil
	}
	if d.pausing != nil {
		return []Command{d.leave(d.pausing)}
	}
	w := &wants{d: d, seen: map[string]bool{}, blind: harmless}
	w.preflight()
	for _, a := range d.acts {
		w.action(a)
	}
	w.watch()
	return w.list()
}

// wants collects commands, each once.
type wants struct {
	d     *Decider
	cmds  []Command
	asks  []Ask
	seen  map[string]bool
	next  time.Time // earliest time something is due
	flip  time.Time // earliest deadline of an overlap, or look at a door that was shut
	busy  bool      // calls are under way
	blind int       // danger of the most dangerous action that was not read yet
}

func (w *wants) add(c Command) {
	if !w.seen[c.Key()] {
		w.seen[c.Key()] = true
		w.cmds = append(w.cmds, c)
	}
}

func (w *wants) ask(a Ask) {
	if w.seen[a.Key()] {
		for i := range w.asks {
			if w.asks[i].ID == a.ID {
				w.asks[i].merge(a)
			}
		}
		return
	}
	w.seen[a.Key()] = true
	w.asks = append(w.asks, a)
}

func (a *Ask) merge(b Ask) {
	for _, x := range b.Actions {
		if !slices.Contains(a.Actions, x) {
			a.Actions = append(a.Actions, x)
		}
	}
	for _, y := range b.Why {
		if !slices.Contains(a.Why, y) {
			a.Why = append(a.Why, y)
		}
	}
}

// wait asks for time to pass until t.
func (w *wants) wait(t time.Time) {
	if w.next.IsZero() || t.Before(w.next) {
		w.next = t
	}
}

// look wants a reading of a, not before t.
func (w *wants) look(a *action, t time.Time) {
	if w.d.now.Before(t) {
		w.wait(t)
		return
	}
	w.add(Verify{Action: a.p, Round: a.rounds + 1})
}

// watch wants the doors that were shut looked at again now and then, as long as something
// else is wanted or awaited: whoever may switch a workflow on can do so while a person
// reads, and no gate is near.
func (w *wants) watch() {
	if len(w.cmds) == 0 && len(w.asks) == 0 && w.next.IsZero() && w.flip.IsZero() && !w.busy {
		return
	}
	for _, a := range w.d.shutting {
		if !a.done || a.skipped != "" || a.reading == nil || w.d.lifted(a) {
			continue
		}
		due := later(a.readAt.Add(watched), a.lookAfter)
		if !w.d.now.Before(due) {
			w.look(a, a.lookAfter)
		} else if w.flip.IsZero() || due.Before(w.flip) {
			w.flip = due // as an overlap's deadline it is no reason to stay
		}
	}
}

func (w *wants) list() []Command {
	out := w.cmds
	slices.SortStableFunc(out, func(a, b Command) int { return compareUrgency(actionOf(a), actionOf(b)) })
	slices.SortStableFunc(w.asks, func(a, b Ask) int {
		return cmp.Or(cmp.Compare(urgency(a.Kind), urgency(b.Kind)), cmp.Compare(danger(a.Actions), danger(b.Actions)))
	})
	for _, a := range w.asks {
		// The first question is the one that shuts the worst door, not the one that was ready first.
		if a.Kind != Confirm || danger(a.Actions) <= w.blind {
			out = append(out, a)
		}
	}
	switch {
	case !w.next.IsZero() && (w.flip.IsZero() || w.next.Before(w.flip)):
		out = append(out, Wait{Until: w.next})
	case !w.flip.IsZero():
		out = append(out, Wait{Until: w.flip, Idle: w.next.IsZero()})
	}
	if len(out) == 0 && !w.busy {
		return []Command{w.d.end()}
	}
	return out
}

func urgency(k AskKind) int {
	return slices.Index([]AskKind{Confirm, InDoubt, Failed, GateHeld, Assist, OldValue}, k)
}

// danger puts questions whose answer shuts a door or ends a credential before all others.
func danger(as []*plan.Action) int {
	rank := harmless
	for _, a := range as {
		if i := slices.Index(dangerous[:], a.Role); i >= 0 {
			rank = min(rank, i)
		}
	}
	return rank
}

// compareUrgency orders what is wanted by what it ends: what takes a machine out and what
// shuts the door itself, then what ends the worst credential, and what ends nothing last.
// What is about no action, a survey, goes before all.
func compareUrgency(a, b *plan.Action) int {
	if a == nil || b == nil {
		return cmp.Compare(bit(a != nil), bit(b != nil))
	}
	da, db := danger([]*plan.Action{a}), danger([]*plan.Action{b})
	shuts := func(a *plan.Action, danger int) bool { return danger != harmless && a.Credential == "" }
	return cmp.Or(
		cmp.Compare(bit(da == harmless), bit(db == harmless)),
		cmp.Compare(bit(!shuts(a, da)), bit(!shuts(b, db))),
		cmp.Compare(plan.Danger(a.Authority), plan.Danger(b.Authority)),
		cmp.Compare(da, db),
		cmp.Compare(a.Effect.Rank(), b.Effect.Rank()), // what lets nobody in any more, then those inside
	)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// actionOf is the action a command is about; nil where it is about none.
func actionOf(c Command) *plan.Action {
	switch v := c.(type) {
	case Apply:
		return v.Action
	case Settle:
		return v.Action
	case Verify:
		return v.Action
	}
	return nil
}

var dangerous = [...]plan.Role{plan.Isolate, plan.Contain, plan.Cut, plan.Kill}

const harmless = len(dangerous)

// preflight wants listings, at once and beside everything else.
func (w *wants) preflight() {
	if s := w.d.surveys["preflight"]; !w.d.surveyedNow(s) {
		w.add(Survey{Scope: "preflight", Round: s.round + 1})
	}
}

// action wants whatever comes next in one action's life.
func (w *wants) action(a *action) {
	d := w.d
	if a.flying() {
		w.busy = true
		return
	}
	if a.closed() {
		return
	}
	if t := a.doubt(); t != nil {
		w.settle(a, t)
		return
	}
	if !d.free(a) {
		if len(a.p.Until) > 0 && a.p.Deadline > 0 {
			w.deadline(a)
		}
		return
	}
	if a.refused != "" {
		w.failed(a, "refused: "+a.refused)
		return
	}
	w.old(a)
	if a.p.Assisted != nil && a.p.Assisted.Wants != "" && !has(a.outputs, a.p.Assisted.Wants) {
		w.assist(a)
		return
	}
	if restores(a) && !w.gates(a) {
		return
	}
	if a.reading == nil || a.dirty || a.readIn != d.sitting {
		if a.reading == nil {
			w.blind = min(w.blind, danger([]*plan.Action{a.p}))
		}
		w.look(a, a.lookAfter)
		return
	}
	switch r := a.reading; {
	case r.State == plan.Held:
		w.prove(a)
	case r.State == plan.Unknown:
		if a.unread >= unreads || r.Final {
			w.unreadable(a)
			return
		}
		w.look(a, a.lookAfter)
	case a.p.Assisted != nil && len(r.Next) == 0 && d.unasked(a):
		// The old value tells which object it is that a person is about to end.
	case a.p.Assisted != nil:
		w.assist(a)
	case len(r.Next) > 0:
		w.calls(a)
	case r.Final && d.unasked(a):
		// The old value may tell what is not known; whoever has none is asked what to do.
	case r.Final:
		w.failed(a, r.Detail)
	case d.impatient(a):
		w.failed(a, "accepted, but not effective after "+patience.String()+": "+r.Detail)
	default:
		w.look(a, a.lookAfter)
	}
}

// restores reports whether even finding the wished state there already must not
// count before the gate holds: an attacker may have switched the workflow on.
func restores(a *action) bool {
	return a.p.Role == plan.Enable || a.p.Role == plan.Canary || a.p.Role == plan.Lift || a.p.Role == plan.Reopen
}

// deadline wants to be woken when an overlap flips.
func (w *wants) deadline(a *action) {
	for _, id := range a.p.After {
		if b := w.d.byID[id]; b != nil && !b.closed() {
			return
		}
	}
	if t := w.d.opened.Began.Add(a.p.Deadline.D()); w.flip.IsZero() || t.Before(w.flip) {
		w.flip = t
	}
}

// prove looks again until the required proof is reached.
func (w *wants) prove(a *action) {
	if w.d.impatient(a) && !w.d.unasked(a) {
		w.failed(a, "held at "+string(a.proof)+", but "+string(w.d.required(a))+" could not be reached in "+patience.String()+": "+a.reading.Detail)
		return
	}
	w.look(a, a.lookAfter)
}

// impatient reports whether waiting alone has gone on too long since the last call.
func (d *Decider) impatient(a *action) bool {
	since := later(a.started, a.retried)
	for _, t := range a.attempts {
		since = later(since, t.At)
	}
	return d.now.Sub(since) > max(patience, 10*a.p.Settle.D())
}

// calls sends what the reading says is missing, once the gates hold and somebody agreed.
func (w *wants) calls(a *action) {
	d := w.d
	if !restores(a) && !w.gates(a) {
		return
	}
	if !w.agreed(a) {
		return
	}
	if d.now.Before(a.lookAfter) {
		w.wait(a.lookAfter)
		return
	}
	if d.now.Sub(a.readAt) > fresh {
		w.look(a, a.lookAfter)
		return
	}
	if w.again(a) {
		return
	}
	n := a.last()
	for _, c := range a.reading.Next {
		if t := a.sent(c.Key); t != nil && t.Outcome != nil && t.Outcome.State == plan.Done && a.readAt.Before(t.At.Add(a.p.Settle.D())) {
			// Accepted a moment ago: what was read may be older than the call. Look again before sending it again.
			w.look(a, a.readAt.Add(short))
			continue
		}
		if a.tried(c.Key) >= tries {
			w.failed(a, "sent "+itoa(tries)+" times without effect: "+c.Verb+" "+c.Object+": "+a.reading.Detail)
			return
		}
		n++
		w.add(Apply{Action: a.p, Call: c, Number: n})
		if a.p.Lost != plan.ResendSafe {
			return // one at a time, so that a lost answer can be told apart
		}
	}
}

func (w *wants) settle(a *action, t *attempt) {
	if a.p.Lost == plan.Undetectable || t.settles >= settles {
		w.ask(Ask{
			ID: w.d.id("doubt/" + a.p.ID + "/" + itoa(t.Number)), Kind: InDoubt, Step: a.p.Step, Actions: []*plan.Action{a.p},
			Choices: []string{"retry", "settle-yes", "settle-no", "hand-over", "pause"},
			Text:    "it is not known whether \"" + t.Call.Verb + " " + t.Call.Object + "\" happened",
		})
		return
	}
	if w.d.now.Before(t.asked) {
		w.wait(t.asked)
		return
	}
	w.add(settleOf(a, t))
}

func settleOf(a *action, t *attempt) Settle {
	return Settle{Action: a.p, Call: t.Call, Number: t.Number, Round: t.settles + 1}
}
