package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// endSessions ends the sessions that were opened with the old value: neither a new
// password nor NOLOGIN touches them. Those that began after nobody could log in with it
// any more are others' and stay.
type endSessions struct{ p *Provider }

// Spec implements adapters.Action.
func (endSessions) Spec() plan.Spec {
	return plan.Spec{
		Name: "postgres.role.end_sessions", Summary: "End the sessions of a database role that were opened with the old value.", Target: "sessions",
		Inputs: []plan.Field{
			inputDSN, inputRoles, inputLive, inputURL,
			{Name: "stopped", Type: plan.Timestamp, Doc: "the server's time since which nobody can log in with the old value; left out: all sessions end"},
		},
		Effect: plan.Disruptive, Role: plan.Cut, Lost: plan.ResendSafe, Proof: plan.P2, Settle: settle,
		Permissions: []string{permitSessions},
		Source:      `PostgreSQL documentation, "Server Signaling Functions", pg_terminate_backend; "pg_stat_activity"`,
	}
}

// Plan implements adapters.Action.
func (endSessions) Plan(in adapters.Inputs, s *snapshot.Snapshot) (plan.Change, error) {
	db, err := surveyed(in, s)
	if err != nil {
		return plan.Change{}, err
	}
	t, err := turnsOf(in, db)
	if err != nil {
		return plan.Change{}, err
	}
	to := target(db, t.old())
	return plan.Change{
		Target: plan.Target{Provider: "postgres", Kind: "sessions", ID: to.ID, Name: "sessions of " + to.Name, Selector: true},
		Breaks: "what is under way in sessions of " + strings.Join(t.old(), " or ") + " is rolled back",
		Gaps: []plan.Gap{{
			What: "what was done with " + strings.Join(t.old(), " or ") + " at " + db.Address,
			Why:  "roles that were made since the first snapshot are shown; functions, triggers and rights that were made are not, and a pooler may keep connections and passwords of its own",
		}},
	}, nil
}

// Apply implements adapters.Action.
func (a endSessions) Apply(ctx context.Context, t adapters.Task, c plan.Call) adapters.Result {
	db, err := a.p.server(t.Text("dsn_env"))
	if err != nil {
		return adapters.Result{Outcome: plan.Outcome{State: plan.Refused, Detail: err.Error()}}
	}
	return adapters.Result{Outcome: db.change(ctx, "/sessions/"+c.Args["pid"]+"/end", c.Args["role"]+" "+c.Args["began"])}
}

// Settle implements adapters.Action.
func (a endSessions) Settle(ctx context.Context, t adapters.Task, c plan.Call) plan.Settlement {
	rows, err := a.list(ctx, t)
	if err != nil {
		return adapters.Unsettled(err)
	}
	if slices.ContainsFunc(rows.Sessions, func(s sessionRow) bool {
		return began(s) == c.Args["began"] && strconv.Itoa(int(s.PID)) == c.Args["pid"]
	}) {
		return t.Absent(c, settle, "the session is still there")
	}
	return plan.Settlement{Happened: "yes"}
}

func (a endSessions) list(ctx context.Context, t adapters.Task) (sessionRows, error) {
	db, err := a.p.server(t.Text("dsn_env"))
	if err != nil {
		return sessionRows{}, err
	}
	return db.sessions(ctx)
}

func began(s sessionRow) string {
	if s.Began == nil {
		return ""
	}
	return s.Began.UTC().Format(time.RFC3339Nano)
}

// Verify implements adapters.Action.
func (a endSessions) Verify(ctx context.Context, t adapters.Task) plan.Reading {
	rows, err := a.list(ctx, t)
	if err != nil {
		return adapters.Unread(err)
	}
	stopped, err := time.Parse(time.RFC3339Nano, t.Text("stopped"))
	limited := err == nil
	r := plan.Reading{State: plan.Held, Proof: plan.P1, Server: rows.Now, Detail: "no session that may be the old value's is left"}
	roles := texts(t.Inputs["roles"])
	for _, s := range rows.Sessions {
		switch {
		case s.Role == "" && s.Began == nil, slices.Contains(roles, s.Role) && s.Began == nil:
			return plan.Reading{State: plan.Unknown, Detail: "the server does not show when sessions began; grant firebreak's role pg_read_all_stats"}
		case !slices.Contains(roles, s.Role), limited && s.Began.After(stopped):
		default:
			r.State = plan.Broken
			r.Next = append(r.Next, plan.Call{
				Key: "end " + strconv.Itoa(int(s.PID)) + " " + began(s), Verb: "end", Object: fmt.Sprintf("session %d of %s since %s from %s", s.PID, s.Role, began(s), s.From),
				Args: map[string]string{"pid": strconv.Itoa(int(s.PID)), "role": s.Role, "began": began(s)},
			})
		}
	}
	if len(r.Next) > 0 {
		r.Detail = strconv.Itoa(len(r.Next)) + " sessions may be the old value's"
	}
	return r
}
