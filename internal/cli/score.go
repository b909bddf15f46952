package cli

import (
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/view"
)

// table is a score for a person.
func table(r rehearse.Report, s *respond.State) view.Score {
	v := view.Score{
		Outcome: r.Outcome, Good: r.Outcome == rehearse.Contained, Why: r.Why, Incident: s.Opened.Incident, Began: s.Opened.Began, Ended: s.Now,
	}
	for _, c := range r.Credentials {
		row := view.ScoreRow{ID: c.ID, Stolen: c.StolenAt, Alive: !c.Dead, Proof: c.Proof, Uses: c.Uses}
		if c.DeadAt != nil {
			row.Dead = *c.DeadAt
		}
		if c.ClaimedDead != nil {
			row.Claimed = *c.ClaimedDead
		}
		v.Credentials = append(v.Credentials, row)
	}
	for _, p := range r.Persistence {
		found := "not found"
		if p.Found {
			found = "found"
		}
		v.Persistence = append(v.Persistence, p.Kind+" "+p.Target+" ("+found+")")
	}
	for _, x := range r.Violations {
		v.Violations = append(v.Violations, x.Text)
	}
	return v
}
