package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Forms gives v in every encoding of invariant I1, longest first: as it is,
// base64 in both alphabets and all three alignments (which covers the Basic-auth
// form "user:value"), hex, URL-escaped for path and query, JSON-escaped with and
// without HTML escapes, quoted as Go does, and HTML-escaped.
func Forms(v string) []string {
	forms := []string{v, hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v)))}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for offset := range 3 {
			forms = append(forms, aligned(enc, v, offset)...)
		}
	}
	for _, esc := range []string{url.QueryEscape(v), url.PathEscape(v), strings.ReplaceAll(url.QueryEscape(v), "+", "%20")} {
		forms = append(forms, esc, lowerPercent(esc))
	}
	forms = append(forms, jsonForm(v, true), jsonForm(v, false), unquote(strconv.Quote(v)), html.EscapeString(v))
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(forms)
}

// aligned is v inside base64 text whose preceding bytes, modulo 3, number offset:
// the characters that depend on v alone, and the same up to the end of the text,
// with padding and without, for when nothing follows v.
func aligned(enc *base64.Encoding, v string, offset int) []string {
	padded := enc.EncodeToString([]byte(strings.Repeat("\x00", offset) + v))
	skip := 0
	if offset > 0 {
		skip = offset + 1 // characters that also hold bits of what precedes
	}
	core := 8 * (offset + len(v)) / 6
	return []string{padded[skip:core], padded[skip:], strings.TrimRight(padded[skip:], "=")}
}

func lowerPercent(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

func jsonForm(v string, escapeHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if e.Encode(v) != nil {
		return v // a string always encodes; the form is then the value itself
	}
	return unquote(strings.TrimSuffix(b.String(), "\n"))
}

func unquote(s string) string { return s[1 : len(s)-1] }
