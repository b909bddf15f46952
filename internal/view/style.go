package view

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Style colours words. The zero Style does not colour.
type Style struct{ r *lipgloss.Renderer }

// NewStyle gives a style for w; without colour when color is false.
func NewStyle(w io.Writer, color bool) Style {
	if !color {
		return Style{}
	}
	r := lipgloss.NewRenderer(w)
	r.SetColorProfile(termenv.ANSI)
	return Style{r}
}

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
