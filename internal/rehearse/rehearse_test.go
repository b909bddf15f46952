package rehearse_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/aws"
	"github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/npm"
	"github.com/firebreak/firebreak/playbooks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2025, 3, 14, 16, 57, 0, 0, time.UTC)

func load(t *testing.T) *rehearse.Loaded {
	t.Helper()
	return loadNamed(t, "publish-token-theft")
}

func loadNamed(t *testing.T, name string) *rehearse.Loaded {
	t.Helper()
	files, err := playbooks.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	l, err := rehearse.Load(files, name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func open(t *testing.T, l *rehearse.Loaded, dir string, clock *world.Manual) *rehearse.Rehearsal {
	t.Helper()
	r, err := rehearse.Open(t.Context(), rehearse.Options{Scenario: l, Dir: dir, Clock: clock, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func start(t *testing.T, change ...func(*rehearse.Loaded)) (*rehearse.Rehearsal, *world.Manual) {
	t.Helper()
	l, clock := load(t), world.NewManual(began)
	for _, f := range change {
		f(l)
	}
	r := open(t, l, t.TempDir(), clock)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r, clock
}

func round(t *testing.T, r *rehearse.Rehearsal) {
	t.Helper()
	if err := r.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// uses counts what the attacker did with a credential and was allowed to.
func uses(r *rehearse.Rehearsal, credential string) int {
	n := 0
	for _, e := range r.World.Entries() {
		if e.Credential == credential && strings.HasPrefix(e.Agent, "attacker/") && e.Kind == "request" && e.Status < 400 {
			n++
		}
	}
	return n
}

func TestAttackerUsesEverythingItHolds(t *testing.T) {
	r, _ := start(t)
	round(t, r)
	for _, c := range r.Attacker.Holds {
		if uses(r, c) == 0 {
			t.Errorf("%s was not used; the log:\n%s", c, text(r))
		}
	}
}

func text(r *rehearse.Rehearsal) string {
	var b strings.Builder
	for _, e := range r.World.Entries() {
		j, err := json.Marshal(e)
		if err != nil {
			panic(err)
		}
		b.Write(append(j, '\n'))
	}
	return b.String()
}

func TestDeadValueStopsWorkingWhenTheWorldSaysSo(t *testing.T) {
	r, clock := start(t)
	round(t, r)
	if err := r.World.Do(func(c world.Core) { c.Dies("unrelated", c.Now(), "test") }); err != nil {
		t.Fatal(err)
	}
	deleteToken(t, r)
	before := uses(r, "NPM_TOKEN")
	clock.Advance(89 * time.Second)
	round(t, r)
	if uses(r, "NPM_TOKEN") != before+1 {
		t.Error("the token does not work 89 s after it was deleted; the registry needs 90")
	}
	clock.Advance(time.Second)
	round(t, r)
	if uses(r, "NPM_TOKEN") != before+1 {
		t.Error("the token works 90 s after it was deleted")
	}
	for _, c := range r.Score(nil).Credentials {
		if c.ID == "NPM_TOKEN" && (!c.Dead || c.DeadAt == nil || !c.DeadAt.Equal(began.Add(90*time.Second))) {
			t.Errorf("scored %+v, want dead at +90 s", c)
		}
	}
}

// What was left on a machine erases it when a stolen token dies, and only as long as the
// machine is on the network; whether its runner is registered makes no difference.
func TestAMachineIsErasedWhenATokenDies(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*rehearse.Rehearsal)
		want   int
	}{
		"on the network": {func(*rehearse.Rehearsal) {}, 1},
		"off it":         {func(r *rehearse.Rehearsal) { r.World.Provider("github").(*github.Server).Disconnect("bench-1") }, 0},
	} {
		l, clock := loadNamed(t, "dead-man-switch"), world.NewManual(began)
		r := open(t, l, t.TempDir(), clock)
		round(t, r)
		if err := r.World.Do(func(world.Core) { c.before(r) }); err != nil {
			t.Fatal(err)
		}
		round(t, r)
		if n := len(r.Score(nil).Violations); n != 0 {
			t.Errorf("%s: %d violations while the token lives", name, n)
		}
		deleteToken(t, r)
		clock.Advance(time.Minute)
		round(t, r)
		round(t, r)
		got := 0
		for _, v := range r.Score(nil).Violations {
			if v.Kind == "machine_wiped" && v.Target == "bench-1" {
				got++
			}
		}
		if got != c.want {
			t.Errorf("%s: erased %d times, want %d", name, got, c.want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOutcomes(t *testing.T) {
	r, _ := start(t)
	if got := r.Score(nil).Outcome; got != rehearse.Breached {
		t.Errorf("nothing done is %s, want breached", got)
	}
	r.Expect.Closed = nil
	if got := r.Score(nil).Outcome; got != rehearse.Incomplete {
		t.Errorf("nothing expected and nothing closed is %s, want incomplete", got)
	}
	if got := r.Score(&respond.State{Phase: "closed"}).Outcome; got != rehearse.Contained {
		t.Errorf("nothing expected and closed is %s, want contained", got)
	}
}

func TestClaimBeforeTheFactIsAViolation(t *testing.T) {
	r, _ := start(t)
	deleteToken(t, r)
	for _, c := range []struct {
		claimed time.Time
		want    int
	}{{began.Add(89 * time.Second), 1}, {began.Add(90 * time.Second), 0}} {
		s := &respond.State{Closings: []respond.ClosingState{{Closing: plan.Closing{Credential: "acme/shop:repository:NPM_TOKEN", Name: "NPM_TOKEN"}, Closed: true, Claimed: c.claimed}}}
		got := 0
		for _, v := range r.Score(s).Violations {
			if v.Kind == "claimed_before_dead" {
				got++
			}
		}
		if got != c.want {
			t.Errorf("claimed at %s: %d violations, want %d", c.claimed, got, c.want)
		}
	}
}

func TestKilledWorldReopensEqual(t *testing.T) {
	l, clock, dir := load(t), world.NewManual(began), t.TempDir()
	r := open(t, l, dir, clock)
	round(t, r)
	deleteToken(t, r)
	before, env, log := r.World.Projection(), r.Environment, r.World.Entries()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = open(t, l, dir, clock)
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	if after := r.World.Projection(); !maps.Equal(before, after) {
		t.Errorf("reopened as %v, was %v", after, before)
	}
	if !maps.Equal(env, r.Environment) {
		t.Error("a reopened world has another environment")
	}
	if !slices.Equal(log, r.World.Entries()) {
		t.Error("a reopened world has another log")
	}
	clock.Advance(2 * time.Minute)
	n := uses(r, "NPM_TOKEN")
	round(t, r)
	if uses(r, "NPM_TOKEN") != n {
		t.Error("the token that was deleted before works again")
	}
}

func TestTeamPushesOnceAfterItsStep(t *testing.T) {
	r, _ := start(t)
	act := func(p respond.Phase) *respond.State {
		return &respond.State{Actions: []respond.ActionState{{Action: &plan.Action{ID: "a", Step: plan.Step(r.Team.Pushes.After)}, Phase: p}}}
	}
	pushes := func() (n int) {
		for _, e := range r.World.Entries() {
			if e.Kind == "team" && e.Call == "push" {
				n++
			}
		}
		return n
	}
	e := respond.Event{Data: respond.Fired{}}
	r.Observe(e, act(respond.Waiting))
	if pushes() != 0 {
		t.Error("pushed while the step was open")
	}
	r.Observe(e, act(respond.Finished))
	r.Observe(e, act(respond.Finished))
	if pushes() != 2 {
		t.Errorf("%d branches pushed, want main and legacy once each", pushes())
	}
}

func TestTeamNeverPushes(t *testing.T) {
	r, _ := start(t, func(l *rehearse.Loaded) { l.Team.Pushes.After = "never" })
	r.Observe(respond.Event{Data: respond.Fired{}}, &respond.State{Actions: []respond.ActionState{{Action: &plan.Action{}, Phase: respond.Finished}}})
	for _, e := range r.World.Entries() {
		if e.Kind == "team" {
			t.Errorf("the team did %+v", e)
		}
	}
}

func TestResponder(t *testing.T) {
	r, clock := start(t)
	sealed := map[string]secret.Text{}
	team := r.Responder(func(name string, v secret.Text) (string, error) {
		sealed[name] = v
		return "sealed/" + name, nil
	})
	answer := func(a respond.Ask) respond.Answered {
		t.Helper()
		got, ok, err := team.Answer(t.Context(), nil, a)
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", a.ID, ok, err)
		}
		return got.Answer
	}
	confirm := respond.Ask{ID: "confirm/disable/disruptive#1", Kind: respond.Confirm, Choices: []string{"go", "skip", "pause"}}
	if got := answer(confirm); got.Choice != "go" || got.Ask != confirm.ID {
		t.Errorf("confirm: %+v", got)
	}
	old := answer(respond.Ask{ID: "old/x#1", Kind: respond.OldValue, Held: "old:acme/shop:environment/preview:DEPLOY_AWS_ACCESS_KEY_ID/DEPLOY_AWS_SECRET_ACCESS_KEY"})
	if old.Choice != "value" || len(sealed) != 1 {
		t.Errorf("old value: %+v", old)
	}
	var key aws.Held
	if err := r.World.Do(func(world.Core) {
		key, _ = r.World.Provider("aws").(*aws.Server).Key("DEPLOY_AWS_ACCESS_KEY_ID")
	}); err != nil {
		t.Fatal(err)
	}
	for _, v := range sealed {
		if v.Reveal() != key.Secret {
			t.Error("another value was sealed than the key's secret")
		}
	}
	if got := answer(respond.Ask{ID: "old/y#1", Kind: respond.OldValue, Held: "old:acme/shop:repository:OTHER"}); got.Choice != "none" {
		t.Errorf("a value nobody knows: %+v", got)
	}
	before := clock.Now()
	gate := respond.Ask{ID: "gate/boundary-before-restore#1", Kind: respond.GateHeld, Choices: []string{"retry", "override", "pause"}}
	var choices []string
	for range 7 {
		choices = append(choices, answer(gate).Choice)
	}
	if want := "retry retry retry retry retry pause pause"; strings.Join(choices, " ") != want {
		t.Errorf("a held gate is answered %v, want %s", choices, want)
	}
	if !clock.Now().After(before) {
		t.Error("the team retried a gate without letting time pass")
	}
	if got := answer(respond.Ask{ID: "doubt/x/1#1", Kind: respond.InDoubt, Choices: []string{"settle-yes", "settle-no", "pause"}}); got.Choice != "pause" {
		t.Errorf("in doubt: %+v, want pause", got)
	}
}

func TestAttackerRunsUntilClosed(t *testing.T) {
	l := load(t)
	r, err := rehearse.Open(t.Context(), rehearse.Options{Scenario: l, Dir: t.TempDir(), Speed: 2000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r.StartAttacker(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for uses(r, "NPM_TOKEN") < 3 {
		if err := r.Clock.Sleep(ctx, time.Second); err != nil {
			t.Fatal("the attacker did not act three times")
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestFindingsToldBeforeAKillCount(t *testing.T) {
	l, clock, dir := load(t), world.NewManual(began), t.TempDir()
	found := func(r *rehearse.Rehearsal) (n int) {
		for _, v := range r.Score(&respond.State{Boundary: &respond.Surveyed{}}).Violations {
			if v.Kind == "finding_not_reported" {
				n++
			}
		}
		return n
	}
	r := open(t, l, dir, clock)
	if found(r) != 1 {
		t.Error("a finding that was never told is no violation")
	}
	r.Observe(respond.Event{Data: respond.Surveyed{Findings: []respond.Finding{{Rule: "untrusted-checkout-with-secrets"}}}}, nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = open(t, l, dir, clock)
	if found(r) != 0 {
		t.Error("a finding told before the rehearsal was reopened is forgotten")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSpeedIsKept(t *testing.T) {
	l, dir := load(t), t.TempDir()
	for _, c := range []struct {
		speed float64
		want  time.Duration
	}{{0, time.Minute / rehearse.DefaultSpeed}, {500, time.Minute / 500}, {0, time.Minute / 500}} {
		r, err := rehearse.Open(t.Context(), rehearse.Options{Scenario: l, Dir: dir, Speed: c.speed, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Clock.Real(time.Minute); got != c.want {
			t.Errorf("opened with speed %v a minute takes %s, want %s", c.speed, got, c.want)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPersistenceIsLeftAndScored(t *testing.T) {
	r, _ := start(t, func(l *rehearse.Loaded) { l.Attacker.Persists = []string{"dormant_workflow", "deploy_key"} })
	rep := r.Score(&respond.State{Found: []plan.Found{{Kind: "branch", Target: "acme/shop chore/update-ci"}}})
	want := []rehearse.Persistence{
		{Kind: "dormant_workflow", Target: "chore/update-ci:.github/workflows/nightly-audit.yml", Found: true},
		{Kind: "deploy_key", Target: "ci cache"},
	}
	if !slices.Equal(rep.Persistence, want) {
		t.Errorf("persistence %+v, want %+v", rep.Persistence, want)
	}
}

// deleteToken deletes the stolen token the way npm does, as the responder.
func deleteToken(t *testing.T, r *rehearse.Rehearsal) {
	t.Helper()
	key := ""
	if err := r.World.Do(func(world.Core) {
		for _, x := range r.World.Provider("npm").State().(*npm.State).Tokens {
			if x.Name == "NPM_TOKEN" {
				key = x.Key
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	request(t, r, "DELETE", "npm", "/-/npm/v1/tokens/token/"+key, "npm-responder")
}
