package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Doubt is a call of which it cannot be told whether it happened.
type Doubt struct {
	Action  *plan.Action
	Attempt plan.Attempt
}

// Doubts lists the calls in doubt, in the order of the plan. A call that may be sent
// again without harm is in none: reading decides.
func Doubts(s *respond.State) []Doubt {
	var out []Doubt
	if s.Phase == "closed" {
		return nil
	}
	for i := range s.Actions {
		a := &s.Actions[i]
		if a.Phase == respond.Finished || a.Action.Lost == plan.ResendSafe {
			continue
		}
		for _, t := range a.Attempts {
			if t.Settlement == nil && (t.Outcome == nil || t.Outcome.State != plan.Done && t.Outcome.State != plan.Refused) {
				out = append(out, Doubt{a.Action, t})
			}
		}
	}
	return out
}

// WriteDoubts says of each what was sent, when, what came back, and what reading can
// tell of it.
func WriteDoubts(w io.Writer, st Style, doubts []Doubt) error {
	var b strings.Builder
	for _, d := range doubts {
		a, t := d.Action, d.Attempt
		fmt.Fprintf(&b, "%s %s on %s\n", st.Bad("UNKNOWN"), Line(a.Use), Line(TargetName(a)))
		fmt.Fprintf(&b, "  action    %s\n", Line(a.ID))
		fmt.Fprintf(&b, "  sent      %s UTC: %s %s (call %d)\n", t.At.UTC().Format("2006-01-02 15:04:05"), Line(t.Call.Verb), Line(t.Call.Object), t.Number)
		answer := "none: firebreak ended before it came"
		if t.Outcome != nil {
			answer = strings.TrimSpace(t.Outcome.Detail + " " + t.Outcome.Request)
		}
		fmt.Fprintf(&b, "  answer    %s\n", Line(answer))
		reads := "reading cannot tell whether it was this call; look for it in the provider's own log"
		if a.Lost == plan.Detectable {
			reads = "resume reads " + Line(a.Target.Kind) + " " + Line(TargetName(a)) + " again and may settle it by itself"
		}
		fmt.Fprintf(&b, "  reading   %s\n", reads)
		fmt.Fprintf(&b, "  undo      %s\n", Undo(a))
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

// HandOver is a message to copy and send to whoever goes on with an incident: what
// it is, where it stands, the next command, and the checkpoint to hold the journal
// against. Lines are not broken.
func HandOver(s *respond.State, h respond.HandedOver, next string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n---- message to %s ----\n", Line(h.To))
	fmt.Fprintf(&b, "%s hands incident %s over to you (you are owner number %d).\n", Line(h.From), Line(s.Opened.Incident), h.Epoch)
	if h.Note != "" {
		fmt.Fprintf(&b, "Note: %s\n", Line(h.Note))
	}
	b.WriteString(WhereText(Style{}, s, "", next))
	if h.Checkpoint != "" {
		fmt.Fprintf(&b, "Before you go on: firebreak verify %s --checkpoint FILE, with this in FILE:\n%s", Line(s.Opened.Incident), Block(h.Checkpoint))
	}
	b.WriteString("----\n")
	return b.String()
}
