package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/drive/dry"
	"github.com/firebreak/firebreak/internal/drive/local"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/term"
	"github.com/firebreak/firebreak/internal/view"
)

// exercise is the JSON form of a dry run.
const exerciseSchema = "firebreak.exercise/1"

// exerciseTold is what a dry run found out.
type exerciseTold struct {
	Schema   string      `json:"schema"`
	Outcome  string      `json:"outcome"` // "closed": walked to the end; "paused": it stopped before
	Reason   string      `json:"reason,omitempty"`
	Asked    []dry.Asked `json:"asked"`
	Seconds  float64     `json:"seconds"`   // of all answers
	HeldBack []string    `json:"held_back"` // what a gate would have held back, each "gate: why"
	Open     []string    `json:"open"`      // credentials and identities nothing would close
	Calls    int         `json:"calls"`     // that would have been sent
}

// dryRun walks the plan with every question and sends nothing: the clients cannot, and
// the hands do not try. Its journal lies in a folder of its own that is removed.
func dryRun(ctx context.Context, opts *runOptions) (err error) {
	f := opts.f
	format, err := f.format("human", "json")
	if err != nil {
		return err
	}
	if opts.trigger.key != "" || opts.trigger.wait || opts.trigger.newState {
		return fault(Usage, "leave --idempotency-key out", "a dry run begins no incident, so there is none to find again")
	}
	if opts.incident != "" {
		return fault(Usage, "leave --incident out", "an exercise is of a whole plan, not of what is left of an incident")
	}
	s, err := f.realSite(ctx, f.agent("dry run"), true)
	if err != nil {
		return err
	}
	o, err := opts.opening(ctx, s)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "firebreak-dry-run-")
	if err != nil {
		return fmt.Errorf("make a folder for the exercise: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	o.incident, o.dir, o.opened.Mode = "dry-run", filepath.Join(tmp, "dry-run"), "dry run"
	walked := *s
	clock := &dry.Clock{Wall: s.clock}
	walked.clock = clock
	t, err := f.begin(ctx, &walked, o, []drive.Observer{&term.Progress{IO: f.IO, Verbose: f.verbose}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.log.Close()) }()
	look := &eyes{site: s, evidence: t.evidence}
	hands := &dry.Hands{Catalogue: s.catalogue, Clock: clock, Real: local.NewHands(local.HandsOptions{
		Catalogue: s.catalogue, Sealer: t.sealer, Redactor: f.Redactor, Evidence: t.evidence, Clock: s.clock, Survey: look.Survey,
	})}
	game := &dry.Exercise{Next: t.person(opts.nonInteractive), Hands: hands, Now: s.clock.Now, Clock: clock}
	interrupt, stop := term.CatchInterrupts(f.IO.Err)
	defer stop()
	state, err := local.Run(ctx, local.Options{Log: t.log, Hands: hands, Responder: game, Interrupt: interrupt})
	if err != nil {
		return err
	}
	told := tellExercise(game, hands, state)
	if format == "json" {
		err = view.JSON(f.IO.Out, told)
	} else {
		err = showExercise(f, told)
	}
	return errors.Join(err, exerciseEnded(state))
}

func tellExercise(game *dry.Exercise, hands *dry.Hands, s *respond.State) exerciseTold {
	told := exerciseTold{Schema: exerciseSchema, Outcome: s.Phase, Asked: []dry.Asked{}, HeldBack: []string{}, Open: []string{}, Calls: hands.Calls()}
	if s.Pause != nil {
		told.Reason = s.Pause.Reason
	}
	for _, a := range game.Asked() {
		told.Asked = append(told.Asked, a)
		told.Seconds += a.Seconds
	}
	told.HeldBack = append(told.HeldBack, game.HeldBack()...)
	for _, c := range s.Closings {
		if !c.Closed {
			told.Open = append(told.Open, c.Name+": "+c.Why)
		}
	}
	return told
}

func showExercise(f *Factory, told exerciseTold) error {
	rows := make([]view.Asked, len(told.Asked))
	for i, a := range told.Asked {
		rows[i] = view.Asked{Step: string(a.Step), Question: a.Question, Seconds: a.Seconds, Choice: a.Choice, Reason: a.Reason}
	}
	return view.Exercise(f.IO.Out, f.IO.OutStyle(), rows, told.HeldBack, told.Open, told.Calls)
}

// exerciseEnded is the error of a walk that did not come to its end.
func exerciseEnded(s *respond.State) error {
	if s.Phase == "closed" {
		return nil
	}
	code, why := Interrupted, "the exercise is "+s.Phase
	if s.Pause != nil {
		code, why = Code(s.Pause.Code), s.Pause.Reason
	}
	if code == OK || left(s) {
		code = Interrupted
	}
	return fault(code, "mend that and walk through it again; nothing was sent and nothing is kept, and the same without --dry-run begins the incident", "%s", why)
}
