package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Score is the end of a rehearsal for a person: the attacker's clock.
type Score struct {
	Outcome     string // contained, breached, incomplete
	Good        bool
	Incident    string
	Began       time.Time // of the response; times are shown relative to it
	Ended       time.Time
	Credentials []ScoreRow
	Persistence []string
	Violations  []string
	Why         []string
}

// ScoreRow is one stolen credential or identity. A zero time never came.
type ScoreRow struct {
	ID                    string
	Stolen, Claimed, Dead time.Time
	Alive                 bool // it works at the end
	Proof                 plan.Proof
	Uses                  int
}

// WriteScore writes the table.
func WriteScore(w io.Writer, st Style, s Score) error {
	var b strings.Builder
	b.WriteByte('\n')
	t := Table{Style: st, Head: []string{"STOLEN", "SINCE", "DEAD", "CLAIMED DEAD", "PROOF", "USED"}}
	for _, c := range s.Credentials {
		dead := since(s.Began, c.Dead)
		if c.Alive {
			dead = st.Bad("STILL WORKS")
		} else if dead == "" {
			dead = st.Bad("UNKNOWN")
		}
		claimed := since(s.Began, c.Claimed)
		if claimed == "" {
			claimed = st.Warn("never")
		}
		t.Add(st.Strong(Line(c.ID)), since(s.Began, c.Stolen), dead, claimed, proof(c.Proof), fmt.Sprintf("%d times", c.Uses))
	}
	if err := t.Write(&b); err != nil {
		return err
	}
	b.WriteString(st.Faint("USED is by the attacker, since he stole it. Times are the world's, from the start of the response.") + "\n")
	b.WriteString(st.Faint("P2: read back twice. P3: the old value was tried and refused.") + "\n")
	for _, p := range s.Persistence {
		b.WriteString("left behind: " + Line(p) + "\n")
	}
	for _, v := range s.Violations {
		b.WriteString(st.Bad("violation: ") + Line(v) + "\n")
	}
	outcome := strings.ToUpper(s.Outcome)
	if s.Good {
		outcome = st.Good(outcome)
	} else {
		outcome = st.Bad(outcome)
	}
	fmt.Fprintf(&b, "\n%s", outcome)
	if !s.Ended.IsZero() {
		fmt.Fprintf(&b, " after %s", s.Ended.Sub(s.Began).Round(time.Second))
	}
	fmt.Fprintf(&b, ", incident %s\n", Line(s.Incident))
	for _, why := range s.Why {
		b.WriteString("  " + Line(why) + "\n")
	}
	fmt.Fprintf(&b, "\nread it: firebreak report %s\n", Line(s.Incident))
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

func since(from, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := t.Sub(from).Round(time.Second)
	if d < 0 {
		return "-" + (-d).String()
	}
	return "+" + d.String()
}
