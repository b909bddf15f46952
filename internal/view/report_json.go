package view

import (
	"io"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// ReportSchema names the JSON form of a report. Fields are added, never renamed.
const ReportSchema = "firebreak.report/1"

type reportJSON struct {
	Schema     string               `json:"schema"`
	Incident   Incident             `json:"incident"`
	Mode       string               `json:"mode"`
	Began      time.Time            `json:"began"`
	Since      time.Time            `json:"since,omitzero"`
	Closings   []reportClosing      `json:"closings"`
	Overrides  []respond.Overridden `json:"overrides"`
	Found      []plan.Found         `json:"found"`
	Evidence   []plan.Saved         `json:"evidence"`
	Unknown    []string             `json:"unknown"`
	Gaps       []plan.Gap           `json:"gaps"`
	Records    int64                `json:"records"`
	Unanchored int64                `json:"unanchored"`
}

type reportClosing struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Kind      string     `json:"kind"`
	Closed    bool       `json:"closed"`
	Proof     plan.Proof `json:"proof"`
	DeadSince time.Time  `json:"dead_since,omitzero"`
	ClosedAt  time.Time  `json:"closed_at,omitzero"`
	Owner     string     `json:"owner"`
	Why       string     `json:"why,omitempty"`
}

// ReportJSON writes the report for machines.
func ReportJSON(w io.Writer, r Report) error {
	s := r.State
	v := reportJSON{
		Schema: ReportSchema, Incident: NewIncident(s, ""), Mode: s.Opened.Mode, Began: s.Opened.Began, Since: s.Opened.Since,
		Closings: []reportClosing{}, Overrides: []respond.Overridden{}, Found: []plan.Found{}, Evidence: []plan.Saved{},
		Unknown: []string{}, Gaps: []plan.Gap{}, Records: r.Records, Unanchored: r.Records - r.Anchored,
	}
	for _, c := range s.Closings {
		v.Closings = append(v.Closings, reportClosing{c.Credential, c.Name, c.Kind, c.Closed, c.Proof, c.Dead, c.Claimed, c.Owner, c.Why})
	}
	v.Overrides = append(v.Overrides, s.Overrides...)
	v.Found = append(v.Found, s.Found...)
	v.Evidence = append(v.Evidence, s.Listed...)
	for i := range s.Actions {
		if OutcomeOf(&s.Actions[i]) == plan.Unknown {
			v.Unknown = append(v.Unknown, s.Actions[i].Action.ID)
		}
	}
	if s.Boundary != nil {
		v.Unknown = append(v.Unknown, s.Boundary.Unknown...)
	}
	for _, p := range s.Plans {
		v.Gaps = append(v.Gaps, p.Plan.Gaps...)
	}
	return JSON(w, v)
}
