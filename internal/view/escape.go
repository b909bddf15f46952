package view

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line makes untrusted text safe for one line of a terminal: control characters
// (escape sequences and line breaks among them), bidirectional overrides,
// invisible characters and invalid UTF-8 appear as visible escapes such as
// \x1b and \u202e.
func Line(s string) string { return escape(s, false) }

// Block is Line for text of several lines: line breaks and tabs stay.
func Block(s string) string { return escape(s, true) }

// Markdown makes untrusted text safe inside a line or a table cell of Markdown:
// Line, and nothing in it is markup, HTML or a link any more.
func Markdown(s string) string {
	var b strings.Builder
	line := Line(s)
	for i, r := range line {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '_', '{', '}', '[', ']', '(', ')', '#', '!', '|', '~', '@', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case ':':
			if !strings.HasPrefix(line[i:], "://") {
				b.WriteRune(r)
				continue
			}
			b.WriteString("&#58;") // keeps renderers from turning https://… into a link
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func escape(s string, lines bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + hex2(s[0]))
		case lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case !dangerous(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			b.WriteString(`\x` + hex2(byte(r)))
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// dangerous reports whether a character can move the cursor, hide, reorder or
// stand in for other text. Format characters (Cf) hold the bidirectional controls,
// zero-width characters and language tags; spaces other than the common one hide
// differences between names.
func dangerous(r rune) bool {
	switch {
	case r == ' ':
		return false
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), unicode.Is(unicode.Zs, r):
		return true
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000:
		return true // variation selectors, tags
	}
	return !unicode.IsPrint(r)
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func hex2(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}
