package view

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Fit breaks lines longer than width between words; what goes on stands hang
// columns further in than the line began. A word is never broken, so that a name,
// an address or a digest can be copied whole. A width of 0 leaves text as it is.
func Fit(text string, width, hang int) string {
	if width <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if ansi.StringWidth(l) > width {
			lines[i] = fit(l, width, hang)
		}
	}
	return strings.Join(lines, "\n")
}

func fit(line string, width, hang int) string {
	text := strings.TrimLeft(line, " ")
	lead := len(line) - len(text)
	in := strings.Repeat(" ", min(lead+hang, width/2))
	var b strings.Builder
	b.WriteString(line[:lead])
	at, gap, began := lead, "", false
	for len(text) > 0 {
		word := text
		if i := strings.IndexByte(text, ' '); i >= 0 {
			word = text[:i]
		}
		text = text[len(word):]
		w := ansi.StringWidth(word)
		if began && at+len(gap)+w > width {
			at, gap = min(len(in), max(0, width-w)), "" // further out if only that keeps it whole
			b.WriteString("\n" + in[:at])
		}
		b.WriteString(gap + word)
		at += len(gap) + w
		began = true
		rest := strings.TrimLeft(text, " ")
		gap, text = text[:len(text)-len(rest)], rest
	}
	return b.String()
}
