// Package drive holds what every driver of the decider shares: the hands that
// carry commands out and the people who are asked.
package drive

import (
	"context"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Hands carry out commands. Implementations may be called concurrently. None of
// the methods fails: what could not be learned is part of the answer.
type Hands interface {
	// Apply sends one call and, for a mint, seals what came back before it returns.
	Apply(ctx context.Context, s *respond.State, c respond.Apply) plan.Outcome
	Settle(ctx context.Context, s *respond.State, c respond.Settle) plan.Settlement
	Verify(ctx context.Context, s *respond.State, c respond.Verify) plan.Reading
	Survey(ctx context.Context, s *respond.State, c respond.Survey) respond.Surveyed
}

// Clock is the driver's only source of time. A rehearsal's runs faster than ours.
type Clock interface {
	Now() time.Time
	// Sleep waits for d of this clock; it returns ctx.Err when cut short.
	Sleep(ctx context.Context, d time.Duration) error
}

// Decider is respond.Decider as a driver sees it.
type Decider interface {
	Observe(respond.Event)
	Commands() []respond.Command
	// Standing says with which exit code, and why, the incident stands if nobody answers what is asked now.
	Standing() (code int, why []string)
	// State is a picture that does not change after it was given out.
	State() *respond.State
}

// Reply is a person's answer. Override is set when the answer opens a gate.
type Reply struct {
	Answer   respond.Answered
	Override *respond.Overridden
}

// Responder answers what the decider asks. ok is false when it has no answer (no
// terminal, no approval): the driver then goes on with whatever else is wanted.
type Responder interface {
	Answer(ctx context.Context, s *respond.State, a respond.Ask) (r Reply, ok bool, err error)
}

// Observer is told of every event after it is durable. It must not block long and
// cannot stop the run. The decider's state at that moment is s, read-only.
type Observer interface {
	Observe(e respond.Event, s *respond.State)
}
