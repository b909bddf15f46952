package diag

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Render writes every diagnostic for people: place and message, the line with a
// mark under the column, and the hint. Control characters of the user's files are
// shown escaped, so that a file cannot write to the terminal (invariant I13).
func Render(w io.Writer, l List) error {
	for _, d := range l {
		if _, err := io.WriteString(w, d.Text()); err != nil {
			return fmt.Errorf("write diagnostics: %w", err)
		}
	}
	return nil
}

// Text is one diagnostic as Render writes it, ended by a line break.
func (d Diagnostic) Text() string {
	var b strings.Builder
	b.WriteString(d.place() + ": " + visible(d.Message) + "\n")
	if d.Snippet != "" && d.Line > 0 {
		b.WriteString(Excerpt(d.Line, d.Column, d.Snippet))
	}
	if d.Hint != "" {
		b.WriteString("     = " + visible(d.Hint) + "\n")
	}
	return b.String()
}

// Excerpt is a line of a file under its number, with a mark under the column (0: no
// mark). A column counts characters.
func Excerpt(line, column int, text string) string {
	number := fmt.Sprintf("%4d", line)
	out := number + " | " + visible(strings.ReplaceAll(text, "\t", " ")) + "\n"
	if column > 0 {
		tail, n := after(text, column-1)
		before := visible(strings.ReplaceAll(text[:len(text)-len(tail)], "\t", " "))
		// A character may be two columns wide, or shown as an escape.
		out += strings.Repeat(" ", len(number)) + " | " + strings.Repeat(" ", ansi.StringWidth(before)+column-1-n) + "^\n"
	}
	return out
}

func (d Diagnostic) place() string {
	switch {
	case d.Line == 0:
		return visible(d.File)
	case d.Column == 0:
		return fmt.Sprintf("%s:%d", visible(d.File), d.Line)
	}
	return fmt.Sprintf("%s:%d:%d", visible(d.File), d.Line, d.Column)
}

// visible escapes what would not show as one character on a terminal.
func visible(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }
