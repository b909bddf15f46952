// Package adapters is the contract between firebreak and the systems that hold
// credentials.
//
// A provider is a survey, a preflight and a list of actions. An Action is one
// small type in one file; begin with its Spec. What an action does is split so
// that each half can be trusted by itself:
//
//   - Plan is pure over a snapshot.
//   - Verify and Settle only read. The client they get cannot send a mutation.
//   - Apply sends at most one mutating request.
//
// Adapters import this package, plan, snapshot, secret and their SDK; never each
// other, and never the decider.
package adapters

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// Action is one kind of change to one kind of target.
type Action interface {
	// Spec describes the action. No I/O; the same value every time.
	Spec() plan.Spec

	// Plan says what is there now and which calls would bring the wished state
	// about. It is pure: the same inputs and snapshot give the same change. Nothing
	// to do is a Change without calls. A target the snapshot does not have is an
	// error of type *Missing, which names what must be surveyed.
	Plan(in Inputs, s *snapshot.Snapshot) (plan.Change, error)

	// Apply sends at most one mutating request for c and says what became of it: its
	// answer alone decides. It never returns success for an answer it did not get: a
	// timeout, a broken connection or an answer that does not parse is plan.Unknown.
	// It does not retry. What it has to read to build the request (a key to seal
	// with, the other members of a document) or to tell one refusal from another, it
	// reads through the guarded client; where that fails before anything was sent,
	// the call is refused.
	Apply(ctx context.Context, t Task, c plan.Call) Result

	// Settle answers whether our call c happened, by reading alone. "no" only when
	// enough time has passed since the intent for the call to have become visible.
	Settle(ctx context.Context, t Task, c plan.Call) plan.Settlement

	// Verify looks at the target and says whether the wished state holds, with the
	// calls that would mend it. A failed read is plan.Unknown. A probe it makes can
	// never succeed at changing anything.
	Verify(ctx context.Context, t Task) plan.Reading
}

// Needing is an Action that does not need all of its spec's permissions on every
// target. Needs gives those for these inputs; it is pure.
type Needing interface {
	Needs(in Inputs) []string
}

// Telling is an Action whose provider keeps a log of who changed its target. Undoer says
// who undid the action after the one time and not after the other, both the provider's.
// It only reads, and names nobody but for an event about this very target; what happened
// under firebreak's own identity is told as Silent. The zero value: the log has nothing yet, ask again.
type Telling interface {
	Undoer(ctx context.Context, t Task, after, until time.Time) plan.Undone
}

// Inputs are an action's inputs while planning: literals as they are; outputs
// and held values are present as references, because their values do not exist yet.
type Inputs map[string]plan.Value

// Text gives a literal string input, "" when it is absent or not a literal.
func (in Inputs) Text(name string) string {
	s, _ := in[name].Literal.(string)
	return s
}

// Task is an action in execution.
type Task struct {
	Action  plan.Action
	Inputs  map[string]any                                  // literals and plain outputs, resolved
	Secrets map[string]secret.Text                          // secret inputs that could be had; absent ones are missing
	History []plan.Attempt                                  // this action's calls so far, oldest first
	Outputs map[string]plan.Output                          // what this action's calls and readings gave out so far; journaled
	Began   time.Time                                       // when the response began, driver's clock
	Now     time.Time                                       // driver's clock
	Save    func(name string, b []byte) (plan.Saved, error) // writes evidence durably and gives its digest; nil in a dry run
	// SaveFrom is Save for what is too large for memory. An error of r is given back as
	// it is and nothing is kept; *Unkeepable says that it cannot be kept at all. nil when
	// Save is nil.
	SaveFrom func(name string, r io.Reader) (plan.Saved, error)
}

// Unkeepable is the error of evidence that may not be written as it is, however often
// it is tried (it is too large to be searched for secret values): a gap.
type Unkeepable struct{ Why string }

func (u *Unkeepable) Error() string { return u.Why + "; save it by hand" }

// Text gives a string input, "" when absent.
func (t Task) Text(name string) string {
	s, _ := t.Inputs[name].(string)
	return s
}

// Result is an outcome whose secret outputs are not sealed yet. The driver seals
// them before it records the outcome: a mint and its sealing are one Apply.
type Result struct {
	plan.Outcome
	Secrets map[string]secret.Text
}

// Missing says that the snapshot lacks what an action needs to be planned.
type Missing struct {
	What  string // for a person: "workflow ci.yml of acme/shop"
	Scope Scope  // what to survey
}

func (m *Missing) Error() string {
	return m.What + " is not in the snapshot; survey " + m.Scope.String() + " first"
}

// Scope says what to survey.
type Scope struct {
	Repositories []string          `json:"repositories,omitempty"` // "owner/name"
	Identities   map[string]string `json:"identities,omitempty"`   // reference → provider kind, e.g. "arn:aws:iam::1:role/x" → "aws.role"
	Issuers      []Selector        `json:"issuers,omitempty"`
	Stores       []Selector        `json:"stores,omitempty"`
	// ActionRefs are tags and branches of actions, "owner/name@ref", whose commits are to be looked up.
	ActionRefs []string `json:"action_refs,omitempty"`
	// Since is from when on what was done with the identities matters; zero where nobody said.
	Since time.Time `json:"since,omitzero"`
}

// Selector points at an issuer identity or store in configuration terms.
type Selector struct {
	Name string            `json:"name"` // "npm.token", "aws.secretsmanager"
	With map[string]string `json:"with"`
}

func (s Scope) String() string {
	switch {
	case len(s.Repositories) > 0:
		return s.Repositories[0]
	case len(s.Issuers) > 0:
		return s.Issuers[0].Name
	case len(s.Stores) > 0:
		return s.Stores[0].Name
	}
	for _, id := range slices.Sorted(maps.Keys(s.Identities)) {
		return id // the same error text every time: planning is pure
	}
	return "everything"
}

// Provider is one system.
type Provider interface {
	Name() string // "github"
	Actions() []Action
	Issuers() []plan.Issuer
	Stores() []plan.StoreKind
	// Survey adds what it can list of scope to s, and records what it could not as
	// gaps. It only reads. An error means nothing useful could be read at all.
	Survey(ctx context.Context, scope Scope, s *snapshot.Snapshot) error
	// Self says who firebreak is at this provider, for gate 6. It only reads.
	Self(ctx context.Context) (Self, error)
}

// Self is firebreak's own identity at a provider.
type Self struct {
	Provider string        `json:"provider"`
	Account  string        `json:"account"` // account or server identity; resume refuses when it changed
	Who      string        `json:"who"`
	Kills    []string      `json:"kills"`          // keys, as in plan.Action.Kills, whose death would end us
	Skew     plan.Duration `json:"skew,omitempty"` // provider's clock minus ours
}

// Wire is what every provider is built over. The transport decides what can be
// reached: in a rehearsal its dialer knows only the loopback world.
type Wire struct {
	Transport http.RoundTripper
	// Dial opens a connection for what is not HTTP, to where Transport could go; nil where
	// there is only Transport.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Sleep waits in the driver's clock (scaled in a rehearsal); it returns ctx.Err when cut short.
	Sleep func(ctx context.Context, d time.Duration) error
	Now   func() time.Time
	// ReadOnly makes Apply impossible: the client for mutations is the guarded one too.
	ReadOnly bool
	// Notice, when not nil, is told when a provider makes us wait, before the wait
	// begins. It must not block.
	Notice func(Notice)
	// Agent is put into the User-Agent so that our requests can be told from an attacker's, e.g. "firebreak/1.0 (incident inc-…)".
	Agent string
}

// Notice says that a provider makes us wait.
type Notice struct {
	Provider string
	Host     string
	Limit    string        // "primary", "secondary", or "pace" for our own gap between mutations
	Wait     time.Duration // driver's clock
	Request  string        // "PUT /repos/…", without query
}
