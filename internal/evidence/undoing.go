package evidence

import (
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Undoing is one time that what was done was found undone. Neither By nor Unknown: the
// provider's log had nothing yet.
type Undoing struct {
	Seen    time.Time   `json:"seen"` // when it was found undone, driver's clock
	By      []plan.Doer `json:"by,omitempty"`
	Unknown string      `json:"unknown,omitempty"` // why nobody can be named, with the next step
}

// Undoings takes over what the incident knows of them.
func Undoings(all []respond.Undoing) []Undoing {
	var out []Undoing
	for _, u := range all {
		out = append(out, Undoing{u.Seen, u.By, u.Silent})
	}
	return out
}
