package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// crowded is an incident with many of everything.
func crowded(n int) *respond.State {
	s := &respond.State{Opened: respond.Opened{Incident: "inc-1", Began: time.Unix(0, 0)}, Now: time.Unix(3700, 0), Phase: "open", Step: plan.Revoke}
	for i := range n {
		name := fmt.Sprintf("target-%d-%s", i, strings.Repeat("long-", 12))
		for _, phase := range []respond.Phase{respond.Waiting, respond.Doubtful, respond.Stuck, respond.Pending} {
			s.Actions = append(s.Actions, respond.ActionState{Phase: phase, Action: &plan.Action{ID: fmt.Sprint(phase, i), Use: "x.kill", Target: plan.Target{Name: name}, Lost: plan.Detectable}})
		}
		s.Closings = append(s.Closings, respond.ClosingState{Closing: plan.Closing{Name: fmt.Sprintf("SECRET_%d", i)}, Why: "x.kill on " + name + " is not proven yet; another; a third"})
		s.Gates = append(s.Gates, respond.GateState{Gate: plan.Gate(fmt.Sprintf("gate-%d", i)), Why: []string{"a", "b", "c"}})
	}
	return s
}

// One screen is one screen, whatever the incident holds; what is left out is counted
// and nothing unknown is.
func TestWhereFitsTheScreen(t *testing.T) {
	for _, n := range []int{0, 1, 3, 50} {
		s := crowded(n)
		text := WhereWithin(20, Style{}.Fitted(80, func(s string) string { return s }), s, "asks you: go ahead?", "answer")
		if got := strings.Count(text, "\n"); got > 20 {
			t.Errorf("%d of everything: %d lines:\n%s", n, got, text)
		}
		for _, want := range []string{"Incident inc-1  open, in step revoke, 1h01m into the response", "now      asks you: go ahead?", "proven   0 of ", "next     answer"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d of everything: it does not say %q:\n%s", n, want, text)
			}
		}
		if n > 0 && (!strings.Contains(text, "UNKNOWN") || !strings.Contains(text, "SECRET_0")) {
			t.Errorf("what is unknown or open is not told:\n%s", text)
		}
		if n == 50 && !strings.Contains(text, "and 49 more") {
			t.Errorf("what is left out is not counted:\n%s", text)
		}
	}
}

// A before-image is read by a person, not by a program.
func TestDetailsShowFields(t *testing.T) {
	got := Details(&plan.Action{Use: "x.y", Target: plan.Target{Name: "t"}, Before: []byte(`{"state":"active","keys":[{"id":"A","on":true},{"id":"B","on":false}],"none":null,"tags":[]}`)})
	for _, want := range []string{"now: state: active", "now: keys 1.id: A", "now: keys 1.on: yes", "now: keys 2.on: no", "now: none: none", "now: tags: none"} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
	if strings.ContainsAny(got, "{}") {
		t.Errorf("raw:\n%s", got)
	}
}

func TestUndoNamesTheWayBack(t *testing.T) {
	for _, c := range []struct {
		a    plan.Action
		want string
	}{
		{plan.Action{Effect: plan.Reversible, Inverse: &plan.Inverse{Use: "a.b"}}, "can be undone with a.b"},
		{plan.Action{Effect: plan.Disruptive, Inverse: &plan.Inverse{Use: "manual.task"}}, "by a person"},
		{plan.Action{Effect: plan.Irreversible}, "CANNOT be undone"},
		{plan.Action{Effect: plan.Reversible, Role: plan.Deliver}, "a new value takes its place"},
		{plan.Action{Effect: plan.Disruptive}, "cannot be taken back"},
	} {
		if got := Undo(&c.a); !strings.Contains(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
