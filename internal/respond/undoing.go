package respond

import (
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Undoing is one time that what was done was found undone. It happened between After and
// Until, in the provider's time; both are zero where the provider gave none.
type Undoing struct {
	Seen   time.Time // driver's clock
	After  time.Time // our own last call, or the claim where we made none, was over by then
	Until  time.Time // it was seen undone
	By     []plan.Doer
	Silent string // why nobody can be named
}

// Open reports whether the provider's log may still say who it was.
func (u Undoing) Open() bool { return len(u.By) == 0 && u.Silent == "" }

// undoing is what is known of it when a reading shows it. The provider's time is told in
// whole seconds, cut off, so one second is added at either end: what happened within a
// second of our own call is rather nobody's than the wrong person's.
func (a *action) undoing(r plan.Reading, now time.Time) Undoing {
	u := Undoing{Seen: now}
	if r.Server.IsZero() {
		u.Silent = "the provider gave no time to go by; look into its log"
		return u
	}
	shut, last := a.ended, time.Time{}
	for _, t := range a.attempts {
		if t.At.Before(last) {
			continue
		}
		last, shut = t.At, a.ended // whose answer nobody saw is over when the state was seen again
		if !t.Answered.IsZero() && (t.Outcome == nil || t.Outcome.State != plan.Refused) {
			shut = t.Answered
		}
	}
	u.After, u.Until = shut.Add(r.Server.Sub(now)+time.Second), r.Server.Add(time.Second)
	return u
}

// told takes in what the provider says of who undid it. What it said once stays said.
func (a *action) told(all []plan.Undone) {
	for _, v := range all {
		if v.Number < 1 || v.Number > len(a.undoings) || !a.undoings[v.Number-1].Open() {
			continue
		}
		u := &a.undoings[v.Number-1]
		u.By, u.Silent = slices.Clone(v.By), v.Silent
	}
}

// culprits says whose access is to be taken away, as far as that is known.
func (a *action) culprits() string {
	var who []string
	for _, u := range a.undoings {
		for _, by := range u.By {
			if !slices.Contains(who, by.Who) {
				who = append(who, by.Who)
			}
		}
	}
	if len(who) == 0 {
		return "find out by whom and take the access away"
	}
	return "the provider's log names " + strings.Join(who, ", ") + "; take that access away"
}
