package view

import "strings"

// Diff is a unified diff for a screen: what comes and goes in colour, and nothing in
// it that could write to the terminal. It can no longer be applied where the files hold
// such characters.
func Diff(st Style, diff string) string {
	var b strings.Builder
	for line := range strings.Lines(diff) {
		text := Block(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			text = st.Strong(text)
		case strings.HasPrefix(line, "@@"):
			text = st.Faint(text)
		case strings.HasPrefix(line, "-"):
			text = st.Bad(text)
		case strings.HasPrefix(line, "+"):
			text = st.Good(text)
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}
