package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/inventory"
)

// kinds are the words for what a difference is about.
var kinds = map[string]string{
	"workflow": "workflow", "trigger": "is started by", "start": "job is started by", "environment": "job's", "runner": "job's", "permission": "token permission",
	"reach": "reaches", "credential": "credential", "owner": "owner of", "authority": "authority of", "identity": "identity", "finding": "finding",
}

// Drift writes what is another than in a baseline, one line a fact: "+" came, "-" went,
// "~" changed. Nothing at all where nothing is.
func Drift(w io.Writer, st Style, d inventory.Drift) error {
	var b strings.Builder
	eachDifference(d, func(mark string, x inventory.Difference) {
		fmt.Fprintf(&b, "%s %s\n", st.Strong(mark), Line(difference(x)))
	})
	_, err := io.WriteString(w, st.fit(b.String()))
	return err
}

// DriftMarkdown writes the same for a ticket.
func DriftMarkdown(w io.Writer, d inventory.Drift) error {
	var b strings.Builder
	b.WriteString("# Drift from the baseline\n\n")
	if d.Empty() {
		b.WriteString("Nothing is another.\n")
	} else {
		b.WriteString("| | what |\n|---|---|\n")
	}
	eachDifference(d, func(mark string, x inventory.Difference) {
		words := map[string]string{"+": "added", "-": "removed", "~": "changed"}
		fmt.Fprintf(&b, "| %s | %s |\n", words[mark], Markdown(difference(x)))
	})
	_, err := io.WriteString(w, b.String())
	return err
}

func eachDifference(d inventory.Drift, tell func(mark string, x inventory.Difference)) {
	for _, l := range []struct {
		mark string
		list []inventory.Difference
	}{{"+", d.Added}, {"-", d.Removed}, {"~", d.Changed}} {
		for _, x := range l.list {
			tell(l.mark, x)
		}
	}
}

func difference(x inventory.Difference) string {
	var where []string
	if x.Repository != "" {
		where = append(where, x.Repository)
	}
	if x.Path != "" {
		where = append(where, x.Path)
	}
	if x.Job != "" {
		where = append(where, "job "+x.Job)
	}
	out := kinds[x.Kind] + " " + x.Name
	if len(where) > 0 {
		out = strings.Join(where, " ") + ": " + out
	}
	switch {
	case x.Was != "" && x.Is != "":
		out += ": " + x.Was + " → " + x.Is
	case x.Was+x.Is != "":
		out += ": " + x.Was + x.Is
	}
	return out
}
