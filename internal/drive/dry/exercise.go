package dry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Asked is one question of an exercise and how long its answer took.
type Asked struct {
	Step     plan.Step `json:"step"`
	Kind     string    `json:"kind"`             // confirm, failed, in-doubt, gate, old-value, assist
	Question string    `json:"question"`         // untrusted parts inside
	Seconds  float64   `json:"seconds"`          // until it was answered
	Choice   string    `json:"choice"`           // "" when nobody answered
	Reason   string    `json:"reason,omitempty"` // that the person gave
}

// Exercise lets somebody answer, notes what was asked and how long the answers took,
// and tells the hands what the answers suppose. Safe for concurrent use.
type Exercise struct {
	Next  drive.Responder
	Hands *Hands
	Now   func() time.Time // the clock on the wall
	Clock *Clock           // stands still while somebody is asked; may be nil

	mu    sync.Mutex
	asked []Asked
	held  []string
}

// scopes are the surveys that gates rest on.
var scopes = map[plan.Gate]string{
	plan.GateBoundary: "boundary", plan.GatePreflight: "preflight", plan.GateEvidence: "preflight", plan.GateOurselves: "preflight",
}

// Answer implements drive.Responder.
func (e *Exercise) Answer(ctx context.Context, s *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	if a.Kind == respond.GateHeld {
		e.hold(a)
		if scopes[a.Gate] != "" {
			a.Text += "\nThis is an exercise: trying again supposes that it has been mended."
		}
	}
	e.Clock.stand(1)
	defer e.Clock.stand(-1)
	began := e.Now()
	r, ok, err := e.Next.Answer(ctx, s, a)
	row := Asked{Step: a.Step, Kind: string(a.Kind), Question: summary(a), Seconds: e.Now().Sub(began).Seconds()}
	if ok && err == nil {
		row.Choice, row.Reason = r.Answer.Choice, r.Answer.Reason
		e.suppose(a, row.Choice)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, row)
	return r, ok, err
}

// suppose draws the consequence of an answer.
func (e *Exercise) suppose(a respond.Ask, choice string) {
	switch {
	case a.Kind == respond.Assist && (choice == "done" || choice == "value"):
		for _, x := range a.Actions {
			e.Hands.Attest(x.ID)
		}
	case a.Kind == respond.GateHeld && choice == "retry" && scopes[a.Gate] != "":
		e.Hands.Mend(scopes[a.Gate])
	}
}

// hold notes what a gate would have held back.
func (e *Exercise) hold(a respond.Ask) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, why := range a.Why {
		if line := string(a.Gate) + ": " + why; !slices.Contains(e.held, line) {
			e.held = append(e.held, line)
		}
	}
}

// Asked gives what was asked so far, in order.
func (e *Exercise) Asked() []Asked {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked)
}

// HeldBack gives what gates held back, each "gate: why".
func (e *Exercise) HeldBack() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.held)
}

// summary is a question on one line.
func summary(a respond.Ask) string {
	names := make([]string, len(a.Actions))
	for i, x := range a.Actions {
		names[i] = x.Use
	}
	slices.Sort(names)
	what := strings.Join(slices.Compact(names), ", ")
	switch a.Kind {
	case respond.Confirm:
		return fmt.Sprintf("go ahead, %s (%d): %s", a.Effect, len(a.Actions), what)
	case respond.GateHeld:
		return "gate " + string(a.Gate) + " holds " + what
	case respond.OldValue:
		return "the old value of " + strings.TrimPrefix(a.Held, "old:")
	case respond.Assist:
		return "carried out by a person: " + what
	case respond.Failed, respond.InDoubt:
		return string(a.Kind) + ": " + what
	}
	return string(a.Kind) + ": " + what
}
