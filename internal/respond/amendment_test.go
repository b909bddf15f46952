package respond_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

func (b *bench) plan(p *plan.Plan) {
	b.t.Helper()
	raw, err := plan.Encode(p)
	if err != nil {
		b.t.Fatal(err)
	}
	b.see(respond.Planned{Digest: plan.Digest(raw), Bytes: json.RawMessage(raw), Plan: p})
}

func (b *bench) stop() respond.Stop {
	b.t.Helper()
	for _, c := range b.d.Commands() {
		if s, ok := c.(respond.Stop); ok {
			return s
		}
	}
	b.t.Fatalf("wants %v, should want to stop", b.keys())
	return respond.Stop{}
}

func TestAPartialPlanEndsInOrderAndStaysOpen(t *testing.T) {
	p := one(action("shut", plan.Contain, plan.Reversible))
	p.Partial = "contained; the credentials are still to be rotated"
	p.Closings = []plan.Closing{{Credential: "npm", Name: "NPM_TOKEN", Open: "not part of containment"}}
	b := open(t, respond.Opened{}, p)
	b.held("shut", plan.P1)
	s := b.stop()
	if s.Code != 0 || s.Close || s.Reason != p.Partial {
		t.Fatalf("stops with %+v", s)
	}
}

func TestAPartialPlanDoesNotHideADoubt(t *testing.T) {
	a := action("shut", plan.Contain, plan.Reversible)
	a.Lost = plan.Undetectable
	p := one(a)
	p.Partial = "contained"
	b := open(t, respond.Opened{}, p)
	b.broken("shut", "call")
	b.answer("confirm/disable/reversible#1", "go")
	b.call("shut", "call", 1, plan.Unknown)
	b.want("ask doubt/shut/1#1")
	if code, _ := b.d.Standing(); code != 8 {
		t.Fatalf("stands at %d, a lost call is unknown (8)", code)
	}
}

func TestAnAmendmentKeepsWhatIsDoneAndClosesWhatWasOpen(t *testing.T) {
	first := one(action("shut", plan.Contain, plan.Reversible))
	first.Partial = "contained"
	first.Closings = []plan.Closing{
		{Credential: "npm", Name: "NPM_TOKEN", Open: "not part of containment"},
		{Credential: "role", Name: "deploy", Kind: "identity", Actions: []string{"shut"}},
	}
	b := open(t, respond.Opened{}, first)
	b.held("shut", plan.P1)
	b.see(respond.Paused{Reason: "contained"})
	b.see(respond.Resumed{Operator: "bob"})
	b.see(respond.Surveyed{Scope: "preflight"})

	kill, deny := action("kill", plan.Kill, plan.Irreversible), action("deny", plan.Contain, plan.Disruptive)
	b.plan(&plan.Plan{
		Schema: plan.Schema, Inputs: first.Inputs, Actions: []plan.Action{first.Actions[0], kill, deny},
		Closings: []plan.Closing{
			{Credential: "npm", Name: "NPM_TOKEN", Kind: "credential", Actions: []string{"kill"}},
			{Credential: "role", Name: "deploy", Kind: "identity", Actions: []string{"deny"}},
		},
	})
	b.want("verify kill", "verify deny", "wait 10m0s")
	if got := b.d.State().Actions[0]; got.Outcome != plan.Done {
		t.Fatalf("what was done is %q again", got.Outcome)
	}
	b.held("kill", plan.P1)
	b.held("deny", plan.P1)
	closings := b.d.State().Closings
	if len(closings) != 2 || !closings[0].Closed || !closings[1].Closed {
		t.Fatalf("closings are %+v", closings)
	}
	if !slices.Equal(closings[1].Actions, []string{"shut", "deny"}) {
		t.Errorf("an amendment took %q away from what closes the role", closings[1].Actions)
	}
	if s := b.stop(); s.Code != 0 || !s.Close {
		t.Errorf("stops with %+v; the whole response is done", s)
	}
}

func TestALaterPlanCannotReopenWhatAnEarlierOneCloses(t *testing.T) {
	first := one(action("kill", plan.Kill, plan.Irreversible))
	first.Closings = []plan.Closing{{Credential: "npm", Name: "NPM_TOKEN", Actions: []string{"kill"}}}
	b := open(t, respond.Opened{}, first)
	b.held("kill", plan.P1)
	b.plan(&plan.Plan{Schema: plan.Schema, Actions: []plan.Action{action("look", plan.Look, plan.Read)}, Closings: []plan.Closing{{Credential: "npm", Name: "NPM_TOKEN", Open: "not configured"}}})
	if c := b.d.State().Closings[0]; !c.Closed {
		t.Fatalf("the closing is %+v", c)
	}
}

func restoring() *plan.Plan {
	step := func(a plan.Action, after ...string) plan.Action {
		a.Step, a.After = plan.Restore, after
		return a
	}
	return &plan.Plan{Schema: plan.Schema, Inputs: map[string]any{"repository": "acme/shop"}, Actions: []plan.Action{
		action("freeze", plan.Freeze, plan.Reversible),
		step(action("enable", plan.Enable, plan.Disruptive)),
		step(action("canary", plan.Canary, plan.Disruptive), "enable"),
		step(action("lift", plan.Lift, plan.Reversible)),
	}}
}

func TestOpeningWaitsForTheFreezeAndLiftingForTheCanary(t *testing.T) {
	b := open(t, respond.Opened{}, restoring())
	b.want("verify freeze")
	b.broken("freeze", "freeze")
	b.answer("confirm/disable/reversible#1", "go")
	b.want("apply freeze freeze")
	b.call("freeze", "freeze", 1, plan.Done)
	b.held("freeze", plan.P1)
	b.want("survey boundary")
	b.see(respond.Surveyed{Scope: "boundary"})
	b.want("verify enable")
	b.broken("enable", "enable")
	b.answer("confirm/restore/disruptive#1", "go")
	b.call("enable", "enable", 1, plan.Done)
	b.pass(time.Second)
	b.held("enable", plan.P1)
	b.want("verify freeze")
	b.held("freeze", plan.P1)
	b.want("survey boundary")
	b.see(respond.Surveyed{Scope: "boundary"})
	b.want("verify canary")
	b.pass(time.Second)
	b.held("canary", plan.P1)
	b.want("survey boundary")
	b.see(respond.Surveyed{Scope: "boundary"})
	b.want("verify lift")
}

func TestAFreezeUndoneMeanwhileHoldsTheOpeningBack(t *testing.T) {
	b := open(t, respond.Opened{}, restoring())
	b.held("freeze", plan.P1)
	b.broken("freeze", "freeze")
	b.want("ask confirm/disable/reversible#1")
	if st := b.d.State().Actions[1]; !slices.Contains(st.Gates, plan.GateBoundary) {
		t.Fatal("the freeze is gone, and enabling is not held back")
	}
}

func TestWithNothingEnabledTheFreezeStays(t *testing.T) {
	b := open(t, respond.Opened{}, restoring())
	b.held("freeze", plan.P1)
	b.see(respond.Surveyed{Scope: "boundary"})
	b.broken("enable", "enable")
	b.answer("confirm/restore/disruptive#1", "skip")
	for _, st := range b.d.State().Actions[2:] {
		if st.Outcome != plan.Skipped {
			t.Errorf("%s is %q", st.Action.ID, st.Outcome)
		}
	}
}

func TestAHandOverNamesTheNextOwnerAndIsNoAnswer(t *testing.T) {
	b := open(t, respond.Opened{Operator: "bob"}, one(action("shut", plan.Contain, plan.Reversible)))
	b.broken("shut", "call")
	b.see(respond.Answered{Ask: "confirm/disable/reversible#1", Choice: "hand-over", To: "carol", Reason: "my shift ends", By: "bob"})
	s := b.stop()
	if s.HandOver == nil || *s.HandOver != (respond.HandedOver{From: "bob", To: "carol", Epoch: 2, Note: "my shift ends"}) {
		t.Fatalf("stops with %+v", s)
	}
	b.see(*s.HandOver)
	b.see(respond.Paused{Reason: s.Reason, Code: s.Code})
	b.see(respond.Resumed{Operator: "carol"})
	b.see(respond.Surveyed{Scope: "preflight"})
	b.broken("shut", "call")
	b.want("ask confirm/disable/reversible#1")
	if st := b.d.State(); st.Owner != "carol" || st.Epoch != 2 {
		t.Errorf("owner %q, epoch %d", st.Owner, st.Epoch)
	}
}

func TestAHandOverToNobodyChangesNothing(t *testing.T) {
	b := open(t, respond.Opened{}, one(action("shut", plan.Contain, plan.Reversible)))
	b.broken("shut", "call")
	b.see(respond.Answered{Ask: "confirm/disable/reversible#1", Choice: "hand-over", By: "bob"})
	if b.d.State().Phase != "open" || b.d.State().Actions[0].Outcome != "" {
		t.Fatal("an answer without a name counted")
	}
}
