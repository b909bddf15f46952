package respond_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

var start = time.Date(2026, 5, 11, 3, 0, 0, 0, time.UTC)

// bench is a decider on a bench: events in, commands out, time by hand.
type bench struct {
	t   *testing.T
	d   *respond.Decider
	now time.Time
}

func open(t *testing.T, o respond.Opened, p *plan.Plan) *bench {
	t.Helper()
	b := &bench{t: t, d: respond.New(), now: start}
	o.Incident, o.Began, o.Author = "inc-1", start, "alice"
	raw, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	b.see(o)
	b.see(respond.Planned{Digest: plan.Digest(raw), Bytes: json.RawMessage(raw), Plan: p})
	b.see(respond.Surveyed{Scope: "preflight"})
	return b
}

func (b *bench) see(d respond.Data) { b.d.Observe(respond.Event{Time: b.now, Data: d}) }

func (b *bench) pass(d time.Duration) { b.now = b.now.Add(d); b.see(respond.Fired{Until: b.now}) }

// keys gives the commands without their counters: "verify a", "ask confirm/…", "stop".
func (b *bench) keys() []string {
	var out []string
	for _, c := range b.d.Commands() {
		switch v := c.(type) {
		case respond.Verify:
			out = append(out, "verify "+v.Action.ID)
		case respond.Apply:
			out = append(out, "apply "+v.Action.ID+" "+v.Call.Key)
		case respond.Settle:
			out = append(out, "settle "+v.Action.ID)
		case respond.Survey:
			out = append(out, "survey "+v.Scope)
		case respond.Ask:
			out = append(out, "ask "+v.ID)
		case respond.Wait:
			out = append(out, "wait "+v.Until.Sub(start).String())
		default:
			out = append(out, c.Key())
		}
	}
	slices.Sort(out)
	return out
}

func (b *bench) want(keys ...string) {
	b.t.Helper()
	got := b.keys()
	slices.Sort(keys)
	if !slices.Equal(got, keys) {
		b.t.Fatalf("wants\n  %s\nshould want\n  %s", strings.Join(got, "\n  "), strings.Join(keys, "\n  "))
	}
}

func (b *bench) held(id string, p plan.Proof) {
	b.see(respond.Verified{Action: id, Reading: plan.Reading{State: plan.Held, Proof: p}})
}

func (b *bench) broken(id string, calls ...string) {
	r := plan.Reading{State: plan.Broken}
	for _, c := range calls {
		r.Next = append(r.Next, plan.Call{Key: c, Verb: c, Object: id})
	}
	b.see(respond.Verified{Action: id, Reading: r})
}

func (b *bench) answer(id, choice string) {
	b.see(respond.Answered{Ask: id, Choice: choice, By: "bob", Reason: "because"})
}

func (b *bench) call(id, key string, n int, s plan.State) {
	b.see(respond.Intended{Action: id, Call: plan.Call{Key: key}, Number: n})
	b.see(respond.Outcome{Action: id, Number: n, Outcome: plan.Outcome{State: s, Detail: "said so"}})
}

func one(a plan.Action) *plan.Plan {
	return &plan.Plan{Schema: plan.Schema, Inputs: map[string]any{"repository": "acme/shop"}, Actions: []plan.Action{a}}
}

func action(id string, role plan.Role, e plan.Effect) plan.Action {
	return plan.Action{
		ID: id, Step: plan.Disable, Use: "x." + id, Role: role, Effect: e, Lost: plan.ResendSafe, Proof: plan.P1,
		Settle: plan.Duration(10 * time.Second), Target: plan.Target{Name: id, Kind: "thing"},
	}
}

func TestNothingToDoAsksNothing(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Contain, plan.Disruptive)))
	b.want("verify a")
	b.held("a", plan.P1)
	b.want("stop")
}

func TestTwoReadingsApartMakeP2(t *testing.T) {
	a := action("a", plan.Contain, plan.Reversible)
	a.Proof = plan.P2
	b := open(t, respond.Opened{}, one(a))
	b.held("a", plan.P1)
	b.want("wait 10s")
	b.pass(9 * time.Second)
	b.held("a", plan.P1)
	if st := b.d.State().Actions[0]; st.Proof != plan.P1 || st.Outcome == plan.Done {
		t.Fatalf("after nine of ten seconds: %s, %s", st.Proof, st.Outcome)
	}
	b.pass(time.Second)
	b.held("a", plan.P1)
	if st := b.d.State().Actions[0]; st.Proof != plan.P2 || st.Outcome != plan.Done {
		t.Fatalf("after ten seconds: %s, %s", st.Proof, st.Outcome)
	}
}

func TestAttackerUndoesContainment(t *testing.T) {
	c := action("c", plan.Contain, plan.Reversible)
	c.Doors = []string{"door"}
	d := action("d", plan.Deliver, plan.Reversible)
	d.Doors = []string{"door"}
	d.Step = plan.Rotate
	p := one(c)
	p.Actions = append(p.Actions, d)
	b := open(t, respond.Opened{}, p)
	b.held("c", plan.P1)
	b.broken("d", "put")
	b.pass(time.Second)
	b.want("ask confirm/rotate/reversible#1", "wait 10m0s")
	b.pass(10 * time.Minute)
	b.answer("confirm/rotate/reversible#1", "go")
	b.want("verify c") // containment is read again before the gate, however often it held
	b.broken("c", "disable")
	b.want("ask confirm/disable/reversible#1")
	if g := b.d.State().Gates; len(g) == 0 || g[0].Holds {
		t.Fatalf("gate 2 holds although its door was opened: %+v", g)
	}
}

func TestDoorNobodyShuts(t *testing.T) {
	d := action("d", plan.Deliver, plan.Reversible)
	d.Doors = []string{"workflow:other"}
	b := open(t, respond.Opened{}, one(d))
	b.broken("d", "put")
	b.want("ask gate/contain-before-deliver#1")
	if code, _ := b.d.Standing(); code != 5 {
		t.Fatalf("code %d, want 5", code)
	}
	b.answer("gate/contain-before-deliver#1", "override")
	b.see(respond.Overridden{Gate: plan.GateContain, Reason: "known", By: "bob"})
	b.want("ask confirm/disable/reversible#1")
}

func TestLostAnswerOfADetectableCallIsSettledFirst(t *testing.T) {
	a := action("a", plan.Mint, plan.Reversible)
	a.Lost = plan.Detectable
	b := open(t, respond.Opened{}, one(a))
	b.broken("a", "mint")
	b.answer("confirm/disable/reversible#1", "go")
	b.want("apply a mint")
	b.see(respond.Intended{Action: "a", Call: plan.Call{Key: "mint"}, Number: 1})
	b.want()
	b.see(respond.Resumed{})
	b.see(respond.Surveyed{Scope: "preflight"})
	b.want("settle a")
	b.see(respond.Settled{Action: "a", Number: 1, Settlement: plan.Settlement{Happened: "unknown", Wait: plan.Duration(time.Minute)}})
	b.want("wait 1m0s")
	for range 9 {
		b.pass(time.Minute)
		b.want("settle a")
		b.see(respond.Settled{Action: "a", Number: 1, Settlement: plan.Settlement{Happened: "unknown", Wait: plan.Duration(time.Minute)}})
	}
	b.want("ask doubt/a/1#1")
	if code, _ := b.d.Standing(); code != 8 {
		t.Fatalf("code %d, want 8: an unknown is never rounded up (I11)", code)
	}
}

func TestRefusalIsAPersonsDecision(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Contain, plan.Reversible)))
	b.broken("a", "go")
	b.answer("confirm/disable/reversible#1", "go")
	b.call("a", "go", 1, plan.Refused)
	b.want("ask failed/a#1")
	if code, _ := b.d.Standing(); code != 7 {
		t.Fatalf("code %d, want 7", code)
	}
	b.answer("failed/a#1", "retry")
	b.want("verify a")
	b.broken("a", "go")
	b.want("apply a go")
	b.call("a", "go", 2, plan.Refused)
	b.answer("failed/a#2", "skip")
	if st := b.d.State().Actions[0]; st.Outcome != plan.Skipped || st.Reason != "because (bob)" {
		t.Fatalf("%s %q", st.Outcome, st.Reason)
	}
}

func TestRateLimitIsWaitedOut(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Contain, plan.Reversible)))
	b.broken("a", "go")
	b.answer("confirm/disable/reversible#1", "go")
	b.see(respond.Intended{Action: "a", Call: plan.Call{Key: "go"}, Number: 1})
	b.see(respond.Outcome{Action: "a", Number: 1, Outcome: plan.Outcome{State: plan.Refused, Temporary: true, RetryAfter: plan.Duration(42 * time.Second)}})
	b.want("wait 42s")
	b.pass(42 * time.Second)
	b.want("verify a")
}

func TestSignatureIsNeededAndEnough(t *testing.T) {
	a := action("a", plan.Kill, plan.Irreversible)
	p := one(a)
	b := open(t, respond.Opened{Approvals: 1}, p)
	raw, _ := plan.Encode(p)
	b.broken("a", "kill")
	b.answer("confirm/disable/irreversible#1", "go")
	b.want("ask confirm/disable/irreversible#2")
	b.see(respond.Approved{Plan: plan.Digest(raw), Signer: "alice", Effects: []plan.Effect{plan.Irreversible}, NotAfter: start.Add(time.Hour)})
	b.want("ask confirm/disable/irreversible#2") // the author may not approve
	b.see(respond.Approved{Plan: "other", Signer: "carol", Effects: []plan.Effect{plan.Irreversible}, NotAfter: start.Add(time.Hour)})
	b.want("ask confirm/disable/irreversible#2")
	b.see(respond.Approved{Plan: plan.Digest(raw), Signer: "carol", Effects: []plan.Effect{plan.Irreversible}, NotAfter: start.Add(time.Hour)})
	b.want("apply a kill")
}

func TestStaleImageAsksAgainForIrreversibleOnly(t *testing.T) {
	for _, e := range []plan.Effect{plan.Disruptive, plan.Irreversible} {
		a := action("a", plan.Deliver, e)
		a.Before = json.RawMessage(`{"updated":1}`)
		b := open(t, respond.Opened{}, one(a))
		stray := func() {
			b.see(respond.Verified{Action: "a", Reading: plan.Reading{State: plan.Broken, Before: json.RawMessage(`{"updated":2}`), Next: []plan.Call{{Key: "put"}}}})
		}
		stray()
		b.answer("confirm/disable/"+string(e)+"#1", "go")
		if e == plan.Disruptive {
			b.want("apply a put")
			continue
		}
		if code, _ := b.d.Standing(); code != 6 {
			t.Fatalf("code %d, want 6", code)
		}
		for _, c := range b.d.Commands() {
			if ask, ok := c.(respond.Ask); ok {
				b.answer(ask.ID, "go")
			}
		}
		b.want("apply a put")
		b.see(respond.Intended{Action: "a", Call: plan.Call{Key: "put"}, Number: 1})
		if !b.d.State().Actions[0].Amended {
			t.Fatal("an action carried out on another image than planned is not shown as amended")
		}
	}
}

func TestOverlapFlipsAtItsDeadline(t *testing.T) {
	test := action("test", plan.Test, plan.Read)
	kill := action("kill", plan.Kill, plan.Reversible)
	kill.Until, kill.Deadline = []string{"test"}, plan.Duration(time.Hour)
	p := one(test)
	p.Actions = append(p.Actions, kill)
	b := open(t, respond.Opened{}, p)
	b.want("verify test", "wait 1h0m0s")
	b.see(respond.Resumed{})
	b.see(respond.Surveyed{Scope: "preflight"})
	b.pass(time.Hour)
	b.want("verify kill", "verify test")
}

func TestOldValueDecidesTheProof(t *testing.T) {
	for _, choice := range []string{"value", "none"} {
		a := action("a", plan.Kill, plan.Irreversible)
		a.Proof, a.ProofWithout = plan.P3, plan.P2
		a.Inputs = map[string]plan.Value{"old": {Held: "old:T"}}
		b := open(t, respond.Opened{}, one(a))
		b.want("verify a")
		b.broken("a", "kill")
		b.want("ask confirm/disable/irreversible#1") // killing first, then the question
		b.answer("confirm/disable/irreversible#1", "go")
		b.call("a", "kill", 1, plan.Done)
		b.want("verify a", "ask old/old:T#1")
		b.see(respond.Answered{Ask: "old/old:T#1", Choice: choice, Value: "sealed:x", By: "bob"})
		b.held("a", plan.P1)
		b.pass(10 * time.Second)
		b.held("a", plan.P1)
		st := b.d.State().Actions[0]
		if done := st.Outcome == plan.Done; done != (choice == "none") {
			t.Fatalf("%s: done is %v at %s, required %s", choice, done, st.Proof, st.Required)
		}
		if choice == "none" && st.Shortfall == "" {
			t.Fatal("dead by id is not shown as a shortfall")
		}
	}
}

func TestNotOurselves(t *testing.T) {
	a := action("a", plan.Kill, plan.Reversible)
	a.Kills = []string{"npm:token:mine"}
	w := action("w", plan.Contain, plan.Reversible)
	w.Kills, w.Target.Kind = []string{"github:workflow:mine"}, "workflow"
	p := one(a)
	p.Actions = append(p.Actions, w)
	b := open(t, respond.Opened{Self: []string{"npm:token:mine", "github:workflow:mine"}}, p)
	b.broken("a", "kill")
	b.broken("w", "disable")
	b.want("ask confirm/disable/reversible#1", "ask gate/not-ourselves#1")
}

func TestFailedCanaryLocksAgain(t *testing.T) {
	door := []string{"workflow:ci"}
	c, e, k := action("c", plan.Contain, plan.Reversible), action("e", plan.Enable, plan.Reversible), action("k", plan.Canary, plan.Reversible)
	c.Doors, e.Doors = door, door
	e.Step, k.Step, k.After = plan.Restore, plan.Restore, []string{"e"}
	p := one(c)
	p.Actions = append(p.Actions, e, k)
	b := open(t, respond.Opened{}, p)
	b.held("c", plan.P1)
	b.pass(time.Second)
	b.want("survey boundary", "wait 10m0s")
	b.see(respond.Surveyed{Scope: "boundary"})
	b.want("verify e", "wait 10m0s")
	b.pass(time.Second)
	b.held("e", plan.P1)
	b.want("survey boundary")
	b.see(respond.Surveyed{Scope: "boundary"})
	b.want("verify k")
	b.see(respond.Verified{Action: "k", Reading: plan.Reading{State: plan.Broken, Final: true, Detail: "conclusion failure"}})
	b.want("ask failed/e#1", "verify c")
	b.broken("c", "disable")
	b.want("ask confirm/disable/reversible#1", "ask failed/e#1")
}

func TestClosingNeedsProofOrException(t *testing.T) {
	p := one(action("a", plan.Kill, plan.Reversible))
	p.Closings = []plan.Closing{{Credential: "c", Name: "TOKEN", Actions: []string{"a"}}, {Credential: "d", Name: "OTHER", Open: "nobody declared it"}}
	b := open(t, respond.Opened{}, p)
	b.held("a", plan.P1)
	code, why := b.d.Standing()
	if code != 5 || !strings.Contains(why[0], "OTHER") {
		t.Fatalf("%d %v: an open credential must keep the incident open (I8)", code, why)
	}
	b = open(t, respond.Opened{Exceptions: []respond.Exception{{Credential: "d", Owner: "x", Reason: "y", Expires: start.Add(time.Hour)}}}, p)
	b.held("a", plan.P1)
	if c := b.d.Commands(); len(c) != 1 || !c[0].(respond.Stop).Close {
		t.Fatalf("%+v", c)
	}
	b.pass(2 * time.Hour)
	if c := b.d.Commands(); c[0].(respond.Stop).Close {
		t.Fatal("an expired exception closes nothing")
	}
}

func TestEventsSurviveTheJournal(t *testing.T) {
	p := one(action("a", plan.Kill, plan.Reversible))
	raw, _ := plan.Encode(p)
	for _, d := range []respond.Data{
		respond.Opened{Incident: "i"}, respond.Planned{Digest: plan.Digest(raw), Bytes: raw}, respond.Approved{}, respond.Answered{}, respond.Intended{}, respond.Outcome{},
		respond.Settled{}, respond.Verified{}, respond.Surveyed{}, respond.Fired{}, respond.Overridden{}, respond.Resumed{}, respond.Paused{}, respond.Closed{},
	} {
		e := respond.Event{Data: d}
		b, err := respond.EncodeData(d)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\n") {
			t.Errorf("%s: more than one line", e.Kind())
		}
		back, err := respond.DecodeData(e.Kind(), b)
		if err != nil {
			t.Fatalf("%s: %v", e.Kind(), err)
		}
		if again, _ := respond.EncodeData(back); string(again) != string(b) {
			t.Errorf("%s: %s came back as %s", e.Kind(), b, again)
		}
	}
	if _, err := respond.DecodeData("promised", []byte("{}")); err == nil {
		t.Error("an unknown type was read")
	}
}

func TestNumbersStayUniqueInAnyOrder(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Contain, plan.Reversible)))
	b.broken("a", "x", "y")
	b.answer("confirm/disable/reversible#1", "go")
	b.call("a", "y", 2, plan.Done) // the second of two was sent first
	b.broken("a", "x")
	for _, c := range b.d.Commands() {
		if v, ok := c.(respond.Apply); ok && v.Number != 3 {
			t.Fatalf("attempt %d would be used twice", v.Number)
		}
	}
}

// Invariant I11: a journal that ends with an intent says nothing about its call.
func TestACallWithoutAnAnswerIsUnknown(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("a", plan.Contain, plan.Reversible)))
	b.broken("a", "shut")
	outcome := func(want plan.State) {
		t.Helper()
		if got := b.d.State().Actions[0].Outcome; got != want {
			t.Errorf("outcome %q, not %q", got, want)
		}
	}
	outcome("")
	b.see(respond.Intended{Action: "a", Call: plan.Call{Key: "shut"}, Number: 1})
	outcome(plan.Unknown)
	b.see(respond.Outcome{Action: "a", Number: 1, Outcome: plan.Outcome{State: plan.Done}})
	outcome("")
	b.held("a", plan.P1)
	outcome(plan.Done)
}

func TestNotKnowingWhoWeAreHoldsKilling(t *testing.T) {
	a := action("a", plan.Kill, plan.Reversible)
	a.Kills = []string{"npm:token:his"}
	b := open(t, respond.Opened{SelfUnknown: []string{"npm"}}, one(a))
	b.see(respond.Surveyed{Scope: "preflight", SelfUnknown: []string{"npm"}})
	b.broken("a", "kill")
	b.want("ask gate/not-ourselves#1")
	b.answer("gate/not-ourselves#1", "retry")
	b.want("survey preflight")
	b.see(respond.Surveyed{Scope: "preflight", Self: []string{"npm:token:mine"}})
	b.want("ask confirm/disable/reversible#1")
}

func TestApprovingOverlapApprovesTheFlip(t *testing.T) {
	mint, kill := action("mint", plan.Mint, plan.Reversible), action("kill", plan.Kill, plan.Disruptive)
	mint.Credential, kill.Credential = "c", "c"
	kill.Until, kill.Deadline = []string{"mint"}, plan.Duration(time.Hour)
	p := one(mint)
	p.Actions = append(p.Actions, kill)
	for _, agreed := range []bool{true, false} {
		b := open(t, respond.Opened{}, p)
		b.broken("mint", "mint")
		if agreed {
			b.answer("confirm/disable/reversible#1", "go")
			b.call("mint", "mint", 1, plan.Refused)
		}
		b.pass(time.Hour)
		b.broken("kill", "kill")
		if got := slices.Contains(b.keys(), "apply kill kill"); got != agreed {
			t.Errorf("overlap agreed to: %v; the old value is killed at the deadline: %v\n%v", agreed, got, b.keys())
		}
	}
}

func TestNoComplaintBeforeTheOldValueWasAskedFor(t *testing.T) {
	a := action("a", plan.Kill, plan.Irreversible)
	a.Proof, a.ProofWithout = plan.P3, plan.P2
	a.Inputs = map[string]plan.Value{"old": {Held: "old:T"}}
	b := open(t, respond.Opened{}, one(a))
	b.held("a", plan.P1)
	b.pass(2 * time.Hour)
	b.held("a", plan.P1)
	b.pass(time.Minute)
	b.want("verify a", "ask old/old:T#1")
	b.see(respond.Answered{Ask: "old/old:T#1", Choice: "value", Value: "sealed:x", By: "bob"})
	b.held("a", plan.P1)
	b.want("ask failed/a#1") // the value is at hand and proves nothing after two hours
	b.answer("failed/a#1", "retry")
	b.want("verify a") // and trying again starts the patience anew
	b.held("a", plan.P1)
	if got := b.keys(); len(got) != 2 || !strings.HasPrefix(got[1], "wait") {
		t.Fatalf("after trying again: %v", got)
	}
}

func TestTheFirstQuestionShutsTheWorstDoor(t *testing.T) {
	kill, disable := action("kill", plan.Kill, plan.Irreversible), action("disable", plan.Contain, plan.Reversible)
	p := one(kill)
	p.Actions = append(p.Actions, disable)
	b := open(t, respond.Opened{}, p)
	b.broken("kill", "kill") // ready first
	b.want("verify disable")
	b.broken("disable", "disable")
	for _, c := range b.d.Commands() {
		if ask, ok := c.(respond.Ask); ok {
			if ask.ID != "confirm/disable/reversible#1" {
				t.Fatalf("the first question is %s", ask.ID)
			}
			break
		}
	}
}
