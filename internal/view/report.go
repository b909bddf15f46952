package view

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/evidence"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
)

// ReportMarkdown writes the report of an incident. What is unknown comes before
// what was done. Times are UTC.
func ReportMarkdown(w io.Writer, r evidence.Report, proven journal.Proven) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Incident %s\n\n", Markdown(r.Incident))
	if r.Mode == "rehearsal" {
		b.WriteString("This was a rehearsal. Nothing outside the simulated world was touched.\n\n")
	}
	reportHead(&b, &r)
	reportCredentials(&b, &r)
	reportUnknown(&b, &r)
	reportLoud(&b, &r)
	for _, s := range r.Steps {
		reportStep(&b, &r, s)
	}
	reportEvidence(&b, &r)
	reportTimeline(&b, &r)
	reportJournal(&b, proven)
	_, err := io.WriteString(w, b.String())
	return err
}

func reportHead(b *strings.Builder, r *evidence.Report) {
	since := stamp(r.Since)
	if since == "" {
		since = "UNKNOWN"
	}
	t := [][2]string{
		{"state", r.State},
		{"response began", stamp(r.Began)},
		{"closed", stamp(r.Ended)},
		{"exposure began", strings.TrimSpace(since + " " + r.SinceWhy)},
	}
	for _, c := range r.Candidates {
		t = append(t, [2]string{"", stamp(c.Time) + " " + c.Kind + ": " + c.Evidence})
	}
	t = append(t, [][2]string{
		{"planned by", r.Author},
		{"operated by", r.Operator},
	}...)
	for _, p := range r.Plans {
		what := "plan"
		if p.Amendment {
			what = "amendment"
		}
		t = append(t, [2]string{what, fmt.Sprintf("%s, %s, playbook %s", p.Digest, Count(p.Actions, "action"), p.Playbook.Name)})
	}
	for _, a := range r.Approvals {
		t = append(t, [2]string{"approved", stamp(a.At) + " by " + a.Signer})
	}
	for _, s := range r.Sittings {
		t = append(t, [2]string{"sitting", strings.TrimSpace(fmt.Sprintf("%s to %s, %s, %s %s", stamp(s.Began), stamp(s.Ended), s.Operator, s.Program, s.Cut))})
	}
	for _, h := range r.HandOvers {
		t = append(t, [2]string{"handed over", strings.TrimSpace(fmt.Sprintf("%s from %s to %s, owner number %d %s", stamp(h.At), h.From, h.To, h.Epoch, noted(h.Note)))})
	}
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range t {
		if row[1] != "" {
			fmt.Fprintf(b, "| %s | %s |\n", row[0], Markdown(row[1]))
		}
	}
	if r.Reason != "" && r.State == "paused" {
		fmt.Fprintf(b, "\n**Paused:** %s\n", Markdown(r.Reason))
	}
}

func noted(note string) string {
	if note == "" {
		return ""
	}
	return "(" + note + ")"
}

func reportCredentials(b *strings.Builder, r *evidence.Report) {
	b.WriteString("\n## Credentials and identities\n\n| what | kind | closed | proof | claimed dead at | closed at | owner | open |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range r.Credentials {
		closed, why := "yes", c.Why
		if !c.Closed {
			closed = "**NO**"
		}
		if x := c.Exception; x != nil {
			why = fmt.Sprintf("exception until %s by %s: %s", stamp(x.Expires), x.Owner, x.Reason)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", Markdown(c.Name), Markdown(c.Kind), closed, proof(c.Proof),
			stamp(c.Dead), stamp(c.ClosedAt), Markdown(c.Owner), Markdown(why))
	}
	b.WriteString("\nP0: the provider accepted it or a person said so. P1: read back. P2: read back twice, apart by the propagation wait. P3: the old value was tried and refused, the new one works.\n")
	for _, s := range r.Shortfalls {
		fmt.Fprintf(b, "\n- the proof for %s ends early: %s", Markdown(s.Name), Markdown(s.Why))
	}
	b.WriteByte('\n')
}

func reportUnknown(b *strings.Builder, r *evidence.Report) {
	b.WriteString("\n## Unknown, missing, left to do\n\n")
	if len(r.Unknowns)+len(r.Gaps)+len(r.Left) == 0 {
		b.WriteString("Nothing.\n")
	}
	for _, u := range r.Unknowns {
		fmt.Fprintf(b, "- **UNKNOWN** %s: %s\n", Markdown(u.Name), Markdown(u.Why))
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(b, "- gap: %s: %s\n", Markdown(g.What), Markdown(g.Why))
	}
	for _, l := range r.Left {
		owner := ""
		if l.Owner != "" {
			owner = " (" + Markdown(l.Owner) + ")"
		}
		fmt.Fprintf(b, "- left: %s%s: %s\n", Markdown(l.Name), owner, Markdown(l.Why))
	}
}

// reportLoud is what departs from the rules: overrides, exceptions, shortened waits.
func reportLoud(b *strings.Builder, r *evidence.Report) {
	if len(r.Overrides)+len(r.Words)+len(r.Waits)+len(r.Exceptions)+len(r.Findings) == 0 {
		return
	}
	b.WriteString("\n## Departures\n\n")
	for _, o := range r.Overrides {
		by := Markdown(o.By)
		if o.Second != "" {
			by += " with " + Markdown(o.Second)
		}
		fmt.Fprintf(b, "- **gate %s OVERRIDDEN** at %s by %s for %s: %s\n", Markdown(string(o.Gate)), stamp(o.At), by, Markdown(forWhich(r, o)), Markdown(o.Reason))
	}
	for _, x := range r.Words {
		word := "did not happen"
		if x.Happened == "yes" {
			word = "happened"
		}
		fmt.Fprintf(b, "- **A PERSON'S WORD, NOT A PROOF:** %s said at %s that \"%s\" of %s %s: %s\n", Markdown(x.By), stamp(x.At), Markdown(x.Call), Markdown(x.Name), word, Markdown(x.Reason))
	}
	for _, x := range r.Waits {
		fmt.Fprintf(b, "- %s waited %s instead of the provider's figure\n", Markdown(x.Action), Markdown(x.Wait))
	}
	for _, x := range r.Exceptions {
		fmt.Fprintf(b, "- exception for %s until %s by %s: %s\n", Markdown(x.Credential), stamp(x.Expires), Markdown(x.Owner), Markdown(x.Reason))
	}
	for _, f := range r.Findings {
		word := "**open finding**"
		if f.Accepted != nil {
			word = "accepted finding"
		}
		fmt.Fprintf(b, "- %s %s at %s: %s\n", word, Markdown(f.Rule), Markdown(f.Where), Markdown(f.Message))
	}
}

// forWhich names the actions an override was given for.
func forWhich(r *evidence.Report, o evidence.Override) string {
	ids := o.Actions
	if o.Action != "" {
		ids = append([]string{o.Action}, ids...)
	}
	if len(ids) == 0 {
		return "every action"
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		for _, a := range r.Actions {
			if a.ID == id {
				names[i] = a.Use + " on " + cmp.Or(a.Target.Name, a.Target.ID)
			}
		}
	}
	return strings.Join(names, ", ")
}

func reportStep(b *strings.Builder, r *evidence.Report, s evidence.Step) {
	fmt.Fprintf(b, "\n## %s\n\n", title(string(s.Step)))
	if !s.Started.IsZero() {
		fmt.Fprintf(b, "%s to %s\n\n", stamp(s.Started), stamp(s.Ended))
	}
	b.WriteString("| action | target | outcome | proof | began | claimed | remarks |\n|---|---|---|---|---|---|---|\n")
	for _, a := range r.Actions {
		if a.Step != s.Step {
			continue
		}
		target := a.Target.Name
		if target == "" {
			target = a.Target.ID
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", Markdown(a.Use), Markdown(target),
			outcomeMarkdown(a.Outcome), proof(a.Proof), stamp(a.Started), stamp(a.Ended), Markdown(remarks(a)))
	}
}

func remarks(a evidence.Action) string {
	var out []string
	if a.Reason != "" {
		out = append(out, a.Reason)
	}
	if a.Assisted {
		out = append(out, "carried out by a person")
	}
	if a.Amended {
		out = append(out, "another state was found than planned")
	}
	if a.Undone > 0 {
		out = append(out, undoings(a.Undone, a.Undoings))
	}
	if a.Calls > 1 {
		out = append(out, fmt.Sprintf("%d calls", a.Calls))
	}
	return strings.Join(out, "; ")
}

func reportEvidence(b *strings.Builder, r *evidence.Report) {
	if len(r.Found) > 0 {
		b.WriteString("\n## Found\n\n")
	}
	for _, f := range r.Found {
		fmt.Fprintf(b, "- %s %s: %s\n", Markdown(f.Kind), Markdown(f.Target), Markdown(f.Why))
	}
	if len(r.Evidence) > 0 {
		b.WriteString("\n## Evidence\n\n| what | file | SHA-256 |\n|---|---|---|\n")
	}
	for _, l := range r.Evidence {
		file := l.File
		if file == "" {
			file = "listed in the journal"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", Markdown(l.Evidence), Markdown(file), Markdown(l.Digest))
	}
}

func reportTimeline(b *strings.Builder, r *evidence.Report) {
	b.WriteString("\n## Timeline\n\n| # | time | what | target | result | detail |\n|---|---|---|---|---|---|\n")
	for _, e := range r.Timeline {
		what := e.Use
		if what == "" {
			what = e.Kind
		} else {
			what += " (" + e.Kind + ")"
		}
		result := e.Result
		if result == string(plan.Unknown) {
			result = "UNKNOWN"
		}
		detail := strings.TrimSpace(strings.Join([]string{e.Call, e.By, e.Detail}, " "))
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %s |\n", e.Seq, stamp(e.Time), Markdown(what), Markdown(e.Target),
			Markdown(strings.TrimSpace(result+" "+string(e.Proof))), Markdown(detail))
	}
}

func reportJournal(b *strings.Builder, p journal.Proven) {
	fmt.Fprintf(b, "\n## Journal\n\n%d records in one unbroken chain; %d anchored by a checkpoint held elsewhere, %d unanchored: whoever holds the folder could have rewritten those.\n",
		p.Records, p.Anchored, p.Unanchored)
	if p.Torn != "" {
		fmt.Fprintf(b, "\nA torn tail was found: %s.\n", Markdown(p.Torn))
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
