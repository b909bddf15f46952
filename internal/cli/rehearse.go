package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
	"github.com/firebreak/firebreak/playbooks"
)

// readingSpeed is the world's speed when a person answers: the attacker's clock goes
// on while they read.
const readingSpeed = 8

// defaultScenario is what make run shows.
const defaultScenario = "publish-token-theft"

type rehearseOptions struct {
	f        *Factory
	scenario string
	playbook string
	auto     bool
	list     bool
	speed    float64
	seed     int64
}

func newCmdRehearse(f *Factory, runF func(*rehearseOptions) error) *cobra.Command {
	opts := &rehearseOptions{f: f}
	cmd := &cobra.Command{
		Use:   "rehearse [SCENARIO]",
		Short: "Carry a whole incident through a simulated world, with the attacker's clock",
		Long: `Start a world of simulated providers with an attacker in it, carry a playbook through
it with the real clients, and score the result by the world's own log. Nothing of the
environment is used and nothing but the world can be reached.

The score: contained ends with 0, breached or incomplete with 3.`,
		Example: "  firebreak rehearse                # asks, on a terminal\n  firebreak rehearse --auto         # the scenario's team answers",
		Args:    maybeOne("the scenario, by name or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.scenario = first(args); opts.scenario == "" {
				opts.scenario = defaultScenario
			}
			if !opts.auto && !cmd.Flags().Changed("speed") {
				opts.speed = readingSpeed
			}
			if runF != nil {
				return runF(opts)
			}
			return rehearseRun(cmd.Context(), opts)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&opts.auto, "auto", false, "let the scenario's team answer every question")
	fl.BoolVar(&opts.list, "list", false, "list the scenarios that ship with firebreak")
	fl.StringVar(&opts.playbook, "playbook", "", "playbook `file` instead of the scenario's")
	fl.Float64Var(&opts.speed, "speed", rehearse.DefaultSpeed, fmt.Sprintf("world seconds per second; %v where a person answers", readingSpeed))
	fl.Int64Var(&opts.seed, "seed", 1, "seed of the world's random numbers")
	return cmd
}

func rehearseRun(ctx context.Context, opts *rehearseOptions) error {
	f := opts.f
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	if !(opts.speed > 0) || opts.speed > 1e9 { // not a number is not above 0 either
		return fault(Usage, "firebreak help rehearse", "--speed %v is not a speed; give a number above 0", opts.speed)
	}
	if opts.list {
		return listScenarios(f, format)
	}
	if err := f.somebodyAnswers(opts.auto, "firebreak rehearse --auto"); err != nil {
		return err
	}
	scenario, err := loadScenario(opts.scenario)
	if err != nil {
		return err
	}
	id, err := f.newIncident()
	if err != nil {
		return err
	}
	dir, err := f.incidentsFolder()
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, id)
	if err := makeIncident(dir); err != nil {
		return err
	}
	r, err := rehearse.Open(ctx, rehearse.Options{Scenario: scenario, Dir: filepath.Join(dir, "world"), Speed: opts.speed, Seed: opts.seed})
	if err != nil {
		return err
	}
	game := &rehearsal{f: f, r: r, format: format, auto: opts.auto}
	state, err := game.begin(ctx, opts, id, dir)
	return game.end(state, err)
}

// rehearseAgain resumes a rehearsal in the world it was left in.
func rehearseAgain(ctx context.Context, opts *resumeOptions, dir string) error {
	f := opts.f
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	if err := f.somebodyAnswers(opts.auto, "firebreak resume --auto "+filepath.Base(dir)); err != nil {
		return err
	}
	world := filepath.Join(dir, "world")
	was, err := rehearse.Recall(world)
	if err != nil {
		return err
	}
	scenario, err := loadScenario(was.Scenario)
	if err != nil {
		return err
	}
	r, err := rehearse.Open(ctx, rehearse.Options{Scenario: scenario, Dir: world, Speed: opts.speed, Seed: was.Seed})
	if err != nil {
		return err
	}
	game := &rehearsal{f: f, r: r, format: format, auto: opts.auto, takeOver: opts.takeOver}
	state, err := game.resume(ctx, dir)
	return game.end(state, err)
}

// somebodyAnswers refuses a rehearsal in which every question would stay open.
func (f *Factory) somebodyAnswers(auto bool, next string) error {
	if auto || f.IO.CanAsk() {
		return nil
	}
	return fault(Usage, next, "there is no terminal to ask on")
}

// rehearsal is a sitting in a world.
type rehearsal struct {
	f      *Factory
	r      *rehearse.Rehearsal
	format string
	auto   bool
	ndjson *stream
	// takeOver is why somebody goes on with what was handed to another person.
	takeOver string
}

func (g *rehearsal) observers() []drive.Observer {
	var out []drive.Observer
	out, g.ndjson = g.f.observers(g.format, g.r)
	return out
}

func (g *rehearsal) begin(ctx context.Context, opts *rehearseOptions, id, dir string) (*respond.State, error) {
	g.r.StartAttacker(ctx)
	s, err := g.f.rehearsalSite(g.r, g.f.agent("rehearsal "+id))
	if err != nil {
		return nil, err
	}
	name := opts.playbook
	if name == "" {
		name = g.r.Scenario.Playbook
	}
	book, err := s.playbook(name)
	if err != nil {
		return nil, err
	}
	inputs := g.r.Inputs()
	repository := g.r.Scenario.World.GitHub.Repository
	var subjects []string
	for _, w := range g.r.Incident.Workflows() {
		subjects = append(subjects, repository+"/"+w)
	}
	l, err := s.look(ctx, []string{repository}, subjects, always(given(inputs).Since))
	if err != nil {
		return nil, err
	}
	p, _, err := s.compile(ctx, book, inputs, l, false)
	if err != nil {
		return nil, err
	}
	b, err := plan.Encode(p)
	if err != nil {
		return nil, err
	}
	o := opening{incident: id, dir: dir, plan: p, bytes: b, opened: respond.Opened{Mode: "rehearsal", World: g.r.World.ID()}}
	o.opened.Since, o.opened.SinceWhy = since(inputs)
	t, err := g.f.begin(ctx, s, o, g.observers())
	if err != nil {
		return nil, err
	}
	return g.sit(ctx, t)
}

func (g *rehearsal) resume(ctx context.Context, dir string) (*respond.State, error) {
	s, err := g.f.rehearsalSite(g.r, g.f.agent("rehearsal "+filepath.Base(dir)))
	if err != nil {
		return nil, err
	}
	was, err := journal.Read(dir)
	if err != nil {
		return nil, err
	}
	watching := g.observers()
	g.ndjson.seq = len(was.Events)
	t, err := g.f.resumeSitting(ctx, s, dir, place{world: g.r.World.ID(), takeOver: g.takeOver}, watching)
	if err != nil {
		return nil, err
	}
	g.r.StartAttacker(ctx)
	return g.sit(ctx, t)
}

func (g *rehearsal) sit(ctx context.Context, t *sitting) (s *respond.State, err error) {
	defer func() { err = errors.Join(err, t.log.Close()) }()
	responder := drive.Responder(&colleague{person: t.person(false), team: g.r.Responder(t.seal), r: g.r})
	if g.auto {
		responder = g.r.Responder(t.seal)
	}
	if s, err = t.run(ctx, responder); err != nil {
		return s, err
	}
	return s, t.checkpoint()
}

// end scores the rehearsal, closes its world and tells the outcome.
func (g *rehearsal) end(s *respond.State, err error) error {
	if err != nil {
		return errors.Join(err, g.r.Close())
	}
	score := g.r.Score(s)
	if err := errors.Join(g.r.Close(), g.show(score, s)); err != nil {
		return err
	}
	if g.broken(s) {
		return errors.Join(g.f.handedNow(s), ended(s))
	}
	if score.Outcome != rehearse.Contained {
		next := nextStep(s)
		if g.auto {
			next = "firebreak report " + s.Opened.Incident
		}
		return fault(Findings, next, "%s: %s", score.Outcome, strings.Join(score.Why, "; "))
	}
	return nil
}

func (g *rehearsal) show(score rehearse.Report, s *respond.State) error {
	switch g.format {
	case "json":
		return view.JSON(g.f.IO.Out, score)
	case "ndjson":
		return errors.Join(g.ndjson.err, view.ScoreLine(g.f.IO.Out, s.Opened.Incident, score))
	}
	if g.broken(s) {
		return g.f.result("human", s) // the score comes at the end
	}
	return view.WriteScore(g.f.IO.Out, g.f.IO.OutStyle(), table(score, s))
}

// broken reports whether a person ended the sitting: by Ctrl-C, a pause, a hand-over.
// The scenario's team that pauses has no more answers, and the score says how it ended.
func (g *rehearsal) broken(s *respond.State) bool {
	return s.Pause != nil && (Code(s.Pause.Code) == Interrupted || left(s) && !g.auto)
}

// since reads the start of the exposure from a scenario's inputs.
func since(inputs map[string]any) (time.Time, string) {
	text, ok := inputs["since"].(string)
	if !ok {
		return time.Time{}, "the scenario does not say"
	}
	given := subject{since: text}
	e := given.exposed(nil)
	return e.Since, e.Why
}

func loadScenario(name string) (*rehearse.Loaded, error) {
	files, err := playbooks.Scenarios()
	if err != nil {
		return nil, err
	}
	l, err := rehearse.Load(files, name)
	if err != nil && CodeOf(err) == Internal {
		return nil, &Fault{Usage, err, "firebreak rehearse --list"}
	}
	return l, err
}

func listScenarios(f *Factory, format string) error {
	files, err := playbooks.Scenarios()
	if err != nil {
		return err
	}
	names, err := rehearse.List(files)
	if err != nil {
		return err
	}
	type row struct {
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	rows := []row{}
	for _, n := range names {
		l, err := rehearse.Load(files, n)
		if err != nil {
			return err
		}
		rows = append(rows, row{n, l.Title})
	}
	if format != "human" {
		return view.JSON(f.IO.Out, rows)
	}
	t := view.Table{Style: f.IO.OutStyle(), Head: []string{"SCENARIO", ""}}
	for _, r := range rows {
		t.Add(view.Line(r.Name), view.Line(r.Title))
	}
	return t.Write(f.IO.Out)
}
