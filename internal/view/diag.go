package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/firebreak/firebreak/internal/diag"
)

// Diagnostics writes every diagnostic as file:line:col, the line it stands in with
// a mark below the column, and the hint.
func Diagnostics(w io.Writer, st Style, l diag.List) error {
	var b strings.Builder
	for _, d := range l {
		where := Line(d.File)
		if d.Line > 0 {
			where = fmt.Sprintf("%s:%d:%d", where, d.Line, d.Column)
		}
		fmt.Fprintf(&b, "%s: %s\n", st.Strong(where), st.Bad(Line(d.Message)))
		if d.Snippet != "" {
			gutter := fmt.Sprintf("%5d | ", d.Line)
			fmt.Fprintf(&b, "%s%s\n", gutter, Line(d.Snippet))
			if d.Column > 0 {
				before := []rune(d.Snippet)
				before = before[:min(d.Column-1, len(before))]
				pad := len([]rune(Line(string(before))))
				fmt.Fprintf(&b, "%s%s^\n", strings.Repeat(" ", len(gutter)), strings.Repeat(" ", pad))
			}
		}
		if d.Hint != "" {
			fmt.Fprintf(&b, "      = %s\n", Line(d.Hint))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
