package plan

import (
	"encoding/json"
	"time"
)

// Outcome is what became of one call.
type Outcome struct {
	State   State             `json:"state"` // Done, Refused, Unknown
	Outputs map[string]Output `json:"outputs,omitempty"`
	// Temporary: a Refused that is worth trying again after RetryAfter (rate limit, lock, 5xx that certainly did nothing).
	Temporary  bool     `json:"temporary,omitempty"`
	RetryAfter Duration `json:"retry_after,omitempty"`
	Detail     string   `json:"detail,omitempty"` // what the provider said; redacted, untrusted
	Request    string   `json:"request,omitempty"`
	// Permission names what was missing when the provider refused for want of it.
	Permission string `json:"permission,omitempty"`
}

// Output is a value an action produced: plain, or a reference to a sealed file.
type Output struct {
	Value  string `json:"value,omitempty"`
	Sealed string `json:"sealed,omitempty"`
}

// Settlement answers: did our call happen?
type Settlement struct {
	Happened string            `json:"happened"` // "yes", "no", "unknown"
	Outputs  map[string]Output `json:"outputs,omitempty"`
	// Lost: it happened, and what it returned (a minted value) is gone.
	Lost bool `json:"lost,omitempty"`
	// Wait, when positive with "unknown": ask again not before this long.
	Wait   Duration `json:"wait,omitempty"`
	Detail string   `json:"detail,omitempty"`
}

// Reading is one look at a target.
type Reading struct {
	State State `json:"state"` // Held, Broken, Unknown
	// Proof is what this reading shows by itself: P1 for a read-back, P3 for a probe (old refused, new works). The decider makes P2 of two.
	Proof Proof `json:"proof,omitempty"`
	// Before is the before-image as it is now.
	Before json.RawMessage `json:"before,omitempty"`
	// Next are the calls that would bring the wished state about. Empty with Broken: only waiting (or a person) helps: accepted, not yet effective.
	Next []Call `json:"next,omitempty"`
	// Wait asks to look again not before this long; 0 leaves it to the action's Settle.
	Wait Duration `json:"wait,omitempty"`
	// Final: waiting does not help either. With Broken and no Next a person decides (a
	// rebuild that failed), with Unknown somebody has to mend what keeps it from being read.
	Final   bool              `json:"final,omitempty"`
	Outputs map[string]Output `json:"outputs,omitempty"`
	Detail  string            `json:"detail,omitempty"`
	// Found lists what a person should see: unknown tokens, attackers' objects, findings of a review.
	Found []Found `json:"found,omitempty"`
	// Saved lists evidence that now lies in the incident's folder or is recorded as listed.
	Saved []Saved `json:"saved,omitempty"`
	// Undone says who undid what had held, where that was asked.
	Undone []Undone `json:"undone,omitempty"`
	// Server is the provider's own time (its Date header), when it gave one.
	Server time.Time `json:"server,omitzero"`
}

// Undone is what a provider's own log tells about one time that an action was undone.
// Neither By nor Silent: the log has nothing yet, and may have later.
type Undone struct {
	Number int    `json:"number"` // which time: 1, 2, ... within the action
	By     []Doer `json:"by,omitempty"`
	Silent string `json:"silent,omitempty"` // why nobody can be named, with the next step
}

// Doer is somebody a provider's log names. Who is untrusted text.
type Doer struct {
	Who   string    `json:"who"`   // login of whoever did it, as the log has it: untrusted text
	Event string    `json:"event"` // as the log calls what was done
	At    time.Time `json:"at"`    // provider's time
}

// Found is an object that should not be there, or a thing to be looked at.
type Found struct {
	Kind   string `json:"kind"`
	Target string `json:"target"`
	Why    string `json:"why"`
}

// Saved is a piece of evidence.
type Saved struct {
	Evidence string `json:"evidence"`         // the key gate 3 asks for, e.g. "logs:acme/shop"
	File     string `json:"file,omitempty"`   // below evidence/; "" when only listed
	Digest   string `json:"digest,omitempty"` // SHA-256, hex
	Gap      string `json:"gap,omitempty"`    // why there is no more than a listing
	Listing  string `json:"listing,omitempty"`
}

// Attempt is one call of an action as the journal has it.
type Attempt struct {
	Call       Call        `json:"call"`
	Number     int         `json:"number"` // 1, 2, ... within the action
	At         time.Time   `json:"at"`     // of the intent
	Outcome    *Outcome    `json:"outcome,omitempty"`
	Answered   time.Time   `json:"answered,omitzero"` // of the outcome, an unknown one too; the call left, if it did, between At and this
	Settlement *Settlement `json:"settlement,omitempty"`
	// Superseded: a person asked to try the whole action again after this attempt.
	// Its effects still exist (an orphan is still an orphan), its verdict does not count.
	Superseded bool `json:"superseded,omitempty"`
}
