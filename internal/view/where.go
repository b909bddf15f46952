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

// few is how many things of a kind one screen names; the others are counted.
const few = 4

// Where writes one screen: what is happening now, what is proven, what is still
// open, what comes next. now is what is known besides the journal, such as what is
// being asked; next is what a person does now. Either may be "".
func Where(w io.Writer, st Style, s *respond.State, now, next string) error {
	_, err := io.WriteString(w, WhereText(st, s, now, next))
	return err
}

// WhereText is Where as text.
func WhereText(st Style, s *respond.State, now, next string) string {
	return whereText(st, s, now, next, few)
}

// WhereWithin is WhereText in at most so many lines, where that can be had by naming
// fewer things; those left out are counted.
func WhereWithin(lines int, st Style, s *respond.State, now, next string) string {
	for most := few; ; most-- {
		text := whereText(st, s, now, next, most)
		if most == 1 || strings.Count(text, "\n") <= lines {
			return text
		}
	}
}

// whereText names at most so many things of a kind.
func whereText(st Style, s *respond.State, now, next string, most int) string {
	var b strings.Builder
	b.WriteString(st.fit(st.Strong("Incident "+Line(s.Opened.Incident))+"  "+Line(standing(s))) + "\n")
	p := pages{st: st, b: &b, most: most}
	if h := s.Handed; h != nil {
		p.say("owner", handed(h))
	}
	if e := s.Exposure(); most > 1 && !e.Since.IsZero() {
		p.say("since", e.Since.UTC().Format(time.RFC3339)+" an attacker may have been in; "+Line(e.Why))
	}
	p.list("now", append(some(now), under(s)...))
	p.list("proven", proven(s))
	if most == 1 {
		p.say("open", openNames(s))
	} else {
		p.list("open", open(s))
	}
	var unknown []string
	for _, a := range doubtful(s) {
		unknown = append(unknown, Line(a.Action.Use)+" on "+Line(TargetName(a.Action))+": "+Line(doubtWhy(a)))
	}
	p.list(st.Bad("UNKNOWN"), unknown)
	if gates := shut(st, s); most == 1 && len(gates) > 1 {
		p.say("gates", Line(listed(gateNames(s), few))+" "+st.Warn("do not hold"))
	} else {
		p.list("gates", gates)
	}
	if next != "" {
		p.say("next", Line(next))
	}
	return b.String()
}

// shut are the gates that hold something back now, by themselves.
func shut(st Style, s *respond.State) []string {
	var out []string
	for _, g := range s.Gates {
		if !g.Holds && g.Override == nil && s.Phase != "closed" {
			out = append(out, Line(string(g.Gate))+" "+st.Warn("does not hold")+": "+Line(heldBack(g)))
		}
	}
	return out
}

// heldBack says why a gate does not hold; one whose facts are only old is looked at again.
func heldBack(g respond.GateState) string {
	if len(g.Why) == 0 {
		return "what it rests on is being read again"
	}
	return capped(g.Why, 1)
}

func gateNames(s *respond.State) []string {
	var out []string
	for _, g := range s.Gates {
		if !g.Holds && g.Override == nil {
			out = append(out, string(g.Gate))
		}
	}
	return out
}

// openNames are the credentials and identities that are not closed, on one line.
func openNames(s *respond.State) string {
	var names []string
	for _, c := range s.Closings {
		if !c.Closed {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return "no credential or identity"
	}
	return Line(listed(names, 2*few))
}

// WhereShort is the same in two lines, for above a question.
func WhereShort(st Style, s *respond.State) string {
	done, left, unknown := counts(s)
	line := fmt.Sprintf("step %s: %d of %s done; closed: %d of %d credentials and identities", s.Step, done, Count(done+left, "action"), closed(s), len(s.Closings))
	if unknown > 0 {
		line += ", " + st.Bad(fmt.Sprintf("%d UNKNOWN", unknown))
	}
	if closed(s) < len(s.Closings) {
		line += "\nstill open: " + openNames(s)
	}
	return st.fit(line) + "\n"
}

// pages writes labelled paragraphs, the label in a column of its own.
type pages struct {
	st   Style
	b    *strings.Builder
	most int // things of a kind that are named
	last string
}

const labelled = 9

func (p *pages) say(label, text string) {
	head, hang := strings.Repeat(" ", labelled), 0
	if label != p.last {
		head, hang = label+strings.Repeat(" ", max(1, labelled-len(plainText(label)))), labelled
	}
	p.last = label
	p.b.WriteString(p.st.Fit(head+text, hang) + "\n")
}

func (p *pages) list(label string, lines []string) {
	for i, l := range lines {
		if i == p.most && len(lines) > p.most+1 || i == p.most && p.most < few {
			p.say(label, p.st.Faint(fmt.Sprintf("and %d more", len(lines)-i)))
			return
		}
		p.say(label, l)
	}
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{Line(s)}
}

func standing(s *respond.State) string {
	text := s.Phase
	if s.Phase != "closed" && s.Step != "" {
		text += ", in step " + string(s.Step)
	}
	if d := s.Now.Sub(s.Opened.Began); !s.Opened.Began.IsZero() && d > 0 {
		text += ", " + span(d) + " into the response"
	}
	return text
}

// span is a duration as a tired person reads it.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

func handed(h *respond.HandedOver) string {
	text := Line(h.To) + fmt.Sprintf(" (owner number %d), handed over by ", h.Epoch) + Line(h.From)
	if h.Note != "" {
		text += ": " + Line(h.Note)
	}
	return text
}

// under is what is under way, and what is waited for.
func under(s *respond.State) []string {
	var out []string
	if s.Pause != nil && s.Phase == "paused" {
		return []string{"nothing runs: " + Line(s.Pause.Reason)}
	}
	for i := range s.Actions {
		a := &s.Actions[i]
		what := Line(a.Action.Use) + " on " + Line(TargetName(a.Action))
		//exhaustive:enforce
		switch a.Phase {
		case respond.Waiting:
			out = append(out, "waits for the proof of "+what)
		case respond.Asking:
			out = append(out, "waits for a person: "+what)
		case respond.Stuck:
			out = append(out, "refused, waits for a person: "+what)
		case respond.Ready:
			if a.Outcome == plan.Unknown {
				out = append(out, "sent, no answer yet: "+what)
			}
		case respond.Pending, respond.Doubtful, respond.Finished:
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return urgency(a) - urgency(b) })
	return out
}

// urgency puts what a person has to do first.
func urgency(line string) int {
	for i, head := range []string{"refused", "waits for a person", "sent"} {
		if strings.HasPrefix(line, head) {
			return i
		}
	}
	return 3
}

func proven(s *respond.State) []string {
	done, left, _ := counts(s)
	out := []string{fmt.Sprintf("%d of %s done", done, Count(done+left, "action"))}
	if n := finished(s, plan.Skipped); n > 0 {
		out[0] += fmt.Sprintf(", %d skipped", n)
	}
	var names []string
	for _, c := range s.Closings {
		if c.Closed {
			names = append(names, strings.TrimSpace(c.Name+" "+string(c.Proof)))
		}
	}
	if len(names) > 0 {
		out = append(out, "closed: "+Line(listed(names, 2*few)))
	}
	return out
}

func open(s *respond.State) []string {
	var out []string
	for _, c := range s.Closings {
		if !c.Closed {
			why := c.Why
			if c.Exception != nil {
				why = "signed exception of " + c.Exception.Owner
			}
			out = append(out, Line(c.Name)+": "+Line(firstOf(why)))
		}
	}
	if len(out) == 0 && len(s.Closings) > 0 {
		out = append(out, "no credential or identity")
	}
	return out
}

func doubtful(s *respond.State) []*respond.ActionState {
	var out []*respond.ActionState
	for i := range s.Actions {
		if a := &s.Actions[i]; OutcomeOf(a) == plan.Unknown && (a.Phase == respond.Doubtful || s.Phase == "paused") {
			out = append(out, a)
		}
	}
	return out
}

func doubtWhy(a *respond.ActionState) string {
	if a.Reading != nil && a.Reading.State == plan.Unknown && a.Reading.Detail != "" {
		return a.Reading.Detail
	}
	return "it cannot be told whether it happened"
}

func counts(s *respond.State) (done, left, unknown int) {
	for i := range s.Actions {
		if s.Actions[i].Outcome == plan.Done {
			done++
		}
	}
	return done, len(s.Actions) - done, len(doubtful(s))
}

func finished(s *respond.State, as plan.State) (n int) {
	for i := range s.Actions {
		if s.Actions[i].Outcome == as {
			n++
		}
	}
	return n
}

func closed(s *respond.State) (n int) {
	for _, c := range s.Closings {
		if c.Closed {
			n++
		}
	}
	return n
}

// firstOf is the first of several reasons, and how many there are besides.
func firstOf(why string) string {
	return capped(strings.Split(why, "; "), 1)
}

func capped(lines []string, most int) string {
	if len(lines) <= most {
		return strings.Join(lines, "; ")
	}
	return strings.Join(lines[:most], "; ") + fmt.Sprintf(" (and %d more)", len(lines)-most)
}

func listed(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}

// Count is a number with its noun.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
