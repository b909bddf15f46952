package postgres

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// disable takes from the old role that it may log in. Its sessions go on: endSessions ends
// those. Of two roles of which nobody knows the one in use both are stopped.
type disable struct{ p *Provider }

// Spec implements adapters.Action.
func (disable) Spec() plan.Spec {
	return plan.Spec{
		Name: "postgres.role.disable", Summary: "Take from a database role that it may log in.", Target: "role",
		Inputs: []plan.Field{
			inputDSN, inputRoles, inputLive, inputURL,
			{Name: "old", Type: plan.Secret, Doc: "the old value: it tells which role it is of, and its refusal is the proof"},
			{Name: "keep", Type: plan.String, Doc: "the role that has the new value, which is never stopped"},
		},
		Outputs: []plan.Field{{Name: "stopped", Type: plan.Timestamp, Doc: "the server's time at which nobody could log in any more"}},
		Effect:  plan.Disruptive, Role: plan.Kill, Lost: plan.ResendSafe, Proof: plan.P3, Without: plan.P2, Settle: settle,
		Permissions: []string{permitAlter},
		Source:      `PostgreSQL documentation, "ALTER ROLE", NOLOGIN: existing sessions are not affected`,
	}
}

// roleImage is what is relied on: the attributes of the roles.
type roleImage struct {
	Login map[string]bool `json:"login"`
}

// Plan implements adapters.Action.
func (disable) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	db, err := surveyed(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	t, err := turnsOf(in, db)
	if err != nil {
		return plan.Change{}, err
	}
	c := plan.Change{
		Target: target(db, t.old()), Gaps: t.notKnown(db),
		Breaks: "everything that logs in as " + strings.Join(t.old(), " or ") + ", poolers and replicas' clients included, until it has the new value",
	}
	image := roleImage{Login: map[string]bool{}}
	for _, r := range db.Roles {
		if !slices.Contains(t.old(), r.Name) {
			continue
		}
		if image.Login[r.Name] = r.Login; r.Login {
			c.Calls = append(c.Calls, alterCall("nologin", r.Name))
		}
	}
	c.Before = plan.Image(image)
	return c, nil
}

func alterCall(verb, role string) plan.Call {
	return plan.Call{Key: verb + " " + role, Verb: verb, Object: role, Args: map[string]string{"role": role}}
}

// Apply implements adapters.Action.
func (a disable) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	return a.p.alter(ctx, t, c)
}

// alter sends the statement a call names about a role.
func (p *Provider) alter(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	db, err := p.server(t.Text("dsn_env"))
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: err.Error()}}
	}
	if c.Args["role"] == db.user {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: db.user + " is firebreak's own role; come back with another in " + t.Text("dsn_env")}}
	}
	return adapters.Result{Outcome: db.change(ctx, rolePath(c.Args["role"], c.Verb), "")}
}

// Settle implements adapters.Action. Whose call it was cannot be told; it is resend-safe.
func (a disable) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	return a.p.settled(ctx, t, c)
}

// settled looks whether a role may not log in.
func (p *Provider) settled(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	rows, _, err := p.look(ctx, t)
	if err != nil {
		return adapters.Unsettled(err)
	}
	if r, there := rows.row(c.Args["role"]); there && r.Login {
		return t.Absent(c, settle, r.Name+" may log in")
	}
	return plan.Settlement{Happened: "yes"}
}

func (p *Provider) look(ctx context.Context, t adapters.Task) (roleRows, *server, error) {
	db, err := p.server(t.Text("dsn_env"))
	if err != nil {
		return roleRows{}, nil, err
	}
	rows, err := db.roles(ctx)
	return rows, db, err
}

// meant are the roles that are stopped: the one the old value names, else those of the
// plan, never the one with the new value.
func (disable) meant(t adapters.Task) []string {
	all := texts(t.Inputs["roles"])
	if role, _ := login(t.Secrets["old"]); role != "" && slices.Contains(all, role) {
		all = []string{role}
	} else if live := t.Text("live"); live != "" {
		all = []string{live}
	} else if planned := plannedRoles(t); len(planned) > 0 {
		all = planned
	}
	return slices.DeleteFunc(slices.Clone(all), func(r string) bool { return r == t.Text("keep") })
}

// plannedRoles are those the plan names.
func plannedRoles(t adapters.Task) (out []string) {
	for _, c := range t.Action.Calls {
		out = append(out, c.Args["role"])
	}
	return out
}

// Verify implements adapters.Action.
func (a disable) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	rows, db, err := a.p.look(ctx, t)
	if err != nil {
		return adapters.Unread(err)
	}
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Server: rows.Now}
	image := roleImage{Login: map[string]bool{}}
	for _, name := range a.meant(t) {
		row, there := rows.row(name)
		if !there {
			return plan.Reading{State: plan.Unknown, Detail: "the role " + name + " is not there any more; say which one it is now under issuer postgres.role"}
		}
		if image.Login[name] = row.Login; row.Login {
			r.State, r.Next = plan.Broken, append(r.Next, alterCall("nologin", name))
		}
	}
	if r.Before = plan.Image(image); r.State == plan.Broken {
		r.Detail = "it may still log in"
		return r
	}
	r.Detail = strings.Join(a.meant(t), ", ") + " may not log in"
	r.Outputs = map[string]plan.Output{"stopped": {Value: rows.Now.UTC().Format(time.RFC3339Nano)}}
	return probed(ctx, db, t, r, a.meant(t))
}

// probed tries the old value, where it is at hand, against each role it may be of.
func probed(ctx context.Context, db *server, t adapters.Task, r plan.Reading, roles []string) plan.Reading {
	old := t.Secrets["old"]
	if old.Empty() || len(roles) == 0 {
		return r
	}
	role, password := login(old)
	if role != "" {
		roles = []string{role}
	}
	for _, name := range roles {
		switch err := db.try(ctx, name, password); {
		case adapters.StatusOf(err) == http.StatusUnauthorized:
		case err == nil:
			return plan.Reading{State: plan.Broken, Proof: r.Proof, Before: r.Before, Wait: plan.Duration(5 * time.Second), Detail: fmt.Sprintf("the server still lets %s in with the old value", name)}
		default:
			return adapters.Unread(err)
		}
	}
	r.Proof, r.Detail = plan.P3, "the server refuses the old value"
	return r
}
