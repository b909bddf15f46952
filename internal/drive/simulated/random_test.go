package simulated

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// randomPlan draws a plan of the shapes a playbook can give, in any order of its
// actions: doors, credentials in both orders of rotation, and what may follow.
func randomPlan(t *rapid.T) *plan.Plan {
	p := &plan.Plan{Schema: plan.Schema, Inputs: map[string]any{"repository": "acme/shop"}, Subjects: []string{"acme/shop/ci.yml"}}
	effects := []plan.Effect{plan.Reversible, plan.Disruptive, plan.Irreversible}
	n := 0
	add := func(step plan.Step, role plan.Role, proof plan.Proof, after ...string) *plan.Action {
		n++
		effect := rapid.SampledFrom(effects).Draw(t, "effect")
		lost := rapid.SampledFrom([]plan.Lost{plan.ResendSafe, plan.ResendSafe, plan.Detectable, plan.Undetectable}).Draw(t, "lost")
		switch role {
		case plan.Test, plan.Export, plan.Promote:
			effect, lost = plan.Read, plan.ResendSafe
		case plan.Mint:
			effect, lost = plan.Reversible, plan.Detectable
		}
		a := act(step, fmt.Sprintf("%s.%d", role, n), role, effect, lost, proof, after...)
		p.Actions = append(p.Actions, a)
		return &p.Actions[len(p.Actions)-1]
	}
	p.Actions = make([]plan.Action, 0, 64) // add gives pointers into it
	var doors, ends, delivered []string
	for i := range rapid.IntRange(0, 3).Draw(t, "doors") {
		door := fmt.Sprintf("workflow:%d", i)
		doors = append(doors, door)
		a := add(plan.Disable, plan.Contain, plan.P2)
		a.Doors = []string{door}
		if rapid.Bool().Draw(t, "cut") {
			b := add(plan.Revoke, plan.Cut, plan.P2, a.ID)
			b.Doors = []string{door}
			p.Closings = append(p.Closings, plan.Closing{Credential: b.ID, Name: b.ID, Kind: "identity", Actions: []string{a.ID, b.ID}})
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "credentials") {
		closing := plan.Closing{Credential: fmt.Sprintf("c%d", i), Name: fmt.Sprintf("C%d", i), Kind: "credential"}
		overlap := rapid.Bool().Draw(t, "overlap")
		var after []string
		kill := func() *plan.Action {
			a := add(plan.Rotate, plan.Kill, rapid.SampledFrom([]plan.Proof{plan.P2, plan.P3}).Draw(t, "proof"))
			if rapid.Bool().Draw(t, "old") {
				a.Proof, a.ProofWithout = plan.P3, plan.P2
				a.Inputs = map[string]plan.Value{"old": {Held: fmt.Sprintf("old:c%d", i)}}
			}
			closing.Actions = append(closing.Actions, a.ID)
			return a
		}
		if !overlap {
			after = []string{kill().ID}
		}
		mint := add(plan.Rotate, plan.Mint, plan.P1, after...)
		closing.Actions = append(closing.Actions, mint.ID)
		until := []string{mint.ID}
		for range rapid.IntRange(0, 2).Draw(t, "stores") {
			put := add(plan.Rotate, plan.Deliver, plan.P1, mint.ID)
			put.Doors = doors
			put.Inputs = map[string]plan.Value{"value": {Output: &plan.Ref{Action: mint.ID, Name: "value"}}}
			until, closing.Actions, delivered = append(until, put.ID), append(closing.Actions, put.ID), append(delivered, put.ID)
		}
		test := add(plan.Rotate, plan.Test, plan.P3, until...)
		test.Inputs = map[string]plan.Value{"value": {Output: &plan.Ref{Action: mint.ID, Name: "value"}}}
		closing.Actions = append(closing.Actions, test.ID)
		if overlap {
			a := kill()
			a.Until, a.Deadline = append(until, test.ID), plan.Duration(time.Hour)
		}
		p.Closings = append(p.Closings, closing)
	}
	ends = delivered
	if rapid.Bool().Draw(t, "evidence") {
		export := add(plan.Review, plan.Export, plan.P1)
		export.Evidence = []string{"logs"}
		ends = append(ends, export.ID)
		purge := add(plan.Rebuild, plan.Purge, plan.P2, export.ID)
		purge.Evidence = []string{"logs"}
		if rapid.Bool().Draw(t, "rebuild") {
			build := add(plan.Rebuild, plan.Build, plan.P1)
			promote := add(plan.Rebuild, plan.Promote, plan.P1, build.ID)
			ends = append(ends, build.ID, promote.ID)
		}
	}
	if rapid.Bool().Draw(t, "restore") && len(doors) > 0 {
		enable := add(plan.Restore, plan.Enable, plan.P1, ends...)
		enable.Doors = doors
		add(plan.Restore, plan.Canary, plan.P1, enable.ID)
	}
	order := rapid.Permutation(p.Actions).Draw(t, "order")
	p.Actions = order
	return p
}

// moody answers at random from what is offered.
type moody struct {
	rnd       *rand.Rand
	overrides bool
	pauses    int
	overrode  bool
}

func (m *moody) Answer(_ context.Context, _ *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	choices := slices.Clone(a.Choices)
	if len(choices) == 0 {
		return drive.Reply{}, false, fmt.Errorf("%s offers nothing", a.ID)
	}
	choice := choices[m.rnd.IntN(len(choices))]
	if m.rnd.IntN(3) > 0 {
		choice = choices[0] // the way forward
	}
	reply := drive.Reply{Answer: respond.Answered{Ask: a.ID, Choice: choice, By: "moody", Reason: "mood"}}
	switch choice {
	case "pause":
		if m.pauses == 0 {
			return drive.Reply{}, false, nil
		}
		m.pauses--
	case "some":
		for _, x := range a.Actions {
			if m.rnd.IntN(2) == 0 {
				reply.Answer.Actions = append(reply.Answer.Actions, x.ID)
			}
		}
	case "override":
		if !m.overrides {
			reply.Answer.Choice = "retry"
			break
		}
		m.overrode = true
		o := respond.Overridden{Gate: a.Gate, Reason: "mood", By: "moody"}
		for _, x := range a.Actions {
			o.Actions = append(o.Actions, x.ID)
		}
		reply.Override = &o
	case "value":
		reply.Answer.Value = "sealed:pasted"
	}
	return reply, true, nil
}

// overlapHolds is I9 as an observer: the old value is not killed before its new one
// is in place or its deadline has passed.
type overlapHolds struct{ broken []string }

func (o *overlapHolds) Observe(e respond.Event, s *respond.State) {
	v, ok := e.Data.(respond.Intended)
	if !ok {
		return
	}
	done := map[string]bool{}
	for _, st := range s.Actions {
		done[st.Action.ID] = st.Outcome == plan.Done
	}
	for _, st := range s.Actions {
		if st.Action.ID != v.Action || len(st.Action.Until) == 0 || !e.Time.Before(s.Opened.Began.Add(st.Action.Deadline.D())) {
			continue
		}
		for _, id := range st.Action.Until {
			if !done[id] {
				o.broken = append(o.broken, fmt.Sprintf("I9: %s is killed at %s before %s", v.Action, e.Time.Sub(s.Opened.Began), id))
			}
		}
	}
}

// TestRandomIncidents draws plans, faults, crashes and people. Whatever they do, the
// decider never wants nothing, ends, keeps the invariants, and closes nothing that is open.
func TestRandomIncidents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomPlan(t)
		if err := plan.Validate(p); err != nil {
			t.Fatal(err)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		c := &clock{t: epoch}
		m := NewModel(c, random(seed))
		m.Faults = rapid.SampledFrom([]float64{0, 0.1, 0.3}).Draw(t, "faults")
		m.Undo = rapid.SampledFrom([]float64{0, 0.02, 0.2}).Draw(t, "undo")
		m.Fixed = true
		people := &moody{rnd: random(seed + 1), overrides: rapid.Bool().Draw(t, "overrides"), pauses: rapid.IntRange(0, 4).Draw(t, "pauses")}
		crashes := rapid.IntRange(0, 4).Draw(t, "crashes")
		rnd, watch := random(seed+2), &overlapHolds{}
		log := opening(t, p)
		var r Result
		for sitting := 0; ; sitting++ {
			o := Options{Journal: log, Hands: m, Responder: people, Clock: c, Rand: random(seed + uint64(len(log))), Lost: m.Forget, Observer: watch}
			o.Crash = func(Where, int, respond.Apply) bool {
				if crashes == 0 || rnd.IntN(8) != 0 {
					return false
				}
				crashes--
				return true
			}
			var err error
			r, err = Run(context.Background(), o)
			if err != nil && !errors.Is(err, ErrCrashed) {
				t.Fatal(err)
			}
			replayed(t, r.Journal)
			if err == nil && (r.Stop == nil || r.Stop.Close || sitting > 12) {
				break
			}
			c.Advance(time.Duration(rnd.IntN(5400)) * time.Second)
			log = append(r.Journal, respond.Event{Time: c.Now(), Data: respond.Resumed{Operator: "bob"}})
		}
		judge(t, m, r, watch, people)
	})
}

func judge(t *rapid.T, m *Model, r Result, watch *overlapHolds, people *moody) {
	for _, b := range append(watch.broken, m.Breaches...) {
		if people.overrode && b[:3] == "I10" {
			continue // a person said so
		}
		t.Error(b)
	}
	if r.Stop == nil {
		t.Fatal("ended without saying why")
	}
	for _, st := range r.State.Actions {
		word := ""
		if st.Action.Role == plan.Mint {
			word = m.mintWord(st)
		}
		if word == "orphans" && st.Outcome == plan.Done {
			t.Errorf("I6: %s is done and leaves orphans", st.Action.ID)
		}
		if r.Stop.Close && st.Phase != respond.Finished {
			t.Errorf("closed while %s is %s", st.Action.ID, st.Phase)
		}
	}
	for _, x := range r.State.Closings {
		if r.Stop.Close && !x.Closed && x.Exception == nil {
			t.Errorf("I8: closed while %s is open: %s", x.Name, x.Why)
		}
	}
	if !r.Stop.Close && r.Stop.Code == 0 {
		t.Errorf("not closed and yet code 0: %s", r.Stop.Reason)
	}
}

// replayed: a journal read from scratch leaves the decider where it was.
func replayed(t *rapid.T, log []respond.Event) {
	a, b := respond.New(), respond.New()
	for _, e := range log {
		a.Observe(e)
		a.Commands()
		b.Observe(e)
	}
	if x, y := keys(a.Commands()), keys(b.Commands()); !reflect.DeepEqual(x, y) {
		t.Fatalf("%v one by one, %v from scratch", x, y)
	}
}
