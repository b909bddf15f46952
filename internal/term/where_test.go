//go:build !race

package term

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

const hostile = "x\x1b[2J\x07\u202e\r\n<b>"

// standing is an incident with one action of each sort, and hostile names.
func standing(t *testing.T, actions ...plan.Action) *respond.State {
	t.Helper()
	d := respond.New()
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	p := &plan.Plan{Schema: plan.Schema, Actions: actions, Closings: []plan.Closing{{Credential: "c", Name: "TOKEN" + hostile, Kind: "credential", Actions: []string{actions[0].ID}, Owner: "platform" + hostile}}}
	for _, x := range []respond.Data{respond.Opened{Incident: "inc-1", Began: at, Operator: "alice"}, respond.Planned{Plan: p}} {
		d.Observe(respond.Event{Time: at, Data: x})
	}
	return d.State()
}

func disabling(id, name string) plan.Action {
	return plan.Action{
		ID: id, Step: plan.Disable, Use: "github.workflow.disable", Effect: plan.Reversible, Role: plan.Contain, Proof: plan.P2,
		Target: plan.Target{Name: name}, Inverse: &plan.Inverse{Use: "github.workflow.enable"}, Breaks: "no event starts it",
		Contact: "#platform", Before: []byte(`{"state":"active","on":["push","pull_request"]}`),
	}
}

func confirming(s *respond.State) respond.Ask {
	a := respond.Ask{ID: "confirm/disable/reversible#1", Kind: respond.Confirm, Step: plan.Disable, Effect: plan.Reversible, Choices: []string{"go", "some", "skip", "hand-over", "pause"}}
	for i := range s.Actions {
		a.Actions = append(a.Actions, s.Actions[i].Action)
	}
	return a
}

func asked(p *Person, s *respond.State, a respond.Ask) <-chan answer {
	out := make(chan answer, 1)
	go func() {
		r, ok, err := p.Answer(context.Background(), s, a)
		out <- answer{r, ok, err}
	}()
	return out
}

// What a person has to know stands above the question, whatever the names are.
func TestAPromptSaysWhatToWhatUndoableAndWhomItConcerns(t *testing.T) {
	c, s := open(t, map[string]string{})
	st := standing(t, disabling("a", "ci.yml"+hostile))
	got := asked(&Person{IO: s, By: "alice"}, st, confirming(st))
	c.await("0 of 1 action done")
	c.await(`still open: TOKENx\x1b[2J\x07\u202e\x0d\n<b>`)
	c.await("github.workflow.disable")
	c.await(`ci.ymlx\x1b[2J`)
	c.await("can be undone with github.workflow.enable")
	c.await("breaks: no event starts it; concerns")
	c.await(`platformx\x1b[2J\x07\u202e\x0d\n<b>`)
	c.await("Go ahead")
	c.enter("\r")
	if a := <-got; a.reply.Answer.Choice != "go" {
		t.Errorf("got %+v", a)
	}
}

func TestTheQuestionMarkSaysWhereOneIs(t *testing.T) {
	c, s := open(t, map[string]string{})
	st := standing(t, disabling("a", "ci.yml"))
	got := asked(&Person{IO: s, By: "alice"}, st, confirming(st))
	c.await("Go ahead")
	c.enter("?")
	c.await("Incident inc-1")
	c.await("asks you: disable: go ahead with 1 reversible action?")
	c.await("firebreak resume")
	c.await("Go ahead")
	c.enter(down + down + "\r") // typed at once: nothing of it may be lost
	c.await("Why?")
	c.enter("not ours\r")
	if a := <-got; a.reply.Answer.Choice != "skip" {
		t.Errorf("got %+v", a)
	}
}

func TestDetailsHaveAMessageForTheOwner(t *testing.T) {
	c, s := open(t, map[string]string{})
	st := standing(t, disabling("a", "ci.yml"))
	got := asked(&Person{IO: s, By: "alice"}, st, confirming(st))
	c.await("Go ahead")
	c.enter(down + down + down + "\r")
	c.await("now: on: push, pull_request")
	c.await("now: state: active")
	c.await("---- message to platform")
	c.await("github.workflow.disable on ci.yml (can be undone with github.workflow.enable)")
	c.await("What stops working: no event starts it")
	c.await("Ask alice.")
	c.await("Go ahead")
	c.enter("\x03")
	<-got
}

func TestHandingOverAsksToWhomAndWhatTheyShouldKnow(t *testing.T) {
	c, s := open(t, map[string]string{})
	st := standing(t, disabling("a", "ci.yml"))
	got := asked(&Person{IO: s, By: "alice"}, st, confirming(st))
	c.await("Hand over to somebody else")
	c.enter(strings.Repeat(down, 5) + "\r")
	c.await("To whom?")
	c.enter("alice\r")
	c.await("that is you")
	c.enter("\x15carol\r")
	c.await("What should they know?")
	c.enter("the token is next\r")
	if a := <-got; a.reply.Answer.Choice != "hand-over" || a.reply.Answer.To != "carol" || a.reply.Answer.Reason != "the token is next" {
		t.Errorf("got %+v", a)
	}
}

// Leaving the second question goes back to the first, and no key is lost on the way.
func TestCtrlCGoesBackAndKeepsTheKeyboard(t *testing.T) {
	c, s := open(t, map[string]string{})
	st := standing(t, disabling("a", "ci.yml"))
	got := asked(&Person{IO: s, By: "alice"}, st, confirming(st))
	c.await("Go ahead")
	c.enter(down + down + "\r")
	c.await("Why?")
	c.enter("\x03")
	c.await("Go ahead")
	c.enter("\r")
	if a := <-got; a.reply.Answer.Choice != "go" {
		t.Errorf("got %+v", a)
	}
}

// A terminal that changes its size while a question stands: the question stays whole.
func TestResizeDuringAPrompt(t *testing.T) {
	c, s := open(t, map[string]string{})
	st := standing(t, disabling("a", "ci.yml"))
	got := asked(&Person{IO: s, By: "alice"}, st, confirming(st))
	c.await("Pause here; resume later")
	if err := pty.Setsize(c.pty, &pty.Winsize{Rows: 12, Cols: 40}); err != nil {
		t.Fatal(err)
	}
	c.notify(t)
	c.await("Go ahead")
	c.enter(down + down + "\r")
	c.await("Why?")
	c.enter("small\r")
	if a := <-got; a.reply.Answer.Choice != "skip" {
		t.Errorf("got %+v", a)
	}
	if w := s.Width(); w != 40 {
		t.Errorf("the width is taken for %d", w)
	}
}

// The prompt and what stands above it fit a screen of 80 by 24, with as many actions
// and as long names as there are; what finds no room is counted.
func TestPromptsFitTheScreen(t *testing.T) {
	long := strings.Repeat("a-very-long-workflow-name-", 6) + "end.yml"
	for _, n := range []int{1, 2, 7, 40} {
		var actions []plan.Action
		for i := range n {
			actions = append(actions, disabling(string(rune('a'+i%26))+strings.Repeat("x", i/26), long))
		}
		st := standing(t, actions...)
		a := confirming(st)
		room := 24 - len(choices(a)) - around
		text := (page{80, room, st}).above(a)
		if got := strings.Count(text, "\n"); got > room {
			t.Errorf("%d actions: %d lines where %d have room:\n%s", n, got, room, text)
		}
		if !strings.Contains(text, long) {
			t.Errorf("%d actions: the name is cut:\n%s", n, text)
		}
		if n == 40 && !strings.Contains(text, "more; details shows all") {
			t.Errorf("the others are not counted:\n%s", text)
		}
	}
}
