package diag

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestRender(t *testing.T) {
	src := NewSource("a.yaml", []byte("\xef\xbb\xbfone: 1\r\ntwö: ${{ x }}\n"))
	if got := src.Line(1); got != "one: 1" {
		t.Errorf("%q", got)
	}
	var l List
	l.Add(src.At(2, 6, "no such name", "did you mean y?"))
	l.Add(src.At(1, 1, "unknown key", ""))
	l.Add(src.At(1, 1, "unknown key", ""))
	l.Add(Diagnostic{File: "a.yaml", Message: "the file as a whole"})
	var err error = l.Err()
	var out strings.Builder
	if !errors.As(err, &l) || Render(&out, l) != nil {
		t.Fatal(err)
	}
	want := `a.yaml: the file as a whole
a.yaml:1:1: unknown key
   1 | one: 1
     | ^
a.yaml:2:6: no such name
   2 | twö: ${{ x }}
     |      ^
     = did you mean y?
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if (List{}).Err() != nil {
		t.Error("no mistakes are no error")
	}
}

func TestFindCountsCharacters(t *testing.T) {
	src := NewSource("a", []byte("ö: \"é ${{ a }} and ${{ a }}\"\n  next ${{ b }}\n"))
	for _, c := range []struct {
		text               string
		line, column, last int
		wantL, wantC       int
		ok                 bool
	}{
		{"${{ a }}", 1, 1, 1, 1, 7, true},
		{"${{ a }}", 1, 8, 1, 1, 20, true},
		{"${{ b }}", 1, 1, 2, 2, 8, true},
		{"${{ b }}", 1, 1, 1, 0, 0, false},
		{"", 1, 1, 9, 0, 0, false},
		{"a\nb", 1, 1, 9, 0, 0, false},
	} {
		l, col, ok := src.Find(c.text, c.line, c.column, c.last)
		if l != c.wantL || col != c.wantC || ok != c.ok {
			t.Errorf("%+v: %d:%d %v", c, l, col, ok)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"disable", "revoke", "rotate", "invalidate", "rebuild"}
	for written, want := range map[string]string{
		"disabel": "disable", "DISABLE": "disable", "rotat": "rotate", "rebulid": "rebuild", "deploy": "", "x": "", "": "",
	} {
		if got := Nearest(written, known); got != want {
			t.Errorf("%q: %q, want %q", written, got, want)
		}
	}
	if got := DidYouMean("zzz", known); got != "known here: disable, revoke, rotate, invalidate, rebuild" {
		t.Error(got)
	}
}

// I13: whatever a user's file holds, nothing but printable characters and our own
// line breaks reaches the terminal.
func TestNothingWritesToTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Diagnostic{
			File: rapid.String().Draw(t, "file"), Line: rapid.IntRange(0, 99999).Draw(t, "line"), Column: rapid.IntRange(0, 300).Draw(t, "column"),
			Message: rapid.String().Draw(t, "message"), Snippet: rapid.String().Draw(t, "snippet"), Hint: rapid.String().Draw(t, "hint"),
		}
		text := d.Text()
		for _, r := range text {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%U in %q", r, text)
			}
		}
		if n := strings.Count(text, "\n"); n > 4 {
			t.Fatalf("%d lines: %q", n, text)
		}
	})
}

// The mark stands under its character, whatever stands before it.
func TestExcerptMarks(t *testing.T) {
	for text, want := range map[string]string{
		"ab: x":      "   7 | ab: x\n     |    ^\n",
		"\tb: x":     "   7 |  b: x\n     |    ^\n",
		"日本: x":      "   7 | 日本: x\n     |      ^\n",
		"a\u202e: x": "   7 | a\\u202e: x\n     |         ^\n",
		"a":          "   7 | a\n     |    ^\n",
	} {
		if got := Excerpt(7, 4, text); got != want {
			t.Errorf("%q: got\n%s", text, got)
		}
	}
}
