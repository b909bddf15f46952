// Package world serves simulated providers over loopback HTTP, well enough that
// the unmodified SDK clients work against them.
//
// A World owns what the providers share: the clock, the state file, the log of
// who did what with which credential, the register of secret values, latency,
// rate limits and faults. Each provider is a package below this one with its own
// state struct and http.Handler, mounted with Mount.
//
// The log is the truth a rehearsal is scored by. It is written by the world alone
// and never read by adapters or decider. State and log are on disk before an
// answer is sent, so a killed rehearsal resumes in the same world.
package world

import (
	"encoding/json"
	"net/http"
	"time"
)

// Clock is the world's time, which may run faster than ours.
type Clock interface {
	Now() time.Time
	// Real turns a span of world time into a span of our time.
	Real(time.Duration) time.Duration
}

// Provider is one simulated system. Its state is plain data: State gives a
// pointer to it, which is written to disk after each mutation and read back by
// Restore.
type Provider interface {
	Name() string // "github", "aws", "vault", "npm"
	http.Handler
	State() any
	Restore(json.RawMessage) error
	// Describe says what a request is, before it is carried out: a name for the log
	// and for faults ("npm DELETE token"), the object, and whether it would mutate.
	Describe(r *http.Request, body []byte) Request
}

// Request is a provider's description of an incoming request.
type Request struct {
	Call     string // "PUT workflow disable", "iam UpdateAssumeRolePolicy", stable: scenarios name it in faults
	Object   string
	Mutating bool
	Value    string // the credential value presented, "" for none; looked up in the register for the log
	Free     bool   // no rate limit counts it
}

// Entry is one line of the world's log.
type Entry struct {
	Seq        int       `json:"seq"`
	Time       time.Time `json:"time"` // world time
	Kind       string    `json:"kind"` // "request", "dies", "born", "effect", "team", "attacker"
	Provider   string    `json:"provider"`
	Call       string    `json:"call,omitempty"`
	Object     string    `json:"object,omitempty"`
	Agent      string    `json:"agent,omitempty"`      // User-Agent: firebreak/…, attacker/…, team/…
	Credential string    `json:"credential,omitempty"` // name of the credential presented or concerned; never a value
	Mutating   bool      `json:"mutating,omitempty"`
	Status     int       `json:"status,omitempty"`
	Fault      string    `json:"fault,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	Number     int       `json:"n,omitempty"` // for a mutating request of firebreak: 1, 2, ... in this world
	// At is for "dies" when the credential stops working, which may be later than Time;
	// for a request that a rate limit refused, until when it is refused.
	At time.Time `json:"at,omitzero"`
}

// Eventually is a value whose changes become visible only after a while.
type Eventually[T any] struct {
	Was T         `json:"was"`
	Is  T         `json:"is"`
	At  time.Time `json:"at"` // from here on Is is visible
}

// Set changes the value; readers see it from now+delay on.
func (e *Eventually[T]) Set(v T, now time.Time, delay time.Duration) {
	e.Was = e.Get(now)
	e.Is, e.At = v, now.Add(delay)
}

// Get is what a reader sees at now.
func (e *Eventually[T]) Get(now time.Time) T {
	if now.Before(e.At) {
		return e.Was
	}
	return e.Is
}

// Always is a value that has been visible for ever.
func Always[T any](v T) Eventually[T] { return Eventually[T]{Was: v, Is: v} }

// Core is what a provider may ask of the world it is mounted in. All methods are
// to be called while the world's lock is held, which it is during ServeHTTP of a
// mounted provider and inside World.Do.
type Core interface {
	Now() time.Time
	// Born registers a credential value under a name; later requests presenting it are logged by that name.
	Born(name, value string)
	// Dies logs that the named credential stops working at the given world time (now or later, by eventual consistency).
	Dies(name string, at time.Time, why string)
	// Alive says whether a registered name works now, as far as Born and Dies were told: false for a name that was never born.
	Alive(name string) bool
	// Name gives the registered name of a value, "" when unknown.
	Name(value string) string
	// Derive lets a provider tell what a value nobody registered is known by, such as the
	// public half of a private key; "" where it says nothing of it. It is not kept.
	Derive(func(value string) string)
	// Log appends an entry; Seq and Time are filled in.
	Log(Entry)
	// ID gives a fresh number, the same sequence for the same seed and history.
	ID() int64
	// Text gives n fresh pseudo-random letters and digits, the same sequence for the same seed and history.
	Text(n int) string
	// Delay is the configured propagation delay for a kind of change ("npm token", "iam"), zero when none.
	Delay(kind string) time.Duration
}
