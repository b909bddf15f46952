package respond

import (
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// State is a read-only picture of the incident for views, hands and responders.
// It is a snapshot: it does not change after it was given out.
type State struct {
	Opened    Opened
	Now       time.Time // time of the last event
	Plans     []Planned // first plan and amendments
	Actions   []ActionState
	Gates     []GateState
	Closings  []ClosingState
	Boundary  *Surveyed // the last boundary survey
	Listed    []plan.Saved
	Found     []plan.Found
	Held      map[string]string // sealed references people supplied, by name; "" = asked for and not to be had
	Phase     string            // "open", "paused", "closed"
	Step      plan.Step         // the earliest step with something open
	Pause     *Paused
	Stop      *Stop // set when nothing can go on; see Decider.Commands
	Overrides []Overridden
	Owner     string // who may go on: the operator who opened it, or whom it was handed to
	Epoch     int    // counts the owners, from 1
	Handed    *HandedOver
}

// ActionState is where one action stands.
type ActionState struct {
	Action    *plan.Action
	Phase     Phase
	Outcome   plan.State // "" while open, unknown while a call of it has no answer
	Proof     plan.Proof // reached
	Required  plan.Proof // after taking evidence that could not be had into account
	Shortfall string
	Outputs   map[string]plan.Output
	Attempts  []plan.Attempt
	Reading   *plan.Reading
	ReadAt    time.Time
	Started   time.Time
	Ended     time.Time   // when it was claimed done
	Gates     []plan.Gate // gates that hold it back now
	Reason    string      // of a skip or refusal
	Amended   bool        // carried out on another before-image than planned
	Undone    int         // times that what was done was found undone by somebody
	Undoings  []Undoing   // each of these times, oldest first
}

// Phase is an action's place in its life.
type Phase string

const (
	Pending  Phase = "pending"  // dependencies or gates are open
	Asking   Phase = "asking"   // waits for a person
	Ready    Phase = "ready"    // will be looked at or called now
	Waiting  Phase = "waiting"  // accepted, not yet effective or not yet proven
	Doubtful Phase = "in-doubt" // an outcome is unknown
	Finished Phase = "finished" // done, skipped
	Stuck    Phase = "refused"  // refused, nobody decided yet
)

// GateState is a gate and whether it holds now.
type GateState struct {
	Gate     plan.Gate
	Wanted   bool // something waits for it
	Holds    bool
	Fresh    bool     // every fact it rests on is young enough
	Why      []string // what does not hold
	Override *Overridden
}

// ClosingState is a credential or identity and whether it is closed.
type ClosingState struct {
	plan.Closing
	Closed    bool
	Proof     plan.Proof // the weakest of its actions
	Claimed   time.Time  // when we could say so
	Dead      time.Time  // since when we claim the old value, or the identity's authority, no longer works; zero while we do not
	Exception *Exception
	Why       string // what is missing
}
