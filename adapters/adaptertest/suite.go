// Package adaptertest is the one suite every action passes. It drives an action
// through a world the way the decider would, breaks the wire under it in every
// way the outcome lattice knows, and checks what the action claims against what
// was really sent.
//
// Faults are put in at the transport, above the simulated provider, so that the
// suite itself knows whether a request arrived. Providers differ in quirks, which
// are fields of Suite, never forks of it.
package adaptertest

import (
	"net/http"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
)

// Suite describes one action and a world in which its wished state does not hold.
type Suite struct {
	Action string // dotted name

	// World starts a fresh world for each check.
	World func(t *testing.T) World
	// Provider builds the provider under test over w. It must not do I/O.
	Provider func(t *testing.T, w adapters.Wire) adapters.Provider

	Scope   adapters.Scope
	Inputs  adapters.Inputs        // as the plan has them
	Values  map[string]any         // inputs which are outputs of other actions, resolved
	Secrets map[string]secret.Text // secret inputs, resolved

	// Canaries are further values that must never be seen: the provider's own credentials, other secrets of the world.
	Canaries []secret.Text

	// Mutates tells a mutation from a read on the wire; nil judges by HTTP method.
	Mutates func(*http.Request) bool

	Quirks Quirks
}

// Quirks are what is legitimately different about an action.
type Quirks struct {
	// Blind: the snapshot cannot show that the wished state holds (a write-only
	// store, a mint), so planning again finds the same calls.
	Blind bool
	// IgnoresBody: the answer's status alone says that it was done.
	IgnoresBody bool
	// ServerErrorRefuses: this provider promises that a 5xx did nothing.
	ServerErrorRefuses bool
	// NotByWorld: nothing the suite can do makes the wished state come about
	// (a person or another action does); only reads are checked.
	NotByWorld bool
	// Deadline is how long, in world time, the wished state may take; 0 means two hours.
	Deadline time.Duration
	// Optional reads may fail without making the reading unknown, by path prefix.
	Optional []string
}

// World is a fresh simulated provider with a clock that stands still.
type World struct {
	Transport http.RoundTripper
	Now       func() time.Time
	Advance   func(time.Duration)
	// Truth, when set, says whether the wished state really holds now. A reading
	// that claims it earlier is a failure.
	Truth func() bool
}

// Run runs every check as a subtest.
func Run(t *testing.T, s Suite) {
	t.Helper()
	note(s.Action)
	if s.Mutates == nil {
		s.Mutates = adapters.MutatesByMethod
	}
	if s.Quirks.Deadline == 0 {
		s.Quirks.Deadline = 2 * time.Hour
	}
	for _, c := range []struct {
		name  string
		check func(*testing.T, Suite)
		acts  bool // needs the action to change something
	}{
		{"spec", checkSpec, false},
		{"plan twice", checkPlan, false},
		{"verify only reads", checkVerifyReads, false},
		{"reads that fail are unknown", checkReads, false},
		{"dry run", checkDryRun, false},
		{"apply, then held", checkConverge, true},
		{"refusals", checkRefusals, true},
		{"lost before", checkLostBefore, true},
		{"lost after", checkLostAfter, true},
		{"wrong answer", checkGarbage, true},
		{"one read fails", checkOneRead, true},
	} {
		if c.acts && s.Quirks.NotByWorld {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.check(t, s) })
	}
}
