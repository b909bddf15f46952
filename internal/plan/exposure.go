package plan

import "time"

// Exposure is since when an attacker may have been in, as far back as cannot be ruled
// out, and what that rests on.
type Exposure struct {
	Since      time.Time   `json:"since,omitzero"`
	Why        string      `json:"why"`
	Candidates []Candidate `json:"candidates,omitempty"`
}

// Candidate is one time at which the exposure may have begun.
type Candidate struct {
	Time     time.Time `json:"time"`
	Kind     string    `json:"kind"`
	Evidence string    `json:"evidence"` // a sentence
}
