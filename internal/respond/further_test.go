package respond_test

import (
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// left is a partial plan about a workflow that leaves a credential open.
func left(subjects ...string) *plan.Plan {
	p := one(action("shut", plan.Contain, plan.Reversible))
	p.Partial, p.Subjects = "contained", subjects
	p.Closings = []plan.Closing{{Credential: "KEY_SECRET", Name: "KEY_SECRET", Open: "nobody declared it"}}
	return p
}

func whole(subjects ...string) *plan.Plan {
	return &plan.Plan{
		Schema: plan.Schema, Subjects: subjects, Actions: []plan.Action{action("kill", plan.Kill, plan.Irreversible)},
		Closings: []plan.Closing{{Credential: "KEY", Name: "KEY", Kind: "credential", Actions: []string{"kill"}}},
	}
}

// By the time of the further plan somebody declared that the two secrets are one key.
func TestWhatAPartialPlanLeftIsWhatTheWholePlanSaysOfIt(t *testing.T) {
	b := open(t, respond.Opened{}, left("a"))
	if got := b.d.State().Closings; len(got) != 1 {
		t.Fatalf("what is left is shown: %v", got)
	}
	further := whole("a", "b")
	further.Actions[0].Inputs = map[string]plan.Value{"name": {Literal: "KEY_SECRET"}}
	b.plan(further)
	got := b.d.State().Closings
	if len(got) != 1 || got[0].Credential != "KEY" {
		t.Fatalf("%+v", got)
	}
}

// Somebody mended the workflow before the further plan was made: it reaches the stolen
// credential no longer, so that plan says nothing of it.
func TestWhatIsNotReachedAnyMoreStaysOpen(t *testing.T) {
	b := open(t, respond.Opened{}, left("a"))
	b.plan(whole("a"))
	if got := b.d.State().Closings; len(got) != 2 || got[0].Closed {
		t.Fatalf("the stolen credential is forgotten: %+v", got)
	}
}

func TestAPlanAboutLessDoesNotTreatWhatIsLeft(t *testing.T) {
	b := open(t, respond.Opened{}, left("a", "b"))
	b.plan(whole("a"))
	if got := b.d.State().Closings; len(got) != 2 {
		t.Fatalf("a credential of workflow b is forgotten: %+v", got)
	}
	again := left("a", "b")
	again.Closings = nil
	b.plan(again)
	if got := b.d.State().Closings; len(got) != 2 {
		t.Fatalf("a partial plan treats nothing it does not say: %+v", got)
	}
}

// An incident begun without a configuration gets the approvals it asks for with the
// plan that needs them.
func TestAFurtherPlanMayAskForApprovals(t *testing.T) {
	b := open(t, respond.Opened{Author: "root", Operator: "root"}, left("a"))
	b.held("shut", plan.P1)
	p := whole("a")
	raw, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	digest := plan.Digest(raw)
	b.see(respond.Planned{Digest: digest, Bytes: raw, Plan: p, Author: "alice", Approvals: 1})
	b.broken("kill", "call")
	if ask := b.ask("confirm/disable/irreversible#1"); len(ask.Choices) != 3 || ask.Choices[0] != "skip" {
		t.Fatalf("without a signature it offers %v", ask.Choices)
	}
	approve := func(who string) {
		b.see(respond.Approved{Statement: who, Plan: digest, Signer: who, Effects: []plan.Effect{plan.Irreversible}, NotAfter: b.now.Add(time.Hour)})
	}
	approve("alice")
	if ask := b.ask("confirm/disable/irreversible#1"); ask.Choices[0] != "skip" {
		t.Fatal("whoever planned approved it")
	}
	approve("bob")
	b.want("apply kill call", "wait 10m0s")
}

func (b *bench) ask(id string) respond.Ask {
	b.t.Helper()
	for _, c := range b.d.Commands() {
		if a, ok := c.(respond.Ask); ok && a.ID == id {
			return a
		}
	}
	b.t.Fatalf("wants %v, should ask %s", b.keys(), id)
	return respond.Ask{}
}

func TestSinceWhenIsWhatTheLastPlanSays(t *testing.T) {
	b := open(t, respond.Opened{Since: time.Unix(10, 0), SinceWhy: "a live run"}, left("a"))
	if e := b.d.State().Exposure(); !e.Since.Equal(time.Unix(10, 0)) || e.Why != "a live run" {
		t.Errorf("%+v", e)
	}
	p := left("a")
	p.Exposure = &plan.Exposure{Since: time.Unix(5, 0), Why: "an earlier run"}
	b.plan(p)
	b.plan(whole("a"))
	if e := b.d.State().Exposure(); !e.Since.Equal(time.Unix(5, 0)) || e.Why != "an earlier run" {
		t.Errorf("%+v", e)
	}
}

// A rollback is a further plan of the same workflows that says nothing of credentials.
func TestAWayBackTreatsNothingThatWasLeft(t *testing.T) {
	b := open(t, respond.Opened{}, left("a"))
	b.held("shut", plan.P1)
	back := action("rollback/open", plan.Enable, plan.Reversible)
	back.Inputs = map[string]plan.Value{"name": {Literal: "KEY_SECRET"}}
	b.plan(&plan.Plan{Schema: plan.Schema, Subjects: []string{"a"}, Actions: []plan.Action{back}})
	if got := b.d.State().Closings; len(got) != 1 || got[0].Closed {
		t.Fatalf("the open credential is forgotten: %+v", got)
	}
	if b.d.State().Leaves() == "" {
		t.Fatal("nothing is left to a further plan")
	}
}

// What a whole plan did not close is not excused by a partial plan that came later.
func TestAPartialPlanDoesNotExcuseAWholeOne(t *testing.T) {
	b := open(t, respond.Opened{}, whole("a"))
	b.broken("kill", "call")
	b.answer("confirm/disable/irreversible#1", "skip")
	p := one(action("shut", plan.Contain, plan.Reversible))
	p.Partial, p.Subjects, p.Closings = "contained", []string{"b"}, nil
	b.plan(p)
	b.held("shut", plan.P1)
	if s := b.stop(); s.Code != 5 {
		t.Fatalf("KEY was never killed: %+v", s)
	}
}

// Where the whole plan came first there is nothing left to a further one.
func TestAPartialPlanAfterAWholeOneLeavesNothing(t *testing.T) {
	b := open(t, respond.Opened{}, whole("a", "b"))
	b.held("kill", plan.P1)
	p := one(action("shut", plan.Contain, plan.Reversible))
	p.Partial, p.Subjects, p.Closings = "contained", []string{"b"}, nil
	b.plan(p)
	b.held("shut", plan.P1)
	if s := b.stop(); !s.Close {
		t.Fatalf("everything is done and it stays open for ever: %+v", s)
	}
}

// Somebody who takes an action back while others still run is asked about gate 5 at
// once: what is under way for the rest of the incident is not waited for.
func TestAWayBackIsAskedAboutItsGateAtOnce(t *testing.T) {
	p := one(action("shut", plan.Contain, plan.Reversible))
	slow := action("kill", plan.Kill, plan.Reversible)
	slow.Proof = plan.P2
	slow.Settle = plan.Duration(time.Hour)
	p.Actions = append(p.Actions, slow)
	p.Closings = []plan.Closing{{Credential: "KEY", Name: "KEY", Kind: "credential", Actions: []string{"kill"}}}
	b := open(t, respond.Opened{}, p)
	b.held("shut", plan.P1)
	b.held("kill", plan.P1)
	back := action("rollback/x.open/shut", plan.Enable, plan.Reversible)
	back.Step = plan.Restore
	b.plan(&plan.Plan{Schema: plan.Schema, Inputs: p.Inputs, Actions: []plan.Action{back}})
	if ask := b.ask("gate/boundary-before-restore#1"); len(ask.Why) == 0 {
		t.Errorf("asked without saying what does not hold: %+v", ask)
	}
}

// A missing configuration is not waited for.
func TestWhatCannotBeReadForWantOfAConfigurationIsAskedAtOnce(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("shut", plan.Contain, plan.Reversible)))
	b.see(respond.Verified{Action: "shut", Reading: plan.Reading{State: plan.Unknown, Final: true, Detail: "account prod is not configured"}})
	b.want("ask unread/shut#1")
	if code, _ := b.d.Standing(); code != 8 {
		t.Errorf("stands at %d", code)
	}
}

func TestNoIncidentClosesWithSomethingUntreated(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("shut", plan.Contain, plan.Reversible)))
	b.see(respond.Surveyed{Scope: "preflight", Untreated: []string{"the workflow reaches DOCS_TOKEN, which the plan does not treat"}})
	b.held("shut", plan.P1)
	if s := b.stop(); s.Close || s.Code != 5 {
		t.Fatalf("stops with %+v", s)
	}
	b.see(respond.Overridden{Gate: plan.GatePreflight, Reason: "it is read-only and public", By: "bob"})
	if s := b.stop(); !s.Close || s.Code != 0 {
		t.Fatalf("with a reason it stops with %+v", s)
	}
}
