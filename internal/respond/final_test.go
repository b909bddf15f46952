package respond_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Where an object is not known without the old value, that is asked for, and nobody is
// asked whether to try again before; with the value it is looked at anew.
func TestOldValueIsAskedForBeforeGivingUp(t *testing.T) {
	kill := action("kill", plan.Kill, plan.Read)
	kill.Inputs = map[string]plan.Value{"old": {Held: "old:KEY"}}
	stuck := plan.Reading{State: plan.Broken, Final: true, Detail: "it is not known which of two is meant"}
	for name, x := range map[string]struct {
		choice string
		want   string
	}{"somebody has it": {"value", "verify kill"}, "nobody has it": {"none", "ask failed/kill"}} {
		t.Run(name, func(t *testing.T) {
			b := open(t, respond.Opened{}, one(kill))
			b.see(respond.Verified{Action: "kill", Reading: stuck})
			asked := b.keys()
			if len(asked) != 1 || asked[0] != "ask old/old:KEY#1" {
				t.Fatalf("asks %v", asked)
			}
			b.see(respond.Answered{Ask: asked[0][len("ask "):], Choice: x.choice, Value: "sealed:1", By: "alice"})
			if got := b.keys(); !slices.ContainsFunc(got, func(k string) bool { return len(k) >= len(x.want) && k[:len(x.want)] == x.want }) || len(got) != 1 {
				t.Errorf("wants %v", got)
			}
		})
	}
}

// Whoever is about to end an object by hand is asked for its old value first: it tells
// which object that is, and the task says so.
func TestAPersonIsToldWhichObjectToEnd(t *testing.T) {
	kill := action("kill", plan.Kill, plan.Irreversible)
	kill.Inputs = map[string]plan.Value{"old": {Held: "old:KEY"}}
	kill.Assisted = &plan.Assisted{Instructions: "delete the old key"}
	alive := plan.Reading{State: plan.Broken, Detail: "the key with fingerprint 1 works"}
	b := open(t, respond.Opened{}, one(kill))
	b.see(respond.Verified{Action: "kill", Reading: alive})
	asked := b.keys()
	if len(asked) != 1 || asked[0] != "ask old/old:KEY#1" {
		t.Fatalf("asks %v", asked)
	}
	b.see(respond.Answered{Ask: asked[0][len("ask "):], Choice: "value", Value: "sealed:1", By: "alice"})
	b.see(respond.Verified{Action: "kill", Reading: alive})
	var ask respond.Ask
	for _, c := range b.d.Commands() {
		if a, is := c.(respond.Ask); is && a.Kind == respond.Assist {
			ask = a
		}
	}
	if !strings.HasPrefix(ask.Text, "now: the key with fingerprint 1 works\n") || !slices.Contains(ask.Choices, "retry") {
		t.Fatalf("wants %v, asks %+v", b.keys(), ask)
	}
	b.see(respond.Answered{Ask: ask.ID, Choice: "retry", By: "alice"}) // that was another key's
	if got := b.keys(); !slices.Contains(got, "ask old/old:KEY#2") {
		t.Errorf("after another old value was promised, wants %v", got)
	}
}
