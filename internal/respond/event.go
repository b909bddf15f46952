package respond

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Version is the decider's own version. It is raised when an old journal would
// give other commands than before.
const Version = 1

// Event is one thing that happened. Time is the driver's clock. Data is one of
// the structs below, by value, and decides the type's name in the journal.
type Event struct {
	Time time.Time
	Data Data
}

// Data is the payload of an event.
type Data interface{ kind() string }

// Kind is the event's type as the journal writes it.
func (e Event) Kind() string { return e.Data.kind() }

// Opened is always the first event.
type Opened struct {
	Incident      string            `json:"incident"`
	Program       string            `json:"program"` // version that wrote it
	Decider       int               `json:"decider"`
	Mode          string            `json:"mode"`            // "real" or "rehearsal"
	World         string            `json:"world,omitempty"` // the world's id in a rehearsal
	Began         time.Time         `json:"began"`           // when the response began
	Since         time.Time         `json:"since,omitzero"`  // t0
	SinceWhy      string            `json:"since_why,omitempty"`
	Author        string            `json:"author"`
	Operator      string            `json:"operator"`
	Endpoints     map[string]string `json:"endpoints"` // by provider; resume refuses on mismatch
	Accounts      map[string]string `json:"accounts"`
	Self          []string          `json:"self"`                   // kill keys of our own credentials (gate 6)
	SelfUnknown   []string          `json:"self_unknown,omitempty"` // providers that did not say who we are there
	Recipients    []string          `json:"recipients"`             // age or SSH public keys
	CheckpointKey string            `json:"checkpoint_key"`
	Approvals     int               `json:"approvals"` // signatures irreversible actions need; 0 = a typed confirmation is enough
	Exceptions    []Exception       `json:"exceptions,omitempty"`
	// Key and Inputs make one trigger one incident: the caller's idempotency key and
	// the digest of what it asked for. Empty without --idempotency-key.
	Key    string `json:"key,omitempty"`
	Inputs string `json:"inputs,omitempty"`
}

// Exception is a signed exception for a credential that stays open.
type Exception struct {
	Credential string    `json:"credential"`
	Reason     string    `json:"reason"`
	Owner      string    `json:"owner"`
	Expires    time.Time `json:"expires"`
}

// Planned brings a plan into the incident. Bytes are its exact encoding.
type Planned struct {
	Digest string          `json:"digest"`
	Bytes  json.RawMessage `json:"plan"`
	Plan   *plan.Plan      `json:"-"` // decoded by whoever reads the journal
	// A further plan may be made with a configuration that the incident was not begun
	// with: who planned it, the signatures its irreversible actions need, and who else
	// must be able to open what is sealed from here on. Each adds to what Opened says.
	Author     string   `json:"author,omitempty"`
	Approvals  int      `json:"approvals,omitempty"`
	Recipients []string `json:"recipients,omitempty"`
}

// Approved records a verified approval statement.
type Approved struct {
	Statement string        `json:"statement"` // digest of the statement's bytes
	Plan      string        `json:"plan"`      // digest it names
	Signer    string        `json:"signer"`
	Effects   []plan.Effect `json:"effects"`
	NotAfter  time.Time     `json:"not_after"`
}

// Answered is a person's (or a scripted responder's) answer to an Ask command.
type Answered struct {
	Ask     string   `json:"ask"`
	Choice  string   `json:"choice"`
	Actions []string `json:"actions,omitempty"` // with choice "some": the actions agreed to; the others of the ask are skipped
	Reason  string   `json:"reason,omitempty"`
	Value   string   `json:"value,omitempty"` // reference to a sealed value
	By      string   `json:"by"`
	Second  string   `json:"second,omitempty"`
	To      string   `json:"to,omitempty"` // with choice "hand-over": who goes on
}

// Intended is durable before its call leaves.
type Intended struct {
	Action string    `json:"action"`
	Call   plan.Call `json:"call"`
	Number int       `json:"number"` // attempt within the action, from 1
}

// Outcome is what became of an intended call.
type Outcome struct {
	Action  string       `json:"action"`
	Number  int          `json:"number"`
	Outcome plan.Outcome `json:"outcome"`
}

// Settled says whether a call in doubt happened.
type Settled struct {
	Action     string          `json:"action"`
	Number     int             `json:"number"`
	Settlement plan.Settlement `json:"settlement"`
	// By and Reason are set where a person settled it from outside a sitting.
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Verified is one reading of an action's target.
type Verified struct {
	Action  string       `json:"action"`
	Reading plan.Reading `json:"reading"`
}

// Surveyed is the answer to a Survey command.
type Surveyed struct {
	Scope    string       `json:"scope"` // "preflight", "boundary"
	Digest   string       `json:"digest"`
	Findings []Finding    `json:"findings,omitempty"` // open gate findings, accepted ones marked
	Listed   []plan.Saved `json:"listed,omitempty"`
	Unknown  []string     `json:"unknown,omitempty"` // what could not be judged, each a sentence
	Self     []string     `json:"self,omitempty"`    // preflight: kill keys of our own credentials, as of now
	// SelfUnknown are the providers that did not say who we are there.
	SelfUnknown []string `json:"self_unknown,omitempty"`
	Problems    []string `json:"problems,omitempty"` // preflight: what must be mended before anything is minted
	// Untreated is what the workflows under response reach now and no plan treats: it
	// holds minting, and the incident does not close with it.
	Untreated []string `json:"untreated,omitempty"`
}

// Finding is a boundary finding as the decider needs it.
type Finding struct {
	Rule     string     `json:"rule"`
	Where    string     `json:"where"` // repository, ref, file:line:col
	Message  string     `json:"message"`
	Accepted *Exception `json:"accepted,omitempty"`
}

// Fired says a Wait command's time has come.
type Fired struct {
	Until time.Time `json:"until"`
}

// Overridden opens a gate against its condition.
type Overridden struct {
	Gate   plan.Gate `json:"gate"`
	Action string    `json:"action,omitempty"`
	// Actions are those the override was asked for, where they are several. Without
	// Action and Actions it opens the gate for every action.
	Actions []string `json:"actions,omitempty"`
	Reason  string   `json:"reason"`
	By      string   `json:"by"`
	Second  string   `json:"second,omitempty"`
}

// Resumed starts a new sitting: every remembered fact is stale, every open intent in doubt.
type Resumed struct {
	Operator string `json:"operator"`
	Program  string `json:"program"`
	Cut      string `json:"cut,omitempty"` // torn tail that was removed
	// Lost are references to sealed values which cannot be opened any more.
	Lost []string `json:"lost,omitempty"`
}

// HandedOver gives the incident to another person. From then on only that person,
// or whoever takes it over with a reason (another HandedOver), may go on. Epoch
// counts the owners, the first one being 1.
type HandedOver struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Epoch int    `json:"epoch"`
	Note  string `json:"note,omitempty"`
	// Checkpoint is a signed note over everything before this record: what the one
	// who takes over can hold against the journal.
	Checkpoint string `json:"checkpoint,omitempty"`
}

// Paused ends a sitting in order.
type Paused struct {
	Reason string `json:"reason"`
	Code   int    `json:"code"`
}

// Closed ends the incident.
type Closed struct {
	KeyDestroyed bool `json:"key_destroyed"`
}

func (Opened) kind() string     { return "opened" }
func (Planned) kind() string    { return "planned" }
func (Approved) kind() string   { return "approved" }
func (Answered) kind() string   { return "answered" }
func (Intended) kind() string   { return "intent" }
func (Outcome) kind() string    { return "outcome" }
func (Settled) kind() string    { return "settled" }
func (Verified) kind() string   { return "verified" }
func (Surveyed) kind() string   { return "surveyed" }
func (Fired) kind() string      { return "fired" }
func (Overridden) kind() string { return "overridden" }
func (Resumed) kind() string    { return "resumed" }
func (HandedOver) kind() string { return "handed-over" }
func (Paused) kind() string     { return "paused" }
func (Closed) kind() string     { return "closed" }

// EncodeData gives an event's payload as one line of JSON.
func EncodeData(d Data) (json.RawMessage, error) { return json.Marshal(d) }

// DecodeData reads a payload of the given type. An unknown type is an error: a
// journal of a newer program must not be read with parts left out.
func DecodeData(kind string, b []byte) (Data, error) {
	switch kind {
	case "opened":
		return decode[Opened](b)
	case "planned":
		p, err := decode[Planned](b)
		if err != nil {
			return nil, err
		}
		v := p.(Planned)
		v.Plan, err = plan.Decode(v.Bytes)
		return v, err
	case "approved":
		return decode[Approved](b)
	case "answered":
		return decode[Answered](b)
	case "intent":
		return decode[Intended](b)
	case "outcome":
		return decode[Outcome](b)
	case "settled":
		return decode[Settled](b)
	case "verified":
		return decode[Verified](b)
	case "surveyed":
		return decode[Surveyed](b)
	case "fired":
		return decode[Fired](b)
	case "overridden":
		return decode[Overridden](b)
	case "resumed":
		return decode[Resumed](b)
	case "handed-over":
		return decode[HandedOver](b)
	case "paused":
		return decode[Paused](b)
	case "closed":
		return decode[Closed](b)
	}
	return nil, &UnknownKind{kind}
}

// UnknownKind says that a journal has an event type which this program lacks.
type UnknownKind struct{ Kind string }

func (e *UnknownKind) Error() string {
	return fmt.Sprintf("event type %q is not known to this program", e.Kind)
}

func decode[T Data](b []byte) (Data, error) {
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	return v, nil
}
