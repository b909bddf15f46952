package diag

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Source is a file's text by lines, for snippets and for finding a place again.
type Source struct {
	File  string
	lines []string
}

// NewSource splits b into lines. Line endings of every kind are left out.
func NewSource(file string, b []byte) *Source {
	text := strings.ReplaceAll(string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))), "\r\n", "\n")
	return &Source{File: file, lines: strings.Split(text, "\n")}
}

// Line gives a line by its number from 1, "" where there is none.
func (s *Source) Line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// At makes a diagnostic with the line itself as snippet.
func (s *Source) At(line, column int, message, hint string) Diagnostic {
	return Diagnostic{File: s.File, Line: line, Column: column, Message: message, Snippet: s.Line(line), Hint: hint}
}

// Find gives the place of the first occurrence of text at or after the given
// place, looking at no line after last. Columns count characters. ok is false when
// text does not stand there, as after an escape or across folded lines.
func (s *Source) Find(text string, line, column, last int) (l, c int, ok bool) {
	if text == "" || strings.Contains(text, "\n") {
		return 0, 0, false
	}
	for l = max(line, 1); l <= min(last, len(s.lines)); l++ {
		rest, skipped := s.lines[l-1], 0
		if l == line {
			rest, skipped = after(rest, column-1)
		}
		if i := strings.Index(rest, text); i >= 0 {
			return l, skipped + utf8.RuneCountInString(rest[:i]) + 1, true
		}
	}
	return 0, 0, false
}

// after leaves n characters of s out and says how many those were.
func after(s string, n int) (rest string, skipped int) {
	for skipped < n && s != "" {
		_, size := utf8.DecodeRuneInString(s)
		s, skipped = s[size:], skipped+1
	}
	return s, skipped
}
