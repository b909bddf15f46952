package plan

import (
	"slices"
	"time"
)

// Step is one of the seven steps, or one of the two stages around them.
type Step string

// The order here is the order of reading, not of execution: execution follows
// dependencies and gates.
const (
	Preflight  Step = "preflight"
	Disable    Step = "disable"
	Revoke     Step = "revoke"
	Rotate     Step = "rotate"
	Invalidate Step = "invalidate"
	Rebuild    Step = "rebuild"
	Review     Step = "review"
	Restore    Step = "restore"
	Close      Step = "close"
)

// Steps lists every step in order.
func Steps() []Step {
	return []Step{Preflight, Disable, Revoke, Rotate, Invalidate, Rebuild, Review, Restore, Close}
}

// Effect is what carrying out an action costs. It decides what is asked.
type Effect string

const (
	Read         Effect = "read"         // changes nothing; never asks
	Reversible   Effect = "reversible"   // an inverse exists; asks once a step
	Disruptive   Effect = "disruptive"   // somebody notices; asks once a step and class
	Irreversible Effect = "irreversible" // no way back; the target's name is typed
)

// Rank orders effects from harmless to irreversible; -1 for an unknown word.
func (e Effect) Rank() int {
	for i, x := range []Effect{Read, Reversible, Disruptive, Irreversible} {
		if x == e {
			return i
		}
	}
	return -1
}

// Lost says what a call is whose answer never came.
type Lost string

const (
	ResendSafe   Lost = "resend-safe"  // sending it again does no harm
	Detectable   Lost = "detectable"   // reading tells whether it happened
	Undetectable Lost = "undetectable" // reading cannot tell; a person must
)

// Authorities are the words for what a credential lets its holder do, the most dangerous
// first: who can give himself more rights can do all else; what is published reaches
// everybody who installs it; what is deployed, those who use it.
func Authorities() []string {
	return []string{"escalate", "publish", "sign", "deploy", "rotate", "exfiltrate", "read"}
}

// Danger is the place of the worst of these among Authorities, 0 the most dangerous;
// their number where there is none.
func Danger(authority []string) int {
	all := Authorities()
	if i := slices.IndexFunc(all, func(w string) bool { return slices.Contains(authority, w) }); i >= 0 {
		return i
	}
	return len(all)
}

// Proof is how sure we are that an action took effect.
type Proof string

const (
	P0 Proof = "P0" // accepted by the provider, or stated by a person
	P1 Proof = "P1" // read back once
	P2 Proof = "P2" // read back twice, apart by the propagation wait
	P3 Proof = "P3" // probed: the old is refused, the new works
	P4 Proof = "P4" // independent logs show no use since
)

// Rank orders proofs; -1 for "" (no proof).
func (p Proof) Rank() int {
	for i, x := range []Proof{P0, P1, P2, P3, P4} {
		if x == p {
			return i
		}
	}
	return -1
}

// Role is what an action is to the gates.
type Role string

const (
	Listing Role = "listing" // takes stock; reads only
	Isolate Role = "isolate" // takes a watching host out (what gate 1 waits for)
	Contain Role = "contain" // shuts a door: workflow, run, trust
	Cut     Role = "cut"     // ends sessions or tokens of an identity (contains, and waits for gate 1)
	Kill    Role = "kill"    // stops an old credential (waits for gate 1)
	Mint    Role = "mint"    // makes a new credential
	Deliver Role = "deliver" // puts a new value into a store (waits for gate 2)
	Test    Role = "test"    // proves the new credential works
	Destroy Role = "destroy" // removes an old credential for good (waits for gates 1 and 3)
	Export  Role = "export"  // saves evidence (what gate 3 waits for)
	Purge   Role = "purge"   // deletes what may be poisoned (waits for gate 3)
	Build   Role = "build"   // rebuilds on a clean runner (waits for gate 4)
	Promote Role = "promote" // the rebuilt artifact is what consumers get
	Look    Role = "look"    // review: reads and reports
	Enable  Role = "enable"  // opens the workflow again (waits for gate 5)
	Canary  Role = "canary"  // one watched run after enabling (waits for gate 5)
	Freeze  Role = "freeze"  // narrows who may publish or deploy while the response runs; no gate
	Lift    Role = "lift"    // takes a freeze back to its exact earlier state (waits for gate 5)
	Reopen  Role = "reopen"  // opens what was shut as a whole, once each door in it is shut by itself (waits for gate 2)
	Notify  Role = "notify"  // a task or message for people; no gate
)

// State is where an outcome or a reading stands.
type State string

const (
	Done    State = "done"    // outcome: the provider accepted it
	Refused State = "refused" // outcome: the provider said no and did nothing
	Skipped State = "skipped" // outcome: a person decided, with a reason
	Held    State = "held"    // reading: the wished state is there
	Broken  State = "broken"  // reading: it is not
	Unknown State = "unknown" // either: cannot be told. Never rounded up.
)

// Duration is a time span which is written as text ("30s") in JSON.
type Duration time.Duration

// D is the span as a time.Duration.
func (d Duration) D() time.Duration { return time.Duration(d) }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Gate names what the engine enforces, whatever the playbook says. A playbook may
// name one at a task, to hold more things back by it.
type Gate string

const (
	GatePreflight Gate = "preflight"                // recipients and permissions before anything is minted
	GateIsolate   Gate = "isolate-before-kill"      // gate 1
	GateContain   Gate = "contain-before-deliver"   // gate 2
	GateEvidence  Gate = "evidence-before-deletion" // gate 3
	GatePurge     Gate = "purge-before-rebuild"     // gate 4
	GateBoundary  Gate = "boundary-before-restore"  // gate 5
	GateOurselves Gate = "not-ourselves"            // gate 6
)

// Gates lists every gate in order; a gate's number is its index.
func Gates() []Gate {
	return []Gate{GatePreflight, GateIsolate, GateContain, GateEvidence, GatePurge, GateBoundary, GateOurselves}
}
