package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/drive/local"
	"github.com/firebreak/firebreak/internal/drive/simulated"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/tally"
	"github.com/firebreak/firebreak/internal/term"
	"github.com/firebreak/firebreak/internal/view"
	"github.com/firebreak/firebreak/internal/world"
)

// stage is the shipped playbook, compiled for the shipped scenario, with the real
// adapters talking HTTP to a world whose clock the simulated driver moves.
type stage struct {
	t      *testing.T
	dir    string
	clock  *world.Manual
	r      *rehearse.Rehearsal
	site   *site
	hands  *local.Hands
	answer *rehearse.Responder
	log    []respond.Event
	files  map[string]bool // sealed before the call under way

	responder drive.Responder // the scenario's team, unless a test has another

	seed    uint64
	attacks *rand.Rand // nil: the attacker keeps still
}

func newStage(t *testing.T, faults ...rehearse.Fault) *stage {
	t.Helper()
	return newStageIn(t, setting{faults: faults})
}

// setting is what is particular about a stage.
type setting struct {
	scenario string                 // "" for the shipped one
	playbook string                 // "" for the scenario's
	edit     func(*rehearse.Loaded) // of the scenario; nil for none
	unmended bool                   // the team pushes no fix
	faults   []rehearse.Fault       // beside the scenario's own
	limits   []rehearse.Limit
	around   func(*rehearse.Rehearsal) http.RoundTripper // nil: the world's own transport
	said     *bytes.Buffer                               // stderr; nil for nowhere
}

func newStageIn(t *testing.T, o setting) *stage {
	t.Helper()
	l, err := loadScenario(cmp.Or(o.scenario, defaultScenario))
	if err != nil {
		t.Fatal(err)
	}
	if o.unmended {
		l.Team.Pushes = nil
	}
	if o.edit != nil {
		o.edit(l)
	}
	l.Scenario.Playbook = cmp.Or(o.playbook, l.Scenario.Playbook)
	l.Faults = append(slices.Clone(l.Faults), o.faults...)
	l.Scenario.World.Limits = append(slices.Clone(l.Scenario.World.Limits), o.limits...)
	var said io.Writer = io.Discard
	if o.said != nil {
		said = o.said
	}
	s := &stage{t: t, seed: 1, dir: t.TempDir(), clock: world.NewManual(l.World.Begins)}
	f := &Factory{IO: &term.Streams{Out: io.Discard, Err: term.NewScreen(said, false)}, Redactor: secret.NewRedactor(), Environ: map[string]string{}}
	if s.r, err = rehearse.Open(t.Context(), rehearse.Options{Scenario: l, Dir: filepath.Join(s.dir, "world"), Seed: 1, Clock: s.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.r.Close(); err != nil {
			t.Error(err)
		}
	})
	if o.around != nil {
		s.r.Transport = o.around(s.r)
	}
	if s.site, err = f.rehearsalSite(s.r, "firebreak/test"); err != nil {
		t.Fatal(err)
	}
	s.plan(l)
	sealer, err := secret.OpenSealer(s.dir, s.site.recipients)
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := local.OpenEvidence(s.dir, f.Redactor)
	if err != nil {
		t.Fatal(err)
	}
	look := &eyes{site: s.site, evidence: evidence}
	s.hands = local.NewHands(local.HandsOptions{
		Catalogue: s.site.catalogue, Sealer: sealer, Redactor: f.Redactor, Evidence: evidence, Clock: s.clock, Survey: look.Survey,
	})
	s.answer = s.r.Responder(sealer.Seal)
	s.responder = s.answer
	return s
}

func (s *stage) plan(l *rehearse.Loaded) {
	s.t.Helper()
	ctx := s.t.Context()
	book, err := s.site.playbook(l.Scenario.Playbook)
	if err != nil {
		s.t.Fatal(err)
	}
	repository := l.World.GitHub.Repository
	seen, err := s.site.look(ctx, []string{repository}, []string{repository + "/" + l.Incident.Workflow}, always(given(s.r.Inputs()).Since))
	if err != nil {
		s.t.Fatal(err)
	}
	p, _, err := s.site.compile(ctx, book, s.r.Inputs(), seen, false)
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := plan.Encode(p)
	if err != nil {
		s.t.Fatal(err)
	}
	who := s.site.selves(ctx)
	now := s.clock.Now()
	s.log = []respond.Event{
		{Time: now, Data: respond.Opened{Incident: "inc-test", Decider: respond.Version, Mode: "rehearsal", World: s.r.World.ID(), Began: now, Author: "alice", Operator: "bob", Accounts: who.accounts, Self: who.kills, Recipients: s.site.recipients}},
		{Time: now, Data: respond.Planned{Digest: plan.Digest(b), Bytes: b, Plan: p}},
	}
}

// Observe lets the team and, now and then, the attacker act between events.
func (s *stage) Observe(e respond.Event, st *respond.State) {
	s.r.Observe(e, st)
	if s.attacks != nil && s.attacks.IntN(8) == 0 {
		if err := s.r.Round(s.t.Context()); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *stage) run(crash func(simulated.Where, int, respond.Apply) bool) (simulated.Result, error) {
	res, err := simulated.Run(s.t.Context(), simulated.Options{
		Journal: s.log, Hands: s, Responder: s.responder, Clock: s.clock, Rand: rand.New(rand.NewPCG(s.seed, uint64(len(s.log)))),
		Crash: crash, Lost: s.forget, Observer: s,
	})
	s.log = res.Journal
	return res, err
}

func (s *stage) sealed() map[string]bool {
	out := map[string]bool{}
	list, err := os.ReadDir(filepath.Join(s.dir, "sealed"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	for _, e := range list {
		out[e.Name()] = true
	}
	return out
}

// forget undoes the sealing of an answer that was never seen.
func (s *stage) forget(respond.Apply) {
	for name := range s.sealed() {
		if !s.files[name] {
			if err := os.Remove(filepath.Join(s.dir, "sealed", name)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// Apply implements drive.Hands, noting what was sealed before.
func (s *stage) Apply(ctx context.Context, st *respond.State, c respond.Apply) plan.Outcome {
	s.files = s.sealed()
	return s.hands.Apply(ctx, st, c)
}

// Settle implements drive.Hands.
func (s *stage) Settle(ctx context.Context, st *respond.State, c respond.Settle) plan.Settlement {
	return s.hands.Settle(ctx, st, c)
}

// Verify implements drive.Hands.
func (s *stage) Verify(ctx context.Context, st *respond.State, c respond.Verify) plan.Reading {
	return s.hands.Verify(ctx, st, c)
}

// Survey implements drive.Hands.
func (s *stage) Survey(ctx context.Context, st *respond.State, c respond.Survey) respond.Surveyed {
	return s.hands.Survey(ctx, st, c)
}

// closed holds an ended incident against the world: contained, and without a
// violation by the world's own log.
func (s *stage) closed(r simulated.Result, what string) {
	s.t.Helper()
	if r.Stop == nil || !r.Stop.Close {
		in := view.NewIncident(r.State, "")
		s.t.Fatalf("%s: not closed: %+v, gates %+v, open %+v", what, r.Stop, in.Gates, in.Open)
	}
	r.State.Phase = "closed" // the local driver records it; this one stops before
	score := s.r.Score(r.State)
	if score.Outcome != rehearse.Contained || len(score.Violations) > 0 {
		s.t.Errorf("%s: %s %v, violations %v", what, score.Outcome, score.Why, score.Violations)
	}
}

// projection is the world's, of invariant I5.
func (s *stage) projection() map[string]string { return s.r.World.Projection() }

func differences(got, want map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if got[k] != want[k] {
			out = append(out, fmt.Sprintf("%s: %q, never killed %q", k, got[k], want[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[k]; !ok {
			out = append(out, fmt.Sprintf("%s: %q, never killed: not there", k, got[k]))
		}
	}
	return strings.Join(out, "\n")
}

// TestCrashPointsOfTheShippedPlaybook stops before the request, after the effect,
// after the answer and after the fsync of every mutating call of the shipped
// playbook, resumes, and compares with an incident never killed (I1 to I11 by the
// checks of closed, I5 by the projection).
func TestCrashPointsOfTheShippedPlaybook(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred incidents over HTTP; run without -short")
	}
	points, calls := crashEverywhere(t, "", 1)
	tally.Note(t, "%d crash points at %d mutating calls of the shipped playbook, real adapters in virtual time", points, calls)
}

// crashEverywhere carries the scenario out once for each place of each mutating call, or
// for one of so many, and holds what it ends in against the end of the incident never
// killed.
func crashEverywhere(t *testing.T, scenario string, share int) (points, calls int) {
	t.Helper()
	straight := newStageIn(t, setting{scenario: scenario})
	r, err := straight.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	straight.closed(r, "never killed")
	want := straight.projection()
	applied := map[string]bool{}
	for _, st := range r.State.Actions {
		if len(st.Attempts) > 0 {
			applied[st.Action.Use] = true
		}
		if simulated.Mutates(st.Action) && len(st.Attempts) == 0 && st.Action.Assisted == nil {
			t.Logf("%s had nothing to do", st.Action.ID)
		}
	}
	hit := map[string]bool{}
	for n := 1; n <= r.Calls; n++ {
		for i, w := range simulated.Places() {
			if (n+i)%share != 0 {
				continue
			}
			points++
			name := fmt.Sprintf("call %d %s", n, w)
			t.Run(name, func(t *testing.T) {
				s := newStageIn(t, setting{scenario: scenario})
				_, err := s.run(func(at simulated.Where, k int, c respond.Apply) bool {
					if at != w || k != n {
						return false
					}
					hit[c.Action.Use] = true
					return true
				})
				if !errors.Is(err, simulated.ErrCrashed) {
					t.Fatalf("no crash: %v", err)
				}
				s.clock.Advance(90e9)
				s.log = append(s.log, respond.Event{Time: s.clock.Now(), Data: respond.Resumed{Operator: "bob"}})
				end, err := s.run(nil)
				if err != nil {
					t.Fatal(err)
				}
				s.closed(end, name)
				if d := differences(s.projection(), want); d != "" {
					t.Errorf("ends otherwise:\n%s", d)
				}
			})
		}
	}
	for use := range applied {
		if !hit[use] {
			t.Errorf("%s has an Apply in the journal and no crash point", use)
		}
	}
	return points, r.Calls
}
