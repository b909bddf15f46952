package view

import (
	"strings"
	"testing"
	"testing/quick"

	"github.com/charmbracelet/x/ansi"
)

func TestFit(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		width, hang      int
	}{
		{"short", "a b", "a b", 10, 2},
		{"no width", "aaaa bbbb", "aaaa bbbb", 0, 2},
		{"between words", "aaaa bbbb cccc", "aaaa bbbb\n  cccc", 10, 2},
		{"indented", "  aaaa bbbb", "  aaaa\n    bbbb", 8, 2},
		{"columns stay apart", "a  b  cccccccc", "a  b\n  cccccccc", 10, 2},
		{"a word is never broken", "x arn:aws:iam::111122223333:role/deploy y", "x\narn:aws:iam::111122223333:role/deploy\n  y", 12, 2},
		{"further out to stay whole", "x aaaaaaaaa y", "x\n aaaaaaaaa\n    y", 10, 4},
		{"no empty first line", "aaaaaaaaaaaaaa b", "aaaaaaaaaaaaaa\nb", 10, 0},
		{"colour has no width", "\x1b[1maaaa\x1b[0m bbbb", "\x1b[1maaaa\x1b[0m bbbb", 9, 2},
		{"lines by themselves", "aaaa bbbb\n\ncccc dddd\n", "aaaa\n bbbb\n\ncccc\n dddd\n", 6, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Fit(c.text, c.width, c.hang); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// However it is broken, the words are the same, and a line is too long only for a
// word that is.
func TestFitLosesNothing(t *testing.T) {
	same := func(words []string, width, hang uint8) bool {
		text := Line(strings.Join(words, " "))
		limit := int(width)%100 + 10
		got := Fit(text, limit, int(hang)%12)
		for _, l := range strings.Split(got, "\n") {
			if ansi.StringWidth(l) > limit && len(strings.Fields(l)) > 1 {
				return false
			}
		}
		return strings.Join(strings.Fields(got), " ") == strings.Join(strings.Fields(text), " ")
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
}
