package view

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Pause says that a provider makes us wait. It is no record of the journal: nothing
// was decided by it.
type Pause struct {
	Provider string        `json:"provider"`
	Host     string        `json:"host"`
	Limit    string        `json:"limit"`   // primary or secondary, the provider's; pace, our own between two changes
	Wait     plan.Duration `json:"wait"`    // from the line's time on
	Request  string        `json:"request"` // which was told to wait, without its query
}

// PauseRecord is a line of an ndjson stream between those of the journal.
type PauseRecord struct {
	Type     string    `json:"type"` // "pause"
	Incident string    `json:"incident"`
	Time     time.Time `json:"time"`
	Data     Pause     `json:"data"`
}

// RecordPause writes a pause as a line of an ndjson stream.
func RecordPause(w io.Writer, incident string, at time.Time, p Pause) error {
	return json.NewEncoder(w).Encode(PauseRecord{"pause", incident, at, p})
}

// String is the pause in a line for a person.
func (p Pause) String() string {
	wait := p.Wait.D().Round(time.Second)
	if p.Limit == "pace" {
		return fmt.Sprintf("%s: waiting %s between two changes, before %s", Line(p.Provider), wait, Line(p.Request))
	}
	kind := "rate limit"
	if p.Limit == "primary" || p.Provider == "github" {
		kind = p.Limit + " rate limit" // GitHub's own words; others have one
	}
	return fmt.Sprintf("%s: told to wait %s (%s) before %s", Line(p.Provider), wait, kind, Line(p.Request))
}
