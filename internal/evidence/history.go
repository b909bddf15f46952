package evidence

import (
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

func call(action string, number int) string { return action + " " + strconv.Itoa(number) }

// history takes from the events what a state does not keep: when, and by whom.
func (r *Report) history(events []respond.Event) {
	saved := map[plan.Saved]bool{}
	keep := func(l []plan.Saved) {
		for _, s := range l {
			if !saved[s] {
				saved[s] = true
				r.Evidence = append(r.Evidence, s)
				r.gap(plan.Gap{What: s.Evidence, Why: s.Gap})
			}
		}
	}
	for _, e := range events {
		switch v := e.Data.(type) {
		case respond.Opened:
			r.Sittings = append(r.Sittings, Sitting{Operator: v.Operator, Program: v.Program, Began: e.Time})
		case respond.Resumed:
			r.Sittings = append(r.Sittings, Sitting{Operator: v.Operator, Program: v.Program, Began: e.Time, Cut: v.Cut})
		case respond.Planned:
			r.Plans = append(r.Plans, Plan{Digest: v.Digest, At: e.Time, Amendment: len(r.Plans) > 0, Subjects: []string{}})
		case respond.Approved:
			r.Approvals = append(r.Approvals, Approval{e.Time, v})
		case respond.Overridden:
			r.Overrides = append(r.Overrides, Override{e.Time, v})
		case respond.HandedOver:
			r.HandOvers = append(r.HandOvers, HandOver{e.Time, v})
		case respond.Surveyed:
			keep(v.Listed)
		case respond.Verified:
			keep(v.Reading.Saved)
		case respond.Paused:
			r.sat(func(s *Sitting) { s.Ended, s.Code, s.Reason = e.Time, v.Code, v.Reason })
		case respond.Closed:
			r.Ended = e.Time
			r.sat(func(s *Sitting) { s.Ended = e.Time })
		}
	}
}

func (r *Report) sat(f func(*Sitting)) {
	if n := len(r.Sittings); n > 0 {
		f(&r.Sittings[n-1])
	}
}

// gap adds what is not known or not kept, once: what is said of the same thing, or for
// the same reason of the same object, is no other gap.
func (r *Report) gap(g plan.Gap) {
	said := func(h plan.Gap) bool { return h.What == g.What || h.Why == g.Why && object(h.What) == object(g.What) }
	if g.Why != "" && !slices.ContainsFunc(r.Gaps, said) {
		r.Gaps = append(r.Gaps, g)
	}
}

// object is what a gap is about, without the words for it: "acme/shop" of
// "caches:acme/shop" and of "content of the caches of acme/shop".
func object(what string) string {
	return what[strings.LastIndexAny(what, ": ")+1:]
}
