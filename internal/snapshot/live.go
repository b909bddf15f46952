package snapshot

import "time"

// Live is a run with what a survey leaves out: its jobs, and what it waits for.
type Live struct {
	Repository string `json:"repository"`
	Run
	Title string `json:"title,omitempty"`
	Jobs  []Job  `json:"jobs"`
	// Waits are the environments whose approval the run waits for.
	Waits []string `json:"waits_for_approval,omitempty"`
	// Gap says what of it could not be read.
	Gap string `json:"gap,omitempty"`
}

// Job is one job of a run.
type Job struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion,omitempty"`
	Attempt    int       `json:"attempt,omitempty"`
	Runner     string    `json:"runner,omitempty"` // "" while none has taken it
	Group      string    `json:"runner_group,omitempty"`
	Labels     []string  `json:"labels,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
}
