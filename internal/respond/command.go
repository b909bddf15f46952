package respond

import (
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Command is something the decider wants done now. Key is stable for as long as
// the same thing is wanted: a driver starts a command whose key it is not already
// carrying out, and forgets the key when the command's event was observed.
type Command interface{ Key() string }

// Apply sends one call. The driver observes Intended (durably) first, then sends,
// then observes Outcome. Number is the attempt to put into both. A call is never
// sent a second time under the same number: after a lost answer the target is
// settled or read first, and what is still wanted comes as a new attempt.
type Apply struct {
	Action *plan.Action
	Call   plan.Call
	Number int
}

// Settle asks whether an earlier call happened; answered with Settled.
type Settle struct {
	Action *plan.Action
	Call   plan.Call
	Number int
	Round  int // counts the settlements of this call
}

// Verify asks for a reading; answered with Verified.
type Verify struct {
	Action *plan.Action
	Round  int // counts the readings of this action, so that each has a key of its own
}

// Survey asks for a fresh look at everything a gate needs; answered with Surveyed.
type Survey struct {
	Scope string
	Round int
}

// Ask wants a person. Answered with Answered (and, for a gate's override, Overridden).
// A driver without a person leaves it; when nothing else is wanted, it stops with
// the code that Standing gives.
type Ask struct {
	ID      string
	Kind    AskKind
	Step    plan.Step
	Effect  plan.Effect    // for Confirm
	Actions []*plan.Action // what it is about
	Typed   string         // what must be typed for an irreversible effect; "" otherwise
	Choices []string       // of "go", "some", "skip", "retry", "settle-yes", "settle-no", "pause", "hand-over", "override", "done", "look", "value", "none"
	Text    string         // one sentence: what happened or what is wanted; untrusted parts inside
	Gate    plan.Gate      // for GateHeld
	Why     []string       // for GateHeld: what does not hold, each a sentence
	Held    string         // for OldValue: name under which the value is sealed
	Again   bool           // asked before: what was agreed to is no longer what would be done
}

// AskKind says why a person is wanted.
type AskKind string

const (
	Confirm  AskKind = "confirm"   // go ahead with these actions of one step and class?
	Failed   AskKind = "failed"    // an action was refused: retry, skip, pause
	InDoubt  AskKind = "in-doubt"  // an outcome cannot be settled by reading
	GateHeld AskKind = "gate"      // a gate does not hold: retry, override, pause
	OldValue AskKind = "old-value" // can somebody paste the old value, so that its death can be probed?
	Assist   AskKind = "assist"    // carry this out and say so; the probe decides
)

// Wait wants the time to pass; answered with Fired. At most one is given: the
// earliest. Idle: nothing but an overlap's deadline is waited for, which is no reason
// to stay when what is asked gets no answer.
type Wait struct {
	Until time.Time
	Idle  bool
}

// Stop ends the sitting: the incident is closed (Code 0), or nothing can go on.
type Stop struct {
	Code   int
	Reason string
	Close  bool // every credential is closed: observe Closed, destroy the key
	// HandOver, when set, is to be recorded, with a checkpoint, before the pause.
	HandOver *HandedOver
}

// Key implements Command.
func (c Apply) Key() string { return "apply " + c.Action.ID + " " + itoa(c.Number) }

// Key implements Command.
func (c Settle) Key() string {
	return "settle " + c.Action.ID + " " + itoa(c.Number) + " " + itoa(c.Round)
}

// Key implements Command.
func (c Verify) Key() string { return "verify " + c.Action.ID + " " + itoa(c.Round) }

// Key implements Command.
func (c Survey) Key() string { return "survey " + c.Scope + " " + itoa(c.Round) }

// Key implements Command.
func (c Ask) Key() string { return "ask " + c.ID }

// Key implements Command.
func (c Wait) Key() string { return "wait " + c.Until.UTC().Format(time.RFC3339Nano) }

// Key implements Command.
func (c Stop) Key() string { return "stop" }
