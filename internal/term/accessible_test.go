//go:build !race

package term

import (
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

// In plain lines nothing is chosen by an empty line, and the end of the input is never
// a yes.
func TestAccessibleQuestions(t *testing.T) {
	c, s := open(t, map[string]string{"ACCESSIBLE": "1"})
	st := standing(t, disabling("a", "ci.yml"))
	got := asked(&Person{IO: s, By: "alice"}, st, confirming(st))
	c.await("1. Go ahead")
	c.await("Enter a number between 1 and 7")
	c.enter("\n")
	c.await("Nothing was chosen")
	c.enter("?\n")
	c.await("asks you: disable")
	c.await("Enter a number")
	c.enter("3\nnot ours\n") // typed ahead: the second line is the second answer
	if a := <-got; a.reply.Answer.Choice != "skip" || a.reply.Answer.Reason != "not ours" {
		t.Errorf("got %+v", a)
	}
}

func TestTheEndOfTheInputIsNoYes(t *testing.T) {
	for _, where := range []string{"choice", "name"} {
		c, s := open(t, map[string]string{"ACCESSIBLE": "1"})
		got := ask(&Person{IO: s, By: "alice"}, irreversible())
		c.await("Enter a number")
		if where == "name" {
			c.enter("1\n")
			c.await("Type acme/shop to confirm")
			c.enter("\x04") // back to the choice
			c.await("Enter a number")
		}
		c.enter("\x04")
		if a := <-got; a.reply.Answer.Choice != "pause" {
			t.Errorf("%s: got %+v", where, a)
		}
	}
}

func TestAccessibleConfirmationWantsTheName(t *testing.T) {
	c, s := open(t, map[string]string{"TERM": "dumb", "ACCESSIBLE": "1"})
	a := irreversible()
	a.Actions[0].Effect = plan.Irreversible
	got := ask(&Person{IO: s, By: "alice"}, a)
	c.await("Enter a number")
	c.enter("1\n")
	c.await("Type acme/shop to confirm")
	c.enter("acme\n")
	c.await("that is not acme/shop")
	c.enter("acme/shop\n")
	if r := <-got; r.reply.Answer.Choice != "go" {
		t.Errorf("got %+v", r)
	}
}
