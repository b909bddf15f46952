package view

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/inventory"
)

// BoundarySchema names the JSON form of Boundary.
const BoundarySchema = "firebreak.boundary/1"

// Boundary is what boundary has found, in the order to mend it.
type Boundary struct {
	Schema    string         `json:"schema"`
	Findings  []FindingTold  `json:"findings"`  // open ones first, each part in the order to mend them
	Open      int            `json:"open"`      // how many of the findings nobody accepted
	Rules     []RuleTold     `json:"rules"`     // those that found something, in the order to mend
	Notes     []NoteTold     `json:"notes"`     // what a person has to know of accepted.yaml
	Severity  map[string]int `json:"severity"`  // open findings by severity
	Workflows int            `json:"workflows"` // how many workflow files were judged
	Accepting string         `json:"accepting"` // the file acceptances are read from
}

// FindingTold is a finding with the line it points at.
type FindingTold struct {
	inventory.Finding
	Snippet string `json:"snippet"` // the line as it stands in the file
	Accept  string `json:"accept"`  // what to add under findings: in accepted.yaml so that it stands
}

// RuleTold is a rule as people and scripts read it.
type RuleTold struct {
	ID   string `json:"id"`
	Why  string `json:"why"` // one sentence
	Fix  string `json:"fix"`
	Gate bool   `json:"gate"` // its open findings hold the gate before restore
}

// NoteTold is what a person has to know of one acceptance.
type NoteTold struct {
	Note string `json:"note"` // "expired", "expiring", "unused"
	Line int    `json:"line"` // in accepted.yaml
	Text string `json:"text"`
}

// WriteBoundary writes findings like a compiler does its errors.
func WriteBoundary(w io.Writer, st Style, b Boundary) error {
	var out strings.Builder
	why := map[string]string{}
	for _, r := range b.Rules {
		why[r.ID] = r.Why
	}
	for _, f := range b.Findings[:b.Open] {
		out.WriteString(st.Fit(headline(st, f.Finding), 2))
		out.WriteString(st.excerpt(f))
		if reason := why[f.Rule]; reason != "" {
			out.WriteString(st.Fit("     = why: "+Line(reason)+"\n", 7))
			delete(why, f.Rule) // said once
		}
		if f.Fix != "" {
			out.WriteString(st.Fit("     = fix: "+Line(f.Fix)+"\n", 7))
		}
		if len(f.Branches) > 0 {
			out.WriteString(st.Fit("     = on "+Line(strings.Join(f.Branches, ", "))+"\n", 7))
		}
		out.WriteString(st.Faint("     = fingerprint "+f.Fingerprint) + "\n\n")
	}
	out.WriteString(st.Fit(closing(st, b), 2))
	_, err := io.WriteString(w, out.String())
	return err
}

// Place is where a finding stands, so that editors and terminals can open it.
func Place(f inventory.Finding) string {
	return Line(fmt.Sprintf("%s:%d:%d", path.Join(cmp.Or(f.Folder, f.Repository), f.Path), f.Line, f.Column))
}

func headline(st Style, f inventory.Finding) string {
	severity := st.Bad(Line(f.Severity))
	if f.Severity != "critical" && f.Severity != "high" {
		severity = st.Warn(Line(f.Severity))
	}
	return st.Strong(Place(f)) + ": " + severity + ": " + Line(f.Message) + " [" + Line(f.Rule) + "]\n"
}

// excerpt is the line with its mark, cut to the screen around the mark.
func (s Style) excerpt(f FindingTold) string {
	if f.Snippet == "" {
		return ""
	}
	text, column := []rune(f.Snippet), max(f.Column, 1)
	if room := s.width - len("9999 | "); s.width > 0 && len(text) > room && room > 2 {
		from := max(min(column-1-room/2, len(text)-room), 0)
		column -= from
		text = append([]rune{}, text[from:from+room]...)
		if from > 0 {
			text[0] = '…'
		}
		if from+room < len([]rune(f.Snippet)) {
			text[room-1] = '…'
		}
	}
	return diag.Excerpt(f.Line, column, string(text))
}

// closing says how many there are, what is accepted, and what may be done.
func closing(st Style, b Boundary) string {
	var out strings.Builder
	var counts []string
	for _, s := range []string{"critical", "high", "medium", "low", "unknown"} {
		if n := b.Severity[s]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	switch {
	case b.Workflows == 0:
		out.WriteString("There is no workflow: nothing below .github/workflows was found.\n")
	case b.Open == 0:
		fmt.Fprintf(&out, "%s in %s.\n", st.Good("No open finding"), Count(b.Workflows, "workflow file"))
	default:
		fmt.Fprintf(&out, "%s in %s: %s. In the order to mend them.\n", st.Strong(fmt.Sprintf("%d open", b.Open)), Count(b.Workflows, "workflow file"), strings.Join(counts, ", "))
	}
	for _, f := range b.Findings[b.Open:] {
		fmt.Fprintf(&out, "accepted: %s %s, until %s by %s: %s\n", Place(f.Finding), Line(f.Rule), Line(day(f.Accepted.Expires)), Line(f.Accepted.Owner), Line(f.Accepted.Reason))
	}
	if b.Open > 0 {
		fmt.Fprintf(&out, "\nTo live with one instead, add it to %s; the first would be\n\nversion: 1\nfindings:\n%s", Line(b.Accepting), Block(b.Findings[0].Accept))
	}
	return out.String()
}

// day is the day of a time in RFC 3339: an end at midnight is the end of the day before.
func day(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	return t.Add(-time.Second).UTC().Format(time.DateOnly)
}
