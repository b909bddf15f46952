package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Report is what the report of an incident is made from.
type Report struct {
	State  *respond.State
	Events []respond.Event // the whole journal
	// Records counts the journal's records; Anchored of them are proven unchanged by
	// a checkpoint held elsewhere.
	Records, Anchored int64
	Torn              string // a torn tail that was found
}

// ReportMarkdown writes the report. Times are UTC.
func ReportMarkdown(w io.Writer, r Report) error {
	var b strings.Builder
	s := r.State
	fmt.Fprintf(&b, "# Incident %s\n\n", Markdown(s.Opened.Incident))
	reportHead(&b, s)
	reportClosings(&b, s)
	reportUnknown(&b, s)
	reportSteps(&b, s)
	reportGates(&b, s)
	reportEvidence(&b, s)
	reportTimeline(&b, r)
	fmt.Fprintf(&b, "\n## Journal\n\n%d records, %d anchored by a checkpoint held elsewhere, %d unanchored: whoever holds the folder could have rewritten those.\n",
		r.Records, r.Anchored, r.Records-r.Anchored)
	if s.Opened.CheckpointKey != "" {
		fmt.Fprintf(&b, "Checkpoints verify with the key `%s`.\n", strings.ReplaceAll(Line(s.Opened.CheckpointKey), "`", ""))
	}
	if r.Torn != "" {
		fmt.Fprintf(&b, "A torn tail was found: %s.\n", Markdown(r.Torn))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func reportHead(b *strings.Builder, s *respond.State) {
	t := [][2]string{
		{"state", s.Phase},
		{"mode", s.Opened.Mode},
		{"response began", stamp(s.Opened.Began)},
		{"exposure began", sinceText(s)},
		{"planned by", s.Opened.Author},
		{"operated by", s.Opened.Operator},
		{"program", s.Opened.Program},
	}
	for _, p := range s.Plans {
		t = append(t, [2]string{"plan", p.Digest})
	}
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range t {
		fmt.Fprintf(b, "| %s | %s |\n", row[0], Markdown(row[1]))
	}
	if s.Pause != nil && s.Phase == "paused" {
		fmt.Fprintf(b, "\n**Paused:** %s\n", Markdown(s.Pause.Reason))
	}
	if s.Opened.Mode == "rehearsal" {
		b.WriteString("\nThis was a rehearsal. Nothing outside the simulated world was touched.\n")
	}
}

func reportClosings(b *strings.Builder, s *respond.State) {
	b.WriteString("\n## Credentials and identities\n\n| what | kind | closed | proof | dead since (claimed) | closed at | owner | open |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range s.Closings {
		closed, why := "yes", ""
		if !c.Closed {
			closed, why = "**NO**", c.Why
		}
		if c.Exception != nil {
			why = fmt.Sprintf("exception until %s by %s: %s", stamp(c.Exception.Expires), c.Exception.Owner, c.Exception.Reason)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", Markdown(c.Name), Markdown(c.Kind), closed, proof(c.Proof),
			stamp(c.Dead), stamp(c.Claimed), Markdown(c.Owner), Markdown(why))
	}
	for i := range s.Actions {
		if a := &s.Actions[i]; a.Shortfall != "" {
			fmt.Fprintf(b, "\n- proof of %s ends at %s: %s", Markdown(a.Action.Use+" "+TargetName(a.Action)), proof(a.Required), Markdown(a.Shortfall))
		}
	}
	b.WriteByte('\n')
}

// reportUnknown comes early: what is not known is what the reader must know.
func reportUnknown(b *strings.Builder, s *respond.State) {
	var lines []string
	for i := range s.Actions {
		a := &s.Actions[i]
		if OutcomeOf(a) == plan.Unknown {
			lines = append(lines, fmt.Sprintf("**UNKNOWN**: whether %s took effect", Markdown(a.Action.Use+" on "+TargetName(a.Action))))
		}
	}
	if s.Boundary != nil {
		for _, u := range s.Boundary.Unknown {
			lines = append(lines, "**UNKNOWN**: "+Markdown(u))
		}
	}
	for _, p := range s.Plans {
		for _, g := range p.Plan.Gaps {
			lines = append(lines, fmt.Sprintf("gap: %s: %s", Markdown(g.What), Markdown(g.Why)))
		}
	}
	for _, l := range s.Listed {
		if l.Gap != "" {
			lines = append(lines, fmt.Sprintf("gap: %s is only listed: %s", Markdown(l.Evidence), Markdown(l.Gap)))
		}
	}
	b.WriteString("\n## Unknown and missing\n\n")
	if len(lines) == 0 {
		b.WriteString("Nothing.\n")
	}
	for _, l := range lines {
		b.WriteString("- " + l + "\n")
	}
}

func reportSteps(b *strings.Builder, s *respond.State) {
	for _, step := range plan.Steps() {
		head := false
		for i := range s.Actions {
			a := &s.Actions[i]
			if a.Action.Step != step {
				continue
			}
			if !head {
				fmt.Fprintf(b, "\n## %s\n\n| action | target | outcome | proof | began | claimed | remarks |\n|---|---|---|---|---|---|---|\n", title(string(step)))
				head = true
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", Markdown(a.Action.Use), Markdown(TargetName(a.Action)),
				outcomeMarkdown(OutcomeOf(a)), proof(a.Proof), stamp(a.Started), stamp(a.Ended), Markdown(remarks(a)))
		}
	}
}

func remarks(a *respond.ActionState) string {
	var out []string
	if a.Reason != "" {
		out = append(out, a.Reason)
	}
	if a.Action.Assisted != nil {
		out = append(out, "carried out by a person")
	}
	if a.Amended {
		out = append(out, "carried out on another state than planned")
	}
	if n := len(a.Attempts); n > 1 {
		out = append(out, fmt.Sprintf("%d calls", n))
	}
	return strings.Join(out, "; ")
}

func reportGates(b *strings.Builder, s *respond.State) {
	if len(s.Overrides) > 0 {
		b.WriteString("\n## Gates that were OVERRIDDEN\n\n")
	}
	for _, o := range s.Overrides {
		fmt.Fprintf(b, "- **%s** by %s", Markdown(string(o.Gate)), Markdown(o.By))
		if o.Second != "" {
			fmt.Fprintf(b, " with %s", Markdown(o.Second))
		}
		if o.Action != "" {
			fmt.Fprintf(b, " for %s", Markdown(o.Action))
		}
		fmt.Fprintf(b, ": %s\n", Markdown(o.Reason))
	}
	var held []string
	for _, g := range s.Gates {
		if !g.Holds && g.Override == nil {
			held = append(held, fmt.Sprintf("- **%s** does not hold: %s\n", Markdown(string(g.Gate)), Markdown(strings.Join(g.Why, "; "))))
		}
	}
	if len(held) > 0 {
		b.WriteString("\n## Gates that hold back\n\n" + strings.Join(held, ""))
	}
	if len(s.Plans) > 0 && len(s.Plans[0].Plan.Waits) > 0 {
		b.WriteString("\n## Shortened waits\n\n")
		for name, wait := range sorted(s.Plans[0].Plan.Waits) {
			fmt.Fprintf(b, "- %s waits %s instead of the provider's figure\n", Markdown(name), Markdown(wait))
		}
	}
}

func reportEvidence(b *strings.Builder, s *respond.State) {
	if len(s.Found) > 0 {
		b.WriteString("\n## Found\n\n")
	}
	for _, f := range s.Found {
		fmt.Fprintf(b, "- %s %s: %s\n", Markdown(f.Kind), Markdown(f.Target), Markdown(f.Why))
	}
	if len(s.Listed) > 0 {
		b.WriteString("\n## Evidence\n\n| what | file | SHA-256 |\n|---|---|---|\n")
	}
	for _, l := range s.Listed {
		fmt.Fprintf(b, "| %s | %s | %s |\n", Markdown(l.Evidence), Markdown(l.File), Markdown(l.Digest))
	}
}

func reportTimeline(b *strings.Builder, r Report) {
	b.WriteString("\n## Timeline\n\n| time | what |\n|---|---|\n")
	for _, e := range r.Events {
		if line := Event(Style{}, e, r.State, false); line != "" {
			fmt.Fprintf(b, "| %s | %s |\n", stamp(e.Time), Markdown(strings.Join(strings.Fields(line), " ")))
		}
	}
}

func outcomeMarkdown(s plan.State) string {
	switch s {
	case plan.Unknown:
		return "**UNKNOWN**"
	case plan.Refused:
		return "**refused**"
	case "":
		return "open"
	case plan.Done, plan.Skipped, plan.Held, plan.Broken:
	}
	return string(s)
}

func sinceText(s *respond.State) string {
	if s.Opened.Since.IsZero() {
		return "UNKNOWN"
	}
	if s.Opened.SinceWhy != "" {
		return stamp(s.Opened.Since) + ", " + s.Opened.SinceWhy
	}
	return stamp(s.Opened.Since)
}

func proof(p plan.Proof) string {
	if p == "" {
		return "none"
	}
	return string(p)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func sorted(m map[string]string) func(func(string, string) bool) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return func(yield func(string, string) bool) {
		for _, k := range keys {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
