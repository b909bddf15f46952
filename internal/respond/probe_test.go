package respond_test

import (
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// An issuer which may take an hour to make a death effective everywhere is not
// waited for that long once the old value can be tried: neither when the value comes
// after a reading nor when it comes while one is under way.
func TestOldValueEndsTheWaiting(t *testing.T) {
	kill := func() *bench {
		a := action("a", plan.Kill, plan.Reversible)
		a.Settle, a.Proof, a.ProofWithout = plan.Duration(time.Hour), plan.P3, plan.P2
		a.Inputs = map[string]plan.Value{"old": {Held: "old:TOKEN"}}
		b := open(t, respond.Opened{}, one(a))
		b.broken("a", "kill")
		b.answer("confirm/disable/reversible#1", "go")
		b.call("a", "kill", 1, plan.Done)
		return b
	}
	value := respond.Answered{Ask: "old/old:TOKEN#1", Choice: "value", By: "bob", Value: "sealed:old"}

	after := kill()
	after.held("a", plan.P1)
	after.want("ask old/old:TOKEN#1", "wait 1h0m0s")
	after.see(value)
	after.want("verify a")
	after.held("a", plan.P3)
	after.want("stop")

	during := kill()
	during.want("ask old/old:TOKEN#1", "verify a")
	during.see(value)
	during.held("a", plan.P1) // it was begun without the value
	during.want("wait 30s")
	during.pass(30 * time.Second)
	during.held("a", plan.P3)
	during.want("stop")

	without := kill()
	without.held("a", plan.P1)
	without.answer("old/old:TOKEN#1", "none")
	without.want("wait 1h0m0s")
}
