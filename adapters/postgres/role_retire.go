package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// retire takes the password from the role whose turn is over, so that the old value stays
// dead when somebody lets the role log in again. Of one role nothing is left to take: its
// old password went when the new one was set.
type retire struct{ p *Provider }

// Spec implements adapters.Action.
func (retire) Spec() plan.Spec {
	return plan.Spec{
		Name: "postgres.role.retire", Summary: "Take the old password from a database role whose turn is over.", Target: "role",
		Inputs: []plan.Field{
			inputDSN, inputRoles, inputLive, inputURL,
			{Name: "old", Type: plan.Secret, Doc: "the old value: its refusal is the proof"},
			{Name: "new", Type: plan.String, Required: true, Doc: "the role that has the new value, which is left alone"},
		},
		Effect: plan.Irreversible, Role: plan.Destroy, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: settle,
		Permissions: []string{permitAlter},
		Source:      `PostgreSQL documentation, "ALTER ROLE", PASSWORD NULL: password authentication always fails then`,
	}
}

// Plan implements adapters.Action.
func (retire) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	db, err := surveyed(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	t, err := turnsOf(in, db)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{Target: target(db, others(t.roles, t.next())), Breaks: "a role that is let log in again needs a new password"}
	if len(t.roles) == 1 {
		c.Target, c.Breaks = target(db, t.roles), ""
	}
	for _, r := range others(t.roles, t.next()) {
		c.Calls = append(c.Calls, alterCall("retire", r))
	}
	return c, nil
}

func others(roles []string, but string) []string {
	return slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return r == but })
}

// Apply implements adapters.Action.
func (a retire) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	return a.p.alter(ctx, t, c)
}

// Settle implements adapters.Action.
func (a retire) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.p.settled(ctx, t, c)
}

// Verify implements adapters.Action. Whether a role has a password only a superuser can
// read: our own call that was accepted tells, and the old value where it is at hand.
func (a retire) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	rows, db, err := a.p.look(ctx, t)
	if err != nil {
		return adapters.Unread(err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Server: rows.Now, Detail: "its old password was replaced when the new one was set"}
	gone := others(texts(t.Inputs["roles"]), t.Text("new"))
	for _, name := range gone {
		row, there := rows.row(name)
		if there && (row.Login || !taken(t, name)) {
			r.State, r.Next, r.Detail = plan.Broken, append(r.Next, alterCall("retire", name)), "its old password is there"
		}
	}
	if r.State == plan.Broken {
		return r
	}
	if len(gone) > 0 {
		r.Detail = strings.Join(gone, ", ") + " has no password any more"
	}
	return probed(ctx, db, t, r, texts(t.Inputs["roles"]))
}

// taken reports whether our call for a role was accepted.
func taken(t adapters.Task, role string) bool {
	return slices.ContainsFunc(t.History, func(a plan.Attempt) bool {
		return a.Call.Args["role"] == role && a.Outcome != nil && a.Outcome.State == plan.Done
	})
}
