package postgres_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/postgres"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// hand carries one action out as the decider would.
type hand struct {
	t      *testing.T
	g      *ground
	action adapters.Action
	task   adapters.Task
}

func (g *ground) hand(t *testing.T, name string, in map[string]any) *hand {
	t.Helper()
	p := postgres.New(postgres.Config{Getenv: g.getenv}, g.wire())
	for _, a := range p.Actions() {
		if a.Spec().Name == name {
			h := &hand{t: t, g: g, action: a, task: adapters.Task{Inputs: map[string]any{"dsn_env": env}, Secrets: map[string]secret.Text{}, Now: time.Now(), Began: time.Now()}}
			literals := adapters.Inputs{"dsn_env": {Literal: env}}
			for k, v := range in {
				h.task.Inputs[k], literals[k] = v, plan.Value{Literal: v}
			}
			c, err := a.Plan(literals, g.snapshot(t))
			if err != nil {
				t.Fatal(err)
			}
			h.task.Action.Calls = c.Calls
			return h
		}
	}
	t.Fatalf("no action %s", name)
	return nil
}

func (g *ground) snapshot(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	s := &snapshot.Snapshot{}
	p := postgres.New(postgres.Config{Getenv: g.getenv}, g.wire())
	if err := p.Survey(t.Context(), adapters.Scope{Issuers: []adapters.Selector{{Name: "postgres.role", With: map[string]string{"dsn_env": env}}}}, s); err != nil || len(s.Databases) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	return s
}

func (h *hand) look() plan.Reading { return h.action.Verify(h.t.Context(), h.task) }

// until looks and sends until it is held; it gives the values that were made.
func (h *hand) until() (plan.Reading, map[string]secret.Text) {
	h.t.Helper()
	made := map[string]secret.Text{}
	for n := range 20 {
		r := h.look()
		if r.State == plan.Held {
			return r, made
		}
		for _, c := range r.Next {
			res := h.action.Apply(h.t.Context(), h.task, c)
			if res.State != plan.Done {
				h.t.Fatalf("%s: %+v", c.Key, res.Outcome)
			}
			for k, v := range res.Secrets {
				made[k] = v
			}
			h.task.History = append(h.task.History, plan.Attempt{Call: c, Number: n, At: time.Now(), Outcome: &res.Outcome})
		}
		if len(r.Next) == 0 {
			h.t.Fatalf("%+v", r)
		}
	}
	h.t.Fatal("it does not end")
	return plan.Reading{}, nil
}

var two = map[string]any{"roles": []string{"app_a", "app_b"}, "url": template}

func with(in map[string]any, pairs ...any) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

func TestTraps(t *testing.T) {
	g := newGround(t)
	for name, test := range map[string]func(*testing.T, *ground){
		"a new password ends no session": sessionsOutlive, "sessions that began later stay": laterSessionsStay, "the idle role takes its turn": theIdleRole, "one role alone": alone,
		"which is in use is not known": notKnown, "a refusal that is none": refusals, "the old role is named by its value": namedByValue, "roles with odd names": oddNames,
		"what an attacker made is shown": attackersRoles, "a dry run changes nothing": dryRun, "our own role": ourOwn, "without the right to": notPermitted,
	} {
		t.Run(name, func(t *testing.T) {
			g.t = t
			g.reset()
			test(t, g)
		})
	}
}

func sessionsOutlive(t *testing.T, g *ground) {
	theirs := g.session("app_a", oldValue)
	stopped, _ := g.hand(t, "postgres.role.disable", with(two, "live", "app_a")).until()
	if g.works("app_a", oldValue) || theirs.Ping(t.Context()) != nil {
		t.Fatal("NOLOGIN refuses new sessions and leaves those there are")
	}
	g.hand(t, "postgres.role.end_sessions", with(two, "stopped", stopped.Outputs["stopped"].Value)).until()
	if theirs.Ping(t.Context()) == nil {
		t.Error("the session lives")
	}
}

func laterSessionsStay(t *testing.T, g *ground) {
	single := map[string]any{"roles": []string{"app_a"}}
	old := g.session("app_a", oldValue)
	stopped, _ := g.hand(t, "postgres.role.disable", single).until()
	_, made := g.hand(t, "postgres.role.mint", single).until()
	fresh := g.session("app_a", made["value"].Reveal())
	g.hand(t, "postgres.role.end_sessions", with(single, "stopped", stopped.Outputs["stopped"].Value)).until()
	if old.Ping(t.Context()) == nil || fresh.Ping(t.Context()) != nil {
		t.Error("the old session is to end, and the new one to stay")
	}
}

func theIdleRole(t *testing.T, g *ground) {
	g.session("app_a", oldValue) // so that it is seen to be in use
	g.hand(t, "postgres.role.disable", two).until()
	r, made := g.hand(t, "postgres.role.mint", two).until()
	role := r.Outputs["id"].Value
	if v := made["value"].Reveal(); role != "app_b" || !strings.HasPrefix(v, "postgres://app_b:") || !strings.HasSuffix(v, "@db.internal:5432/shop") {
		t.Fatalf("%s", role)
	}
	try := g.hand(t, "postgres.role.test", with(two, "id", role))
	try.task.Secrets["value"] = made["value"]
	if r := try.look(); r.State != plan.Held || r.Proof != plan.P3 {
		t.Errorf("%+v", r)
	}
	retire := g.hand(t, "postgres.role.retire", with(two, "new", role))
	retire.task.Secrets["old"] = secret.NewString(strings.NewReplacer("{role}", "app_a", "{password}", oldValue).Replace(template))
	if r, _ := retire.until(); r.Proof != plan.P3 {
		t.Errorf("%+v", r)
	}
	g.exec("ALTER ROLE app_a LOGIN") // somebody lets it in again
	if g.works("app_a", oldValue) {
		t.Error("the old value is alive again")
	}
}

func alone(t *testing.T, g *ground) {
	single := map[string]any{"roles": []string{"app_a"}}
	g.hand(t, "postgres.role.disable", single).until()
	r, made := g.hand(t, "postgres.role.mint", single).until()
	if r.Outputs["id"].Value != "app_a" || !g.works("app_a", made["value"].Reveal()) || g.works("app_a", oldValue) {
		t.Errorf("%+v", r)
	}
	retire := g.hand(t, "postgres.role.retire", with(single, "new", "app_a"))
	retire.task.Secrets["old"] = secret.NewString(oldValue)
	if r := retire.look(); r.State != plan.Held || r.Proof != plan.P3 || len(r.Next) > 0 {
		t.Errorf("%+v", r)
	}
}

func notKnown(t *testing.T, g *ground) {
	g.exec("ALTER ROLE app_b LOGIN")
	g.session("app_a", oldValue)
	g.password("app_b", oldValue)
	g.session("app_b", oldValue)
	g.hand(t, "postgres.role.disable", two).until()
	if g.works("app_a", oldValue) || g.works("app_b", oldValue) {
		t.Error("nobody knows which is in use, so both are stopped")
	}
}

// What says that somebody may not come in now, or from here, says nothing of a password.
func refusals(t *testing.T, g *ground) {
	h := g.hand(t, "postgres.role.disable", with(two, "live", "app_a"))
	h.until()
	h.task.Secrets["old"] = secret.NewString("postgres://app_a:" + oldValue + "@db.internal/shop")
	if r := h.look(); r.State != plan.Held || r.Proof != plan.P3 {
		t.Errorf("a role that may not log in: %+v", r)
	}
	for what, status := range map[string]int{"pg_hba.conf": http.StatusForbidden, "too many connections": http.StatusServiceUnavailable, "an address that is gone": 0} {
		p := postgres.New(postgres.Config{Getenv: g.getenv}, adapters.Wire{Now: time.Now, Transport: refusing{postgres.Gateway(new(net.Dialer).DialContext), status}})
		for _, a := range p.Actions() {
			if a.Spec().Name == "postgres.role.disable" {
				if r := a.Verify(t.Context(), h.task); r.State != plan.Unknown {
					t.Errorf("%s: %+v", what, r)
				}
			}
		}
	}
}

// refusing answers whoever is not the responder.
type refusing struct {
	next   http.RoundTripper
	status int
}

func (r refusing) RoundTrip(q *http.Request) (*http.Response, error) {
	if user, _, _ := q.BasicAuth(); user == "responder" {
		return r.next.RoundTrip(q)
	}
	if r.status == 0 {
		return nil, &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
	}
	return &http.Response{StatusCode: r.status, Header: http.Header{}, Body: http.NoBody, Request: q}, nil
}

func namedByValue(t *testing.T, g *ground) {
	g.exec("ALTER ROLE app_b LOGIN")
	g.password("app_b", "never-log-me-b")
	h := g.hand(t, "postgres.role.disable", with(two, "live", "app_a"))
	h.task.Secrets["old"] = secret.NewString("postgres://app_b:never-log-me-b@db.internal/shop")
	if r, _ := h.until(); r.Proof != plan.P3 || g.works("app_b", "never-log-me-b") || !g.works("app_a", oldValue) {
		t.Errorf("the value names the role that is meant: %+v", r)
	}
}

func oddNames(t *testing.T, g *ground) {
	const odd = `Odd "Role`
	g.exec(`CREATE ROLE "Odd ""Role" LOGIN`)
	single := map[string]any{"roles": []string{odd}}
	_, made := g.hand(t, "postgres.role.mint", single).until()
	try := g.hand(t, "postgres.role.test", with(single, "id", odd))
	try.task.Secrets["value"] = made["value"]
	if r := try.look(); r.State != plan.Held {
		t.Errorf("%+v", r)
	}
	g.hand(t, "postgres.role.disable", single).until()
}

func attackersRoles(t *testing.T, g *ground) {
	before := g.snapshot(t)
	g.exec(`CREATE ROLE "Odd ""Role" SUPERUSER LOGIN; GRANT owner TO app_b; ALTER ROLE app_b CREATEROLE`)
	var told []string
	for _, c := range snapshot.Compare(before, g.snapshot(t)) {
		told = append(told, c.What+" "+c.Kind+" "+c.Name)
	}
	if !slices.Contains(told, `added role Odd "Role`) || !slices.Contains(told, "changed role app_b") || len(told) != 2 {
		t.Errorf("%v", told)
	}
}

func dryRun(t *testing.T, g *ground) {
	w := g.wire()
	w.ReadOnly = true
	p := postgres.New(postgres.Config{Getenv: g.getenv}, w)
	for _, a := range p.Actions() {
		if a.Spec().Name != "postgres.role.disable" {
			continue
		}
		res := a.Apply(t.Context(), adapters.Task{Inputs: map[string]any{"dsn_env": env}}, plan.Call{Key: "nologin app_a", Verb: "nologin", Args: map[string]string{"role": "app_a"}})
		if res.State != plan.Refused || !g.works("app_a", oldValue) {
			t.Errorf("%+v", res)
		}
	}
}

func ourOwn(t *testing.T, g *ground) {
	h := g.hand(t, "postgres.role.disable", map[string]any{"roles": []string{"responder"}})
	r := h.look()
	if res := h.action.Apply(t.Context(), h.task, r.Next[0]); res.State != plan.Refused || !strings.Contains(res.Detail, "firebreak's own role") {
		t.Errorf("%+v", res)
	}
}

func notPermitted(t *testing.T, g *ground) {
	h := g.hand(t, "postgres.role.disable", with(two, "live", "app_a"))
	g.exec("ALTER ROLE responder NOSUPERUSER")
	res := h.action.Apply(t.Context(), h.task, h.look().Next[0])
	if res.State != plan.Refused || res.Permission == "" || res.Temporary {
		t.Errorf("%+v", res.Outcome)
	}
	if got := g.snapshot(t).Permissions; !slices.ContainsFunc(got, func(p snapshot.Permission) bool { return p.Granted == "no" && strings.HasPrefix(p.Name, "CREATEROLE") }) {
		t.Errorf("%+v", got)
	}
	theirs := g.session("app_a", oldValue)
	if r := g.hand(t, "postgres.role.end_sessions", with(two, "live", "app_a")).look(); r.State != plan.Unknown {
		t.Errorf("who may not see when sessions began does not know: %+v", r)
	}
	if theirs.Ping(t.Context()) != nil {
		t.Error("the session ended")
	}
}
