package rehearse

import (
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// ReportSchema names the report's JSON. Fields are added, never renamed.
const ReportSchema = "firebreak.rehearsal/1"

// Outcomes of a rehearsal.
const (
	Contained  = "contained"
	Breached   = "breached"   // something expected closed still works in the world, or what must never happen did
	Incomplete = "incomplete" // neither, but the incident is not closed
)

// Report is the score. What attacker and credentials did is read from the world's
// log; only what we claimed comes from the incident.
type Report struct {
	Schema      string        `json:"schema"`
	Scenario    string        `json:"scenario"`
	Seed        int64         `json:"seed"`
	World       string        `json:"world"`
	Outcome     string        `json:"outcome"`
	Credentials []Credential  `json:"credentials"`
	Persistence []Persistence `json:"persistence"`
	Violations  []Violation   `json:"violations"`
	Steps       []Step        `json:"steps"`
	Findings    []Finding     `json:"findings"`
	Refused     []string      `json:"refused_dials"` // addresses outside the world that somebody tried to reach
	Why         []string      `json:"why"`           // of an outcome other than contained, each a sentence
}

// Credential is the attacker's clock for one stolen thing. A time that never came
// is null. Dead is what the world says of it at the end.
type Credential struct {
	ID          string     `json:"id"`
	StolenAt    time.Time  `json:"stolen_at"`       // when the attacker had it
	DeadAt      *time.Time `json:"dead_at"`         // when it stopped working, by the world's log
	ClaimedDead *time.Time `json:"claimed_dead_at"` // when the incident said so
	Proof       plan.Proof `json:"proof"`
	Uses        int        `json:"attacker_uses_after_response_start"` // how often the attacker used it successfully
	Dead        bool       `json:"dead"`                               // whether it works no more at the end
	Owner       string     `json:"owner,omitempty"`
}

// Persistence is something the attacker left behind.
type Persistence struct {
	Kind   string `json:"kind"`
	Target string `json:"target"`
	Found  bool   `json:"found"`
}

// Violation is something that must not have happened.
type Violation struct {
	Kind   string    `json:"kind"`
	Target string    `json:"target"`
	At     time.Time `json:"at"`
	Text   string    `json:"text"`
}

// Step is when a step began and ended; null when it did not.
type Step struct {
	Step    plan.Step  `json:"step"`
	Started *time.Time `json:"started"`
	Ended   *time.Time `json:"ended"`
	Actions int        `json:"actions"`
}

// Finding is a rule the scenario expects to be reported.
type Finding struct {
	Rule  string `json:"rule"`
	Found bool   `json:"found"`
}
