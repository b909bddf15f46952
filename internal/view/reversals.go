package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
)

// Reversal is one action that was done, and how it would be taken back.
type Reversal struct {
	Action *plan.Action
	By     string // the action that takes it back, "" for none
	Why    string // why none does, or what a person does
	Person bool   // a person may, as Why says
}

// Reversals says of everything that was done whether and how it would be taken back.
func Reversals(w io.Writer, st Style, all []Reversal) error {
	var can, hand, cannot strings.Builder
	for _, x := range all {
		line := Line(x.Action.Use) + " on " + Line(TargetName(x.Action))
		switch {
		case x.By != "":
			fmt.Fprintf(&can, "  %s: %s\n", line, st.Good(Line(x.By)))
		case x.Person:
			fmt.Fprintf(&hand, "  %s: %s\n", line, Line(x.Why))
		default:
			fmt.Fprintf(&cannot, "  %s: %s\n", line, Line(x.Why))
		}
	}
	var b strings.Builder
	for _, part := range []struct{ head, text string }{
		{"Can be taken back", can.String()},
		{"Only by a person, when the incident is over", hand.String()},
		{"Stays as it is", cannot.String()},
	} {
		if part.text != "" {
			b.WriteString(st.Strong(part.head) + "\n" + part.text)
		}
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}
