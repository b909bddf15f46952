package view

import (
	"fmt"
	"io"
	"strings"
)

// Asked is one question of a dry run and how long its answer took.
type Asked struct {
	Step, Question string
	Seconds        float64
	Choice         string // "" when nobody answered
	Reason         string
}

// Exercise writes how a dry run went: every question with the time its answer took,
// what would have been held back, and what nothing would close.
func Exercise(w io.Writer, st Style, asked []Asked, held, open []string, calls int) error {
	var b strings.Builder
	b.WriteString(st.Strong("Exercise") + ": nothing was sent; " + Count(calls, "call") + " would have been\n")
	t := Table{Style: st, Head: []string{"STEP", "SECONDS", "ANSWER", "QUESTION"}}
	total := 0.0
	for _, a := range asked {
		answer := Line(a.Choice)
		if answer == "" {
			answer = st.Warn("nobody")
		}
		if a.Reason != "" {
			a.Question += " (" + a.Reason + ")"
		}
		t.Add(Line(a.Step), fmt.Sprintf("%7.1f", a.Seconds), answer, Line(a.Question))
		total += a.Seconds
	}
	if err := t.Write(&b); err != nil {
		return err
	}
	fmt.Fprintf(&b, "%s, %.1f seconds to answer\n", Count(len(asked), "question"), total)
	for _, part := range []struct {
		head  string
		lines []string
	}{{"Would have been held back", held}, {"Nothing would close", open}} {
		if len(part.lines) > 0 {
			b.WriteString(st.Strong(part.head) + "\n")
		}
		for _, l := range part.lines {
			b.WriteString("  " + Line(l) + "\n")
		}
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}
