// Package simulated drives the decider in virtual time, one command after the
// other in a seeded order, with a crash at any point one likes.
//
// It is for tests: what the local driver does with goroutines and an fsync, it
// does with a slice and a random number, so a failing seed fails every time. Its
// hands may be the outcome model of this package (hundreds of thousands of
// incidents) or the real adapters over a world with a manual clock.
package simulated

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Where is an instant in the life of one mutating call.
type Where string

const (
	BeforeRequest Where = "before-request" // the intent is durable, nothing was sent
	AfterEffect   Where = "after-effect"   // the provider did it, the answer was never seen
	AfterAnswer   Where = "after-answer"   // the answer was seen (and a minted value sealed), nothing recorded
	AfterFsync    Where = "after-fsync"    // the outcome is durable, nothing was done with it
)

// Places lists the four places where a crash is worth trying.
func Places() []Where { return []Where{BeforeRequest, AfterEffect, AfterAnswer, AfterFsync} }

// ErrCrashed is returned when the run was stopped by Options.Crash.
var ErrCrashed = errors.New("crashed on purpose")

// Clock is virtual time.
type Clock interface {
	Now() time.Time
	Advance(time.Duration)
}

// Options is one sitting.
type Options struct {
	Journal   []respond.Event // so far; ends with Resumed when this is not the first sitting
	Hands     drive.Hands
	Responder drive.Responder // nil: nobody answers
	Clock     Clock
	Rand      *rand.Rand
	// Crash is asked at each place of each mutating call; n counts calls from 1 in this sitting.
	Crash func(w Where, n int, c respond.Apply) bool
	// Lost is told when a crash falls after the effect: the hands then must forget the answer. Nil: nothing to forget.
	Lost func(c respond.Apply)
	// Observer, when set, is told of every event.
	Observer drive.Observer
	// Steps bounds the sitting; 0 means 20,000 events.
	Steps int
}

// Result is where a sitting ended.
type Result struct {
	Journal []respond.Event
	State   *respond.State
	Stop    *respond.Stop
	Calls   int // mutating calls of this sitting
	Code    int // Standing when nothing could go on
	Why     []string
}

type run struct {
	o    Options
	d    *respond.Decider
	log  []respond.Event
	n    int
	none map[string]bool // asks nobody answers
}

// Run carries the incident on until it stops, nobody can answer, or it crashes.
func Run(ctx context.Context, o Options) (Result, error) {
	r := &run{o: o, d: respond.New(), none: map[string]bool{}}
	for _, e := range o.Journal {
		r.d.Observe(e)
		r.log = append(r.log, e)
	}
	steps := o.Steps
	if steps == 0 {
		steps = 20000
	}
	for range steps {
		if err := ctx.Err(); err != nil {
			return r.result(nil), err
		}
		stop, err := r.step(ctx)
		if stop != nil || err != nil {
			return r.result(stop), err
		}
	}
	return r.result(nil), fmt.Errorf("no end after %d steps; the last commands were %v", steps, keys(r.d.Commands()))
}

func keys(cs []respond.Command) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Key())
	}
	return out
}

func (r *run) result(stop *respond.Stop) Result {
	res := Result{Journal: r.log, State: r.d.State(), Stop: stop, Calls: r.n}
	res.Code, res.Why = r.d.Standing()
	return res
}

func (r *run) observe(d respond.Data) {
	e := respond.Event{Time: r.o.Clock.Now(), Data: d}
	r.d.Observe(e)
	r.log = append(r.log, e)
	if r.o.Observer != nil {
		r.o.Observer.Observe(e, r.d.State())
	}
}

// step carries out one command, picked at random among those which need neither
// a person nor time; then an ask; then time passes.
func (r *run) step(ctx context.Context) (*respond.Stop, error) {
	var work []respond.Command
	var asks []respond.Ask
	var wait *respond.Wait
	cmds := r.d.Commands()
	for _, c := range cmds {
		switch v := c.(type) {
		case respond.Ask:
			asks = append(asks, v)
		case respond.Wait:
			wait = &v
		case respond.Stop:
			return &v, nil
		default:
			work = append(work, c)
		}
	}
	if len(work) > 0 {
		r.o.Clock.Advance(time.Duration(20+r.o.Rand.IntN(400)) * time.Millisecond)
		return nil, r.do(ctx, work[r.o.Rand.IntN(len(work))])
	}
	for _, a := range asks {
		if done, err := r.ask(ctx, a); done || err != nil {
			return nil, err
		}
	}
	if wait != nil && !(wait.Idle && len(asks) > 0) {
		r.o.Clock.Advance(max(0, wait.Until.Sub(r.o.Clock.Now())))
		r.observe(respond.Fired{Until: wait.Until})
		return nil, nil
	}
	if len(asks) > 0 {
		code, why := r.d.Standing()
		return &respond.Stop{Code: code, Reason: fmt.Sprint(why)}, nil
	}
	return nil, fmt.Errorf("the decider wants nothing and awaits nothing: stuck after %d events, %s", len(r.log), open(r.d.State()))
}

// open lists what is not finished, for a message.
func open(s *respond.State) string {
	var out []string
	for _, a := range s.Actions {
		if a.Phase != respond.Finished {
			out = append(out, fmt.Sprintf("%s %s %v %d attempts", a.Action.ID, a.Phase, a.Gates, len(a.Attempts)))
		}
	}
	return strings.Join(out, "; ")
}

func (r *run) ask(ctx context.Context, a respond.Ask) (bool, error) {
	if r.o.Responder == nil || r.none[a.ID] {
		return false, nil
	}
	p, ok, err := r.o.Responder.Answer(ctx, r.d.State(), a)
	if err != nil || !ok {
		r.none[a.ID] = true
		return false, err
	}
	if p.Override != nil {
		r.observe(*p.Override)
	}
	r.observe(p.Answer)
	return true, nil
}

func (r *run) do(ctx context.Context, c respond.Command) error {
	s := r.d.State()
	switch v := c.(type) {
	case respond.Apply:
		return r.apply(ctx, v)
	case respond.Settle:
		r.observe(respond.Settled{Action: v.Action.ID, Number: v.Number, Settlement: r.o.Hands.Settle(ctx, s, v)})
	case respond.Verify:
		r.observe(respond.Verified{Action: v.Action.ID, Reading: r.o.Hands.Verify(ctx, s, v)})
	case respond.Survey:
		r.observe(r.o.Hands.Survey(ctx, s, v))
	default:
		return fmt.Errorf("command %T is not known to this driver", c)
	}
	return nil
}

func (r *run) crash(w Where, c respond.Apply) bool {
	return r.o.Crash != nil && r.o.Crash(w, r.n, c)
}

func (r *run) apply(ctx context.Context, c respond.Apply) error {
	r.n++
	r.observe(respond.Intended{Action: c.Action.ID, Call: c.Call, Number: c.Number})
	if r.crash(BeforeRequest, c) {
		return ErrCrashed
	}
	out := r.o.Hands.Apply(ctx, r.d.State(), c)
	if r.crash(AfterEffect, c) {
		if r.o.Lost != nil {
			r.o.Lost(c)
		}
		return ErrCrashed
	}
	if r.crash(AfterAnswer, c) {
		return ErrCrashed
	}
	r.o.Clock.Advance(time.Duration(r.o.Rand.IntN(200)) * time.Millisecond)
	r.observe(respond.Outcome{Action: c.Action.ID, Number: c.Number, Outcome: out})
	if r.crash(AfterFsync, c) {
		return ErrCrashed
	}
	return nil
}

// Answers is a responder that says the same to every ask of a kind.
type Answers map[respond.AskKind]string

// Answer implements drive.Responder; a kind that is not listed gets no answer.
func (m Answers) Answer(_ context.Context, _ *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	choice, ok := m[a.Kind]
	if !ok {
		return drive.Reply{}, false, nil
	}
	return drive.Reply{Answer: respond.Answered{Ask: a.ID, Choice: choice, By: "simulation", Reason: "simulated"}}, true, nil
}

// Mutates reports whether a plan's action sends anything.
func Mutates(a *plan.Action) bool { return a.Effect != plan.Read }
