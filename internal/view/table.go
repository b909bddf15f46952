package view

import (
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Table is rows of cells in aligned columns. Cells may hold colour; they must
// have been escaped. The last column is never padded.
type Table struct {
	Head  []string
	Rows  [][]string
	Style Style
	// Width is how wide the table may be: cells of the widest columns are broken between
	// words to keep to it. 0 leaves them whole.
	Width int
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Write writes the table, two spaces between columns.
func (t *Table) Write(w io.Writer) error {
	rows := t.Rows
	if len(t.Head) > 0 {
		head := make([]string, len(t.Head))
		for i, h := range t.Head {
			head[i] = t.Style.Strong(h)
		}
		rows = append([][]string{head}, rows...)
	}
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], lipgloss.Width(c))
		}
	}
	if t.Width > 0 {
		widths = narrow(widths, t.Width)
		rows = broken(rows, widths)
	}
	var b strings.Builder
	for _, row := range rows {
		last := len(row) - 1
		for last > 0 && row[last] == "" {
			last--
		}
		for i, c := range row[:last+1] {
			b.WriteString(c)
			if i < last {
				b.WriteString(strings.Repeat(" ", max(widths[i]-lipgloss.Width(c), 0)+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// least is how narrow a column is made at the most.
const least = 10

// narrow takes from the widest columns until all of them fit.
func narrow(widths []int, width int) []int {
	out := slices.Clone(widths)
	total := 2 * (len(out) - 1)
	for _, w := range out {
		total += w
	}
	for ; total > width; total-- {
		widest := 0
		for i := range out {
			if out[i] > out[widest] {
				widest = i
			}
		}
		if out[widest] <= least {
			break
		}
		out[widest]--
	}
	return out
}

// broken gives rows of which every cell keeps to its column, the rest of a cell in
// rows below.
func broken(rows [][]string, widths []int) [][]string {
	var out [][]string
	for _, row := range rows {
		var lines [][]string
		for i, c := range row {
			for n, l := range strings.Split(Fit(c, widths[i], 0), "\n") {
				if n == len(lines) {
					lines = append(lines, make([]string, len(row)))
				}
				lines[n][i] = l
			}
		}
		out = append(out, lines...)
	}
	return out
}
