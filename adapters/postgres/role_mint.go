package postgres

import (
	"context"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// mint gives a role a new password and lets it log in: of two roles the idle one, of one
// itself. We choose the password. One whose setting has no answer is lost, and the next
// takes its place: no object is left behind.
type mint struct{ p *Provider }

// Spec implements adapters.Action.
func (mint) Spec() plan.Spec {
	return plan.Spec{
		Name: "postgres.role.mint", Summary: "Give a database role a new password.", Target: "role",
		Inputs: []plan.Field{inputDSN, inputRoles, inputLive, inputURL},
		Outputs: []plan.Field{
			{Name: "id", Type: plan.String, Doc: "the role that has the new password"},
			{Name: "value", Type: plan.Secret, Doc: "the password, or the url with it"},
		},
		Effect: plan.Disruptive, Role: plan.Mint, Lost: plan.ResendSafe, Proof: plan.P1, Settle: settle,
		Permissions: []string{permitAlter},
		Source:      `PostgreSQL documentation, "ALTER ROLE", PASSWORD: a string that is a SCRAM verifier already is kept as it is`,
	}
}

// Plan implements adapters.Action.
func (mint) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	db, err := surveyed(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	t, err := turnsOf(in, db)
	if err != nil {
		return plan.Change{}, err
	}
	return plan.Change{Target: target(db, []string{t.next()}), Calls: []plan.Call{passwordCall(t.next())}}, nil
}

func passwordCall(role string) plan.Call {
	return plan.Call{Key: "set the password of " + role, Verb: adapters.Create, Object: role, Args: map[string]string{"role": role}}
}

// length is that of a new password: 40 letters and digits are 238 bits.
const length = 40

// Apply implements adapters.Action.
func (m mint) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	refuse := func(why string) adapters.Result {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: why}}
	}
	db, err := m.p.server(t.Text("dsn_env"))
	if err != nil {
		return refuse(err.Error())
	}
	role := c.Args["role"]
	if role == db.user {
		return refuse(db.user + " is firebreak's own role; come back with another in " + t.Text("dsn_env"))
	}
	password, err := secret.Generate(secret.AlphaNumeric, length)
	if err != nil {
		return refuse(err.Error())
	}
	kept, err := verifier(password)
	if err != nil {
		return refuse("compute the verifier: " + err.Error())
	}
	o := db.change(ctx, rolePath(role, "password"), kept)
	if o.State != plan.Done {
		return adapters.Result{Outcome: o}
	}
	o.Outputs = map[string]plan.Output{"id": {Value: role}}
	return adapters.Result{Outcome: o, Secrets: map[string]secret.Text{"value": value(t.Text("url"), role, password)}}
}

// Settle implements adapters.Action. Whether a password was set is nothing a server says,
// and nothing that matters: its value is lost, and another will be set.
func (mint) Settle(context.Context, adapters.Task, plan.Call) plan.Settlement {
	return plan.Settlement{Happened: "unknown", Wait: settle, Detail: "a server does not say whether a password was set; another will take its place"}
}

// Verify implements adapters.Action.
func (m mint) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	rows, _, err := m.p.look(ctx, t)
	if err != nil {
		return adapters.Unread(err)
	}
	role := ""
	for _, c := range t.Action.Calls {
		role = c.Args["role"]
	}
	if role == "" {
		all := texts(t.Inputs["roles"])
		role = all[len(all)-1]
	}
	row, there := rows.row(role)
	if !there {
		return plan.Reading{State: plan.Unknown, Detail: "the role " + role + " is not there any more; say which one it is now under issuer postgres.role"}
	}
	if made, _ := t.Current(); made == role && row.Login {
		return plan.Reading{State: plan.Held, Proof: plan.P1, Server: rows.Now, Outputs: map[string]plan.Output{"id": {Value: role}}, Detail: role + " has a new password and may log in"}
	}
	return plan.Reading{State: plan.Broken, Server: rows.Now, Next: []plan.Call{passwordCall(role)}, Detail: "no new password yet"}
}
