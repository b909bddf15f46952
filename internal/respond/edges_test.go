package respond_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// TestNothingIsClosedOverAnOpenAction: the enabling waits for a promotion that
// comes after it. Nobody can go on, but the incident is not over.
func TestNothingIsClosedOverAnOpenAction(t *testing.T) {
	e, p := action("e", plan.Enable, plan.Disruptive), action("p", plan.Promote, plan.Read)
	p.After = []string{"e"}
	all := one(e)
	all.Actions = append(all.Actions, p)
	b := open(t, respond.Opened{}, all)
	cmds := b.d.Commands()
	stop, ok := cmds[0].(respond.Stop)
	if !ok || len(cmds) != 1 {
		t.Fatalf("wants %v", b.keys())
	}
	if stop.Close || stop.Code != 5 || !strings.Contains(stop.Reason, "x.e") {
		t.Fatalf("closed over an action that was never carried out: %+v", stop)
	}
}

// TestOverlapKeepsTheOldValueWhenTheNewOneIsSkipped (I9).
func TestOverlapKeepsTheOldValueWhenTheNewOneIsSkipped(t *testing.T) {
	test, kill := action("test", plan.Test, plan.Read), action("kill", plan.Kill, plan.Disruptive)
	kill.Until, kill.Deadline = []string{"test"}, plan.Duration(time.Hour)
	p := one(test)
	p.Actions = append(p.Actions, kill)
	b := open(t, respond.Opened{}, p)
	b.see(respond.Verified{Action: "test", Reading: plan.Reading{State: plan.Broken, Final: true}})
	b.answer("failed/test#1", "skip")
	b.want("wait 1h0m0s")
	b.pass(time.Hour)
	b.want("verify kill")
}

// TestAcceptedAgainAndAgainIsAPersonsDecision: a provider that accepts a call and
// never does it is not called for ever.
func TestAcceptedAgainAndAgainIsAPersonsDecision(t *testing.T) {
	for _, state := range []plan.State{plan.Done, plan.Unknown, plan.Refused} {
		b := open(t, respond.Opened{}, one(action("a", plan.Deliver, plan.Reversible)))
		n := 0
		for n < 100 {
			asked := false
			for _, c := range b.d.Commands() {
				switch v := c.(type) {
				case respond.Verify:
					b.broken("a", "put")
				case respond.Apply:
					n++
					b.see(respond.Intended{Action: "a", Call: v.Call, Number: v.Number})
					b.see(respond.Outcome{Action: "a", Number: v.Number, Outcome: plan.Outcome{State: state, Temporary: true}})
				case respond.Wait:
					b.now = v.Until
					b.see(respond.Fired{Until: v.Until})
				case respond.Ask:
					asked = v.Kind == respond.Failed
					if !asked {
						b.answer(v.ID, "go")
					}
				default:
					t.Fatalf("%s: wants %v", state, b.keys())
				}
			}
			if asked {
				break
			}
		}
		if n >= 100 || n < 3 {
			t.Errorf("%s: sent %d times before anybody was asked", state, n)
			continue
		}
		b.answer("failed/a#1", "retry")
		b.want("verify a")
	}
}

// TestWrongOldValueIsAskedForAgain: a value pasted wrong must not keep a
// credential open for ever.
func TestWrongOldValueIsAskedForAgain(t *testing.T) {
	a := action("a", plan.Kill, plan.Reversible)
	a.Proof, a.ProofWithout = plan.P3, plan.P2
	a.Inputs = map[string]plan.Value{"old": {Held: "old:T"}}
	b := open(t, respond.Opened{}, one(a))
	b.broken("a", "kill")
	b.answer("confirm/disable/reversible#1", "go")
	b.call("a", "kill", 1, plan.Done)
	b.see(respond.Answered{Ask: "old/old:T#1", Choice: "value", Value: "sealed:wrong", By: "bob"})
	for range 8 {
		b.pass(5 * time.Minute)
		b.see(respond.Verified{Action: "a", Reading: plan.Reading{State: plan.Unknown, Detail: "the pasted value is not the secret of this key"}})
	}
	b.want("ask unread/a#1")
	b.answer("unread/a#1", "retry")
	b.want("verify a")
	b.held("a", plan.P1)
	b.want("wait 40m10s", "ask old/old:T#2")
	b.see(respond.Answered{Ask: "old/old:T#2", Choice: "none", By: "bob"})
	b.pass(10 * time.Second)
	b.held("a", plan.P1)
	b.want("stop")
}

// TestResumeLooksAtPreflightAgain: what was wrong then may be mended now.
func TestResumeLooksAtPreflightAgain(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Mint, plan.Reversible)))
	b.see(respond.Surveyed{Scope: "preflight", Problems: []string{"no recipient"}})
	b.broken("a", "mint")
	b.want("ask gate/preflight#1")
	b.see(respond.Paused{Code: 5})
	b.see(respond.Resumed{})
	b.want("survey preflight", "verify a")
	b.broken("a", "mint")
	b.want("survey preflight")
	b.see(respond.Surveyed{Scope: "preflight"})
	b.want("ask confirm/disable/reversible#1")
}

// TestListingDoesNotReplaceAnExport: a later listing must not make a saved file unknown.
func TestListingDoesNotReplaceAnExport(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Export, plan.Read)))
	b.see(respond.Verified{Action: "a", Reading: plan.Reading{State: plan.Held, Proof: plan.P1, Saved: []plan.Saved{{Evidence: "logs", File: "logs.zip", Digest: "d"}}}})
	b.see(respond.Surveyed{Scope: "preflight", Listed: []plan.Saved{{Evidence: "logs", Listing: "2 runs"}}})
	if l := b.d.State().Listed; len(l) != 1 || l[0].File != "logs.zip" {
		t.Fatalf("the export is forgotten: %+v", l)
	}
}

// TestNoCanaryWithoutItsOpening: a workflow that stays shut has nothing to watch.
func TestNoCanaryWithoutItsOpening(t *testing.T) {
	e, k := action("e", plan.Enable, plan.Disruptive), action("k", plan.Canary, plan.Disruptive)
	k.After = []string{"e"}
	p := one(e)
	p.Actions = append(p.Actions, k)
	b := open(t, respond.Opened{}, p)
	b.see(respond.Surveyed{Scope: "boundary"})
	b.see(respond.Verified{Action: "e", Reading: plan.Reading{State: plan.Broken, Final: true}})
	b.answer("failed/e#1", "skip")
	for _, st := range b.d.State().Actions {
		if st.Outcome != plan.Skipped {
			t.Fatalf("%s is %s, wants %v", st.Action.ID, st.Phase, b.keys())
		}
	}
}

// TestAssistedMintIsReadBack: where a reading can show more than a person's word,
// it decides (what is closed at P0 while P1 is required stays open for ever).
func TestAssistedMintIsReadBack(t *testing.T) {
	a := action("a", plan.Mint, plan.Reversible)
	a.Assisted = &plan.Assisted{Instructions: "make one", Wants: "value"}
	p := one(a)
	p.Closings = []plan.Closing{{Credential: "c", Name: "TOKEN", Actions: []string{"a"}}}
	b := open(t, respond.Opened{}, p)
	b.want("ask assist/a#1")
	b.see(respond.Answered{Ask: "assist/a#1", Choice: "value", Value: "sealed:v", By: "bob"})
	b.want("verify a")
	b.broken("a")
	b.want("ask assist/a#2")
	b.answer("assist/a#2", "look")
	b.pass(10 * time.Second)
	b.want("verify a")
	b.held("a", plan.P1)
	if c := b.d.Commands(); len(c) != 1 || !c[0].(respond.Stop).Close {
		t.Fatalf("%+v", c)
	}
	if b.d.State().Actions[0].Outputs["value"].Sealed != "sealed:v" {
		t.Fatal("the pasted value is forgotten")
	}
}

// TestSomebodyKeepsOpeningTheDoor: whoever toggles a workflow must not keep the
// responder waiting without a question.
func TestSomebodyKeepsOpeningTheDoor(t *testing.T) {
	c, d := action("c", plan.Contain, plan.Reversible), action("d", plan.Deliver, plan.Reversible)
	c.Doors, d.Doors, d.Step = []string{"door"}, []string{"door"}, plan.Rotate
	p := one(c)
	p.Actions = append(p.Actions, d)
	b := open(t, respond.Opened{}, p)
	b.broken("c", "disable")
	b.answer("confirm/disable/reversible#1", "go")
	b.broken("d", "put")
	for n := 1; n <= 12; n++ {
		b.call("c", "disable", n, plan.Done)
		b.pass(10 * time.Second)
		b.held("c", plan.P1)
		b.pass(time.Second)
		b.broken("c", "disable")
	}
	var why []string
	again := false
	for _, x := range b.d.Commands() {
		switch v := x.(type) {
		case respond.Ask:
			if v.Kind == respond.GateHeld {
				why = v.Why
			}
		case respond.Apply:
			again = again || v.Action.ID == "c"
		}
	}
	if len(why) == 0 || !strings.Contains(strings.Join(why, ""), "again and again") {
		t.Fatalf("nobody is asked: %v", b.keys())
	}
	if !again {
		t.Fatalf("the door is left open meanwhile: %v", b.keys())
	}
}

// TestOnlyGoAgreesToAStaleImage.
func TestOnlyGoAgreesToAStaleImage(t *testing.T) {
	a := action("a", plan.Deliver, plan.Irreversible)
	a.Before = []byte(`{"updated":1}`)
	b := open(t, respond.Opened{}, one(a))
	b.see(respond.Verified{Action: "a", Reading: plan.Reading{State: plan.Broken, Before: []byte(`{"updated":2}`), Next: []plan.Call{{Key: "put"}}}})
	b.answer("confirm/disable/irreversible#1", "go")
	for _, c := range b.d.Commands() {
		if ask, ok := c.(respond.Ask); ok {
			b.answer(ask.ID, "retry")
		}
	}
	for _, c := range b.d.Commands() {
		if _, ok := c.(respond.Apply); ok {
			t.Fatal("sent although nobody said go")
		}
	}
}

// TestAnOverrideOpensWhatItWasAskedFor and nothing else.
func TestAnOverrideOpensWhatItWasAskedFor(t *testing.T) {
	p := &plan.Plan{Schema: plan.Schema, Inputs: map[string]any{"repository": "acme/shop"}}
	for _, id := range []string{"a", "b", "c"} {
		d := action(id, plan.Deliver, plan.Reversible)
		d.Doors = []string{"workflow:other"}
		p.Actions = append(p.Actions, d)
	}
	b := open(t, respond.Opened{}, p)
	b.see(respond.Overridden{Gate: plan.GateContain, Actions: []string{"a", "b"}, Reason: "known", By: "bob"})
	for _, id := range []string{"a", "b", "c"} {
		b.broken(id, "put")
	}
	for _, x := range b.d.Commands() {
		if ask, ok := x.(respond.Ask); ok && ask.Kind == respond.GateHeld && (len(ask.Actions) != 1 || ask.Actions[0].ID != "c") {
			t.Fatalf("the gate is asked about for %d actions", len(ask.Actions))
		}
	}
	b.want("ask confirm/disable/reversible#1", "ask gate/contain-before-deliver#1")
}

// TestALostValueIsMadeAgain: the sealed value is gone, so its store refuses to be
// written. Trying again looks at the mint, and what took the lost value takes the new.
func TestALostValueIsMadeAgain(t *testing.T) {
	m, x, y := action("m", plan.Mint, plan.Reversible), action("x", plan.Deliver, plan.Reversible), action("y", plan.Deliver, plan.Reversible)
	m.Lost = plan.Detectable
	p := one(m)
	for _, a := range []plan.Action{x, y} {
		a.After, a.Inputs = []string{"m"}, map[string]plan.Value{"value": {Output: &plan.Ref{Action: "m", Name: "value"}}}
		p.Actions = append(p.Actions, a)
	}
	b := open(t, respond.Opened{}, p)
	mint := func(n int, ref string) {
		b.see(respond.Intended{Action: "m", Call: plan.Call{Key: "mint"}, Number: n})
		b.see(respond.Outcome{Action: "m", Number: n, Outcome: plan.Outcome{State: plan.Done, Outputs: map[string]plan.Output{"value": {Sealed: ref}}}})
	}
	b.broken("m", "mint")
	b.answer("confirm/disable/reversible#1", "go")
	mint(1, "sealed:1")
	b.held("m", plan.P1)
	b.broken("x", "put")
	b.broken("y", "put")
	b.call("x", "put", 1, plan.Done)
	b.pass(10 * time.Second)
	b.held("x", plan.P1)
	b.call("y", "put", 1, plan.Refused)
	b.want("ask failed/y#1")
	b.answer("failed/y#1", "retry")
	b.want("verify m")
	b.broken("m", "mint")
	b.want("apply m mint")
	mint(2, "sealed:2")
	b.pass(10 * time.Second)
	b.held("m", plan.P1)
	b.want("verify x", "verify y")
}

// TestResumeWithoutTheKey: pasted values are asked for again, minted ones looked at again.
func TestResumeWithoutTheKey(t *testing.T) {
	m, k := action("m", plan.Mint, plan.Reversible), action("k", plan.Kill, plan.Reversible)
	k.Proof, k.ProofWithout = plan.P3, plan.P2
	k.Inputs = map[string]plan.Value{"old": {Held: "old:T"}}
	p := one(m)
	p.Actions = append(p.Actions, k)
	b := open(t, respond.Opened{}, p)
	b.broken("m", "mint")
	b.broken("k", "kill")
	b.answer("confirm/disable/reversible#1", "go")
	b.see(respond.Intended{Action: "m", Call: plan.Call{Key: "mint"}, Number: 1})
	b.see(respond.Outcome{Action: "m", Number: 1, Outcome: plan.Outcome{State: plan.Done, Outputs: map[string]plan.Output{"value": {Sealed: "sealed:m"}}}})
	b.held("m", plan.P1)
	b.call("k", "kill", 1, plan.Done)
	b.see(respond.Answered{Ask: "old/old:T#1", Choice: "value", Value: "sealed:t", By: "bob"})
	b.see(respond.Resumed{Lost: []string{"sealed:m", "sealed:t"}})
	b.see(respond.Surveyed{Scope: "preflight"})
	b.want("verify k", "verify m", "ask old/old:T#2")
	b.held("k", plan.P1)
	b.want("verify m", "wait 10s", "ask old/old:T#2")
}
