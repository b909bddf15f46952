package view

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

// Style colours words and breaks lines for a screen. The zero Style does neither:
// it is for files and pipes.
type Style struct {
	r      *lipgloss.Renderer
	width  int
	redact func(string) string
}

// hang is how far in a broken line goes on.
const hang = 2

// NewStyle gives a style for w; without colour when color is false.
func NewStyle(w io.Writer, color bool) Style {
	if !color {
		return Style{}
	}
	r := lipgloss.NewRenderer(w)
	r.SetColorProfile(termenv.ANSI)
	return Style{r: r}
}

// Fitted is s with lines broken between words to width columns. A secret value is
// found only while it is whole, so text passes redact before it is broken.
func (s Style) Fitted(width int, redact func(string) string) Style {
	s.width, s.redact = width, redact
	return s
}

// Fit breaks the lines of a finished text; what goes on stands hang columns in.
func (s Style) Fit(text string, hang int) string {
	if s.width <= 0 {
		return text
	}
	return Fit(s.redact(text), s.width, hang)
}

func (s Style) fit(text string) string { return s.Fit(text, hang) }

func (s Style) paint(color, text string, bold bool) string {
	if s.r == nil || text == "" {
		return text
	}
	st := s.r.NewStyle().Bold(bold)
	if color != "" {
		st = st.Foreground(lipgloss.Color(color))
	}
	return st.Render(text)
}

// Strong is for headings.
func (s Style) Strong(text string) string { return s.paint("", text, true) }

// Good is for what is proven.
func (s Style) Good(text string) string { return s.paint("2", text, false) }

// Warn is for what waits for a person.
func (s Style) Warn(text string) string { return s.paint("3", text, false) }

// Bad is for what is open, refused or unknown.
func (s Style) Bad(text string) string { return s.paint("1", text, true) }

// Faint is for what one may skip while reading.
func (s Style) Faint(text string) string { return s.paint("8", text, false) }

// plainText is text without its colours.
func plainText(text string) string { return ansi.Strip(text) }
