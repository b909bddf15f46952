package simulated

import (
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

var epoch = time.Date(2026, 5, 11, 3, 0, 0, 0, time.UTC)

type clock struct{ t time.Time }

func (c *clock) Now() time.Time          { return c.t }
func (c *clock) Advance(d time.Duration) { c.t = c.t.Add(d) }

func act(step plan.Step, use string, role plan.Role, effect plan.Effect, lost plan.Lost, proof plan.Proof, after ...string) plan.Action {
	return plan.Action{
		ID: string(step) + "/" + use, Step: step, Use: use, Role: role, Effect: effect, Lost: lost, Proof: proof, After: after,
		Settle: plan.Duration(8 * time.Second), Target: plan.Target{Provider: "sim", Kind: "thing", ID: use, Name: use},
	}
}

// narrow is the narrow path in small: one workflow, one role, one credential in
// emergency order, one in overlap.
func narrow() *plan.Plan {
	door := []string{"workflow:acme/shop/ci.yml"}
	p := &plan.Plan{Schema: plan.Schema, Inputs: map[string]any{"repository": "acme/shop"}, Subjects: []string{"acme/shop/ci.yml"}}
	add := func(a plan.Action, f ...func(*plan.Action)) string {
		for _, g := range f {
			g(&a)
		}
		p.Actions = append(p.Actions, a)
		return a.ID
	}
	doors := func(a *plan.Action) { a.Doors = door }
	idDoor := func(a *plan.Action) { a.Doors = []string{"identity:role:deploy"} }
	disable := add(act(plan.Disable, "wf.disable", plan.Contain, plan.Reversible, plan.ResendSafe, plan.P2), doors)
	cancel := add(act(plan.Disable, "runs.cancel", plan.Contain, plan.Disruptive, plan.ResendSafe, plan.P2, disable), doors)
	freeze := add(act(plan.Disable, "freeze", plan.Freeze, plan.Reversible, plan.ResendSafe, plan.P1))
	deny := add(act(plan.Revoke, "role.deny", plan.Contain, plan.Disruptive, plan.ResendSafe, plan.P2), idDoor)
	cut := add(act(plan.Revoke, "role.cut", plan.Cut, plan.Disruptive, plan.ResendSafe, plan.P2, deny), idDoor)
	feed := func(from string) func(*plan.Action) {
		return func(a *plan.Action) {
			a.Doors = append(door, "identity:role:deploy")
			a.Inputs = map[string]plan.Value{"value": {Output: &plan.Ref{Action: from, Name: "value"}}}
		}
	}
	cred := func(a *plan.Action) { a.Evidence = []string{"tokens"} }
	export := add(act(plan.Review, "logs.export", plan.Export, plan.Read, plan.ResendSafe, plan.P1, cancel), func(a *plan.Action) { a.Evidence = []string{"logs", "tokens"} })

	kill := add(act(plan.Invalidate, "npm.kill", plan.Kill, plan.Irreversible, plan.ResendSafe, plan.P3))
	mint := add(act(plan.Invalidate, "npm.mint", plan.Mint, plan.Reversible, plan.Detectable, plan.P1, kill))
	put := add(act(plan.Invalidate, "npm.put", plan.Deliver, plan.Irreversible, plan.ResendSafe, plan.P1, mint), feed(mint))
	test := add(act(plan.Invalidate, "npm.test", plan.Test, plan.Read, plan.ResendSafe, plan.P3, put))

	mint2 := add(act(plan.Rotate, "key.mint", plan.Mint, plan.Reversible, plan.Detectable, plan.P1))
	put2 := add(act(plan.Rotate, "key.put", plan.Deliver, plan.Reversible, plan.Detectable, plan.P1, mint2), feed(mint2))
	test2 := add(act(plan.Rotate, "key.test", plan.Test, plan.Read, plan.ResendSafe, plan.P3, put2))
	kill2 := add(act(plan.Rotate, "key.disable", plan.Kill, plan.Disruptive, plan.ResendSafe, plan.P3), func(a *plan.Action) {
		a.Until = []string{test2}
		a.Deadline = plan.Duration(time.Hour)
	})
	destroy2 := add(act(plan.Rotate, "key.destroy", plan.Destroy, plan.Irreversible, plan.ResendSafe, plan.P2, kill2, test2), cred)

	purge := add(act(plan.Rebuild, "caches.purge", plan.Purge, plan.Irreversible, plan.ResendSafe, plan.P2, export))
	build := add(act(plan.Rebuild, "rebuild", plan.Build, plan.Disruptive, plan.Detectable, plan.P1, purge))
	promote := add(act(plan.Rebuild, "promote", plan.Promote, plan.Read, plan.ResendSafe, plan.P1, build))
	enable := add(act(plan.Restore, "wf.enable", plan.Enable, plan.Disruptive, plan.ResendSafe, plan.P1, promote), doors)
	canary := add(act(plan.Restore, "canary", plan.Canary, plan.Disruptive, plan.Detectable, plan.P1, enable))
	add(act(plan.Restore, "lift", plan.Lift, plan.Reversible, plan.ResendSafe, plan.P1, freeze, canary))
	p.Closings = []plan.Closing{
		{Credential: "npm", Name: "NPM_TOKEN", Kind: "credential", Actions: []string{kill, mint, put, test}},
		{Credential: "key", Name: "DEPLOY_KEY", Kind: "credential", Actions: []string{mint2, put2, test2, kill2, destroy2}},
		{Credential: "role:deploy", Name: "deploy", Kind: "identity", Actions: []string{deny, cut}},
	}
	return p
}

// failer is a test or a rapid check.
type failer interface {
	Helper()
	Fatal(...any)
}

func opening(t failer, p *plan.Plan) []respond.Event {
	t.Helper()
	b, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return []respond.Event{
		{Time: epoch, Data: respond.Opened{Incident: "inc-1", Decider: respond.Version, Mode: "rehearsal", Began: epoch, Author: "alice", Operator: "bob"}},
		{Time: epoch, Data: respond.Planned{Digest: plan.Digest(b), Bytes: json.RawMessage(b), Plan: p}},
	}
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

var willing = Answers{
	respond.Confirm: "go", respond.Failed: "retry", respond.GateHeld: "retry", respond.InDoubt: "retry", respond.Assist: "done", respond.OldValue: "none",
}
