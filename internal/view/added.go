package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// AddedSchema names the JSON form of Added.
const AddedSchema = "firebreak.added/1"

// Added is what two surveys of the same place say of the time between them.
type Added struct {
	Schema  string            `json:"schema"`
	Since   string            `json:"since"` // when the earlier survey began, RFC 3339
	Until   string            `json:"until"` // when the later one began
	Changes []snapshot.Change `json:"changes"`
	// Gaps are what one of the two could not list: what is there may be new, or may only
	// not have been seen before.
	Gaps []AddedGap `json:"gaps"`
}

// AddedGap is a listing that one of the surveys lacks.
type AddedGap struct {
	Of   string `json:"of"` // "earlier" or "later"
	What string `json:"what"`
	Why  string `json:"why"`
}

// NewAdded compares an earlier survey with a later one.
func NewAdded(earlier, later *snapshot.Snapshot) Added {
	const form = "2006-01-02T15:04:05Z07:00"
	a := Added{Schema: AddedSchema, Since: earlier.Taken.UTC().Format(form), Until: later.Taken.UTC().Format(form), Changes: snapshot.Compare(earlier, later), Gaps: []AddedGap{}}
	if a.Changes == nil {
		a.Changes = []snapshot.Change{}
	}
	for _, s := range []struct {
		of string
		in *snapshot.Snapshot
	}{{"earlier", earlier}, {"later", later}} {
		for _, g := range s.in.Gaps {
			a.Gaps = append(a.Gaps, AddedGap{s.of, g.Provider + ": " + g.What, g.Why})
		}
	}
	return a
}

// WriteAdded writes one line a change, what was added first: it is what an attacker leaves.
func WriteAdded(w io.Writer, st Style, a Added) error {
	var b strings.Builder
	for _, what := range []string{"added", "changed", "removed"} {
		for _, c := range a.Changes {
			if c.What == what {
				fmt.Fprintf(&b, "%s %s\n", st.Strong(map[string]string{"added": "+", "changed": "~", "removed": "-"}[what]), Line(changed(c)))
			}
		}
	}
	if len(a.Changes) == 0 {
		fmt.Fprintf(&b, "Nothing was added, changed or removed from %s to %s.\n", a.Since, a.Until)
	}
	for _, g := range a.Gaps {
		fmt.Fprintf(&b, "%s the %s survey could not list %s: %s\n", st.Warn("?"), g.Of, Line(g.What), Line(g.Why))
	}
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

// AddedMarkdown writes the same for a ticket.
func AddedMarkdown(w io.Writer, a Added) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# What was added from %s to %s\n\n", Markdown(a.Since), Markdown(a.Until))
	if len(a.Changes) == 0 {
		b.WriteString("Nothing was added, changed or removed.\n")
	} else {
		b.WriteString("| | what |\n|---|---|\n")
	}
	for _, what := range []string{"added", "changed", "removed"} {
		for _, c := range a.Changes {
			if c.What == what {
				fmt.Fprintf(&b, "| %s | %s |\n", what, Markdown(changed(c)))
			}
		}
	}
	for i, g := range a.Gaps {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- the %s survey could not list %s: %s\n", g.Of, Markdown(g.What), Markdown(g.Why))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func changed(c snapshot.Change) string {
	out := c.Kind + " " + c.Name
	if c.Target != "" {
		out = c.Target + ": " + out
	}
	if c.Detail != "" {
		out += " (" + c.Detail + ")"
	}
	return out
}
