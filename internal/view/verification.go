package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/evidence"
)

// Verification writes what an incident's folder proves by itself.
func Verification(w io.Writer, st Style, v evidence.Verification) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d records, one unbroken chain; %d anchored by a checkpoint, %d unanchored\n",
		st.Strong(Line(v.Incident)), v.Records, v.Anchored, v.Unanchored)
	fmt.Fprintf(&b, "%s, %s, %s, %s\n", Count(len(v.Plans), "plan"), Count(len(v.Approvals), "approval"), Count(len(v.Files), "evidence file"), Count(len(v.Sealed), "sealed value"))
	if len(v.HandOvers) > 0 {
		fmt.Fprintf(&b, "%s\n", Line(Count(len(v.HandOvers), "hand-over")))
	}
	for _, h := range v.HandOvers {
		fmt.Fprintf(&b, "  %s\n", Line(h.What))
	}
	if v.Torn != "" {
		fmt.Fprintf(&b, "%s %s\n", st.Warn("torn tail:"), Line(v.Torn))
	}
	for _, u := range v.Unjudged {
		fmt.Fprintf(&b, "%s %s\n", st.Warn("not judged:"), Line(u))
	}
	for _, p := range v.Problems {
		fmt.Fprintf(&b, "%s %s\n", st.Bad("does not verify:"), Line(p))
	}
	if v.OK {
		b.WriteString(st.Good("verified") + "\n")
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}
