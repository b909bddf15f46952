package plan

import "encoding/json"

// Schema names the format of a plan file. Fields are added, never renamed.
const Schema = "firebreak.plan/1"

// Plan is everything that would be done, as data.
type Plan struct {
	Schema    string            `json:"schema"`
	Playbook  Source            `json:"playbook"`
	Inventory string            `json:"inventory"` // SHA-256 of the inventory it was compiled from, hex
	Snapshot  string            `json:"snapshot"`  // SHA-256 of the snapshot, hex
	Inputs    map[string]any    `json:"inputs"`
	Subjects  []string          `json:"subjects"` // workflows under response: "acme/shop/.github/workflows/ci.yml"
	Builders  []string          `json:"builders"` // workflows the rebuild may use; gate 4 refuses a subject here
	Actions   []Action          `json:"actions"`
	Closings  []Closing         `json:"closings"`
	Gates     []Condition       `json:"gates,omitempty"`
	Waits     map[string]string `json:"waits,omitempty"` // overridden waits, by action name; shown to the approver
	Gaps      []Gap             `json:"gaps,omitempty"`
	// Partial, when set, says what this plan leaves to a further plan of the same
	// incident. When nothing of a partial plan is left to do the sitting ends in order
	// (code 0) and the incident stays open.
	Partial string `json:"partial,omitempty"`
	// Exposure, when set, says since when an attacker may have been in and why; a
	// further plan's counts instead of an earlier one's.
	Exposure *Exposure `json:"exposure,omitempty"`
	// FirstIrreversible is the id of the first action from which there is no way back; "" when there is none.
	FirstIrreversible string `json:"first_irreversible,omitempty"`
}

// Source names the file something came from by content.
type Source struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // SHA-256, hex
}

// Action is one kind of change to one target.
type Action struct {
	ID     string           `json:"id"` // unique in the plan and stable for equal inputs, e.g. "disable/github.workflow.disable/acme/shop/.github/workflows/ci.yml"
	Step   Step             `json:"step"`
	Use    string           `json:"use"` // the action's dotted name
	Target Target           `json:"target"`
	Inputs map[string]Value `json:"inputs,omitempty"`
	Effect Effect           `json:"effect"`
	Role   Role             `json:"role"`
	Lost   Lost             `json:"lost"`

	// After must all be done or skipped before this one starts.
	After []string `json:"after,omitempty"`
	// Until is like After, but only until Deadline has passed since the response began; then this action flips to emergency order (overlap).
	Until    []string `json:"until,omitempty"`
	Deadline Duration `json:"deadline,omitempty"`

	// Proof is what must be reached; Shortfall, when set, says in a sentence why it is not higher.
	Proof     Proof  `json:"proof"`
	Shortfall string `json:"shortfall,omitempty"`
	// ProofWithout replaces Proof when the sealed value the action would probe with cannot be had.
	ProofWithout Proof `json:"proof_without,omitempty"`
	// Settle is the propagation wait: two readings this far apart count as P2.
	Settle Duration `json:"settle,omitempty"`

	// Doors: for Contain and Cut the doors this action shuts; for Deliver the doors that reach the store; for Enable the doors it opens again.
	Doors []string `json:"doors,omitempty"`
	// Hosts: for Isolate the hosts taken out, for Freeze the one it is about; for Cut, Kill
	// and Destroy the hosts that may watch.
	Hosts []string `json:"hosts,omitempty"`
	// Evidence: for Export what it saves; for Purge and Destroy what must have been saved or listed first.
	Evidence []string `json:"evidence,omitempty"`
	// Kills names what stops working when this is done, for gate 6: "npm:token:<id>", "aws:role:<arn>", "github:workflow:<path>".
	Kills []string `json:"kills,omitempty"`
	// Credential is the inventory id of the credential or identity this action serves; "" when none.
	Credential string `json:"credential,omitempty"`
	// Authority is what that lets its holder do, by itself or by what it mints; the worst
	// that an action ends comes first. See Authorities.
	Authority []string `json:"authority,omitempty"`

	Before  json.RawMessage `json:"before,omitempty"` // the before-image: exactly the fields relied on
	Calls   []Call          `json:"calls,omitempty"`  // what would be sent, predicted from the snapshot
	Inverse *Inverse        `json:"inverse,omitempty"`
	// Assisted is set where a person carries the change out; the action's reading decides when it is done.
	Assisted *Assisted `json:"assisted,omitempty"`
	// Gates are the playbook's additional conditions, by name.
	Gates []string `json:"gates,omitempty"`
	// Owner and Breaks tell the person who confirms whom it concerns.
	Owner   string `json:"owner,omitempty"`
	Contact string `json:"contact,omitempty"`
	Breaks  string `json:"breaks,omitempty"`
}

// Target is an object or a selector.
type Target struct {
	Provider string `json:"provider"` // "github", "aws", "vault", "npm"
	Kind     string `json:"kind"`     // "workflow", "role", "token"
	ID       string `json:"id"`       // unique within provider and kind
	Name     string `json:"name"`     // what a person types to confirm
	Selector bool   `json:"selector,omitempty"`
}

// Value is an input: exactly one of its members is set.
type Value struct {
	Literal any    `json:"literal,omitempty"` // string, bool, number, list or map of these; never a secret
	Output  *Ref   `json:"output,omitempty"`  // another action's output
	Held    string `json:"held,omitempty"`    // a sealed value a person or a store may supply, by name, e.g. "old:NPM_TOKEN"
}

// Ref points at an output of another action.
type Ref struct {
	Action string `json:"action"`
	Name   string `json:"name"`
}

// Call is exactly one mutating request to a provider.
type Call struct {
	Key    string            `json:"key"`  // unique among the calls an action wants at one time, e.g. "cancel 41"
	Verb   string            `json:"verb"` // what the adapter does, e.g. "cancel", "force-cancel"
	Object string            `json:"object"`
	Args   map[string]string `json:"args,omitempty"`   // plain arguments; never a secret
	Before json.RawMessage   `json:"before,omitempty"` // what Settle needs to tell whether *this* call happened, e.g. the ids existing before a mint
}

// Inverse is the action that restores structure. It never restores an old secret or a loose trust.
type Inverse struct {
	Use  string           `json:"use"`
	With map[string]Value `json:"with,omitempty"`
}

// Assisted describes what a person does and what firebreak then needs from them.
type Assisted struct {
	Instructions string `json:"instructions"`
	Link         string `json:"link,omitempty"`
	Wants        string `json:"wants,omitempty"` // name of the secret output the person pastes; "" when none
}

// Closing says when a credential or identity counts as closed (invariant I8).
type Closing struct {
	Credential string   `json:"credential"` // inventory id
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`    // "credential" or "identity"
	Actions    []string `json:"actions"` // all of these at their required proof
	Owner      string   `json:"owner,omitempty"`
	// Open, when set, says why the plan has no way to close it; only a signed exception does then.
	Open string `json:"open,omitempty"`
}

// Condition is a gate condition a playbook adds. It can only hold things back.
type Condition struct {
	Name string `json:"name"`
	Step Step   `json:"step"`
	Text string `json:"text"`
}

// Gap is a thing that is not known or not preserved, with its consequence.
type Gap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}
