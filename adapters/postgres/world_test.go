package postgres_test

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/postgres"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	wpg "github.com/firebreak/firebreak/internal/world/postgres"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// The embedded world passes for a server: the same suites, with its clock.
func TestSuitesInTheWorld(t *testing.T) {
	for _, x := range []struct {
		action string
		change func(*adaptertest.Suite, *inWorld)
	}{
		{"postgres.role.disable", func(s *adaptertest.Suite, w *inWorld) {
			s.Inputs["old"] = plan.Value{Held: "old:DATABASE_URL"}
			s.Secrets = w.secret("old")
		}},
		{"postgres.role.end_sessions", func(s *adaptertest.Suite, _ *inWorld) { s.Quirks.NotByWorld = true }},
		{"postgres.role.mint", func(s *adaptertest.Suite, _ *inWorld) { s.Quirks.Blind = true }},
		{"postgres.role.test", func(s *adaptertest.Suite, w *inWorld) {
			s.Inputs["id"], s.Inputs["value"] = plan.Value{Literal: "app_a"}, plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
			s.Secrets, s.Quirks.NotByWorld = w.secret("value"), true
		}},
		{"postgres.role.retire", func(s *adaptertest.Suite, w *inWorld) {
			s.Inputs["new"], s.Inputs["old"] = plan.Value{Literal: "app_b"}, plan.Value{Held: "old:DATABASE_URL"}
			s.Secrets, s.Quirks.Blind = w.secret("old"), true
		}},
	} {
		t.Run(strings.TrimPrefix(x.action, "postgres.role."), func(t *testing.T) {
			w := &inWorld{}
			w.begin(t)
			s := adaptertest.Suite{
				Action: x.action,
				World: func(t *testing.T) adaptertest.World {
					w.begin(t)
					return adaptertest.World{Transport: postgres.Gateway(w.w.Wire().Dial), Now: w.w.Clock.Now, Advance: w.w.Clock.Advance}
				},
				Provider: func(_ *testing.T, wire adapters.Wire) adapters.Provider {
					return postgres.New(postgres.Config{Getenv: w.getenv}, wire)
				},
				Scope:  adapters.Scope{Issuers: []adapters.Selector{{Name: "postgres.role", With: map[string]string{"dsn_env": env}}}},
				Inputs: adapters.Inputs{"dsn_env": {Literal: env}, "roles": {Literal: []string{"app_a", "app_b"}}, "live": {Literal: "app_a"}, "url": {Literal: template}},
			}
			x.change(&s, w)
			adaptertest.Run(t, s)
		})
	}
}

// inWorld is the world that was begun last.
type inWorld struct {
	w *worldtest.World
	s *wpg.Server
}

func (x *inWorld) begin(t *testing.T) {
	t.Helper()
	x.w = worldtest.New(t, world.Options{}, func(c world.Core) world.Provider {
		var err error
		x.s, err = wpg.New(c, wpg.Seed{URL: template, Roles: []wpg.SeedRole{
			{Name: "owner"}, {Name: "app_a", Credential: "DATABASE_URL", MemberOf: []string{"owner"}, Sessions: 1, Stolen: 1}, {Name: "app_b", MemberOf: []string{"owner"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return x.s
	})
}

func (x *inWorld) secret(name string) map[string]secret.Text {
	return map[string]secret.Text{name: secret.NewString(x.s.Values["DATABASE_URL"])}
}

func (x *inWorld) getenv(name string) string {
	all, err := x.w.Environment()
	if err != nil {
		return ""
	}
	return all[name]
}

// Who is dead in the world: the value nobody can log in with, once the thief's session is
// ended too, and not before.
func TestWorldsJudgement(t *testing.T) {
	x := &inWorld{}
	x.begin(t)
	p := postgres.New(postgres.Config{Getenv: x.getenv}, x.w.Wire())
	task := func(more map[string]any) adapters.Task {
		in := map[string]any{"dsn_env": env, "roles": []string{"app_a", "app_b"}, "live": "app_a", "url": template}
		for k, v := range more {
			in[k] = v
		}
		return adapters.Task{Inputs: in, Now: x.w.Clock.Now(), Began: x.w.Clock.Now()}
	}
	carry := func(name string) {
		for _, a := range p.Actions() {
			if a.Spec().Name != name {
				continue
			}
			for _, c := range a.Verify(t.Context(), task(nil)).Next {
				if res := a.Apply(t.Context(), task(nil), c); res.State != plan.Done {
					t.Fatalf("%+v", res.Outcome)
				}
			}
		}
	}
	alive := func() string { return x.w.Projection()["credential DATABASE_URL"] }
	carry("postgres.role.disable")
	if alive() != "alive" {
		t.Error("its session works on")
	}
	carry("postgres.role.end_sessions")
	if alive() != "dead" {
		t.Error("nobody can do anything with it any more")
	}
}
