package adaptertest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// leak looks for value in text in the encodings of invariant I1 and names the
// first one found. Values shorter than six bytes are not looked for: they occur by chance.
func leak(text, value string) (encoding string, found bool) {
	if len(value) < 6 {
		return "", false
	}
	quoted, err := json.Marshal(value)
	if err != nil {
		return "unmarshalable", true
	}
	forms := []struct{ name, text string }{
		{"plain", value},
		{"hex", hex.EncodeToString([]byte(value))},
		{"HEX", strings.ToUpper(hex.EncodeToString([]byte(value)))},
		{"query", url.QueryEscape(value)},
		{"path", url.PathEscape(value)},
		{"json", string(quoted[1 : len(quoted)-1])},
		{"base64 at 0", aligned(base64.StdEncoding, value, 0)},
		{"base64 at 1", aligned(base64.StdEncoding, value, 1)},
		{"base64 at 2", aligned(base64.StdEncoding, value, 2)},
		{"base64url at 0", aligned(base64.URLEncoding, value, 0)},
		{"base64url at 1", aligned(base64.URLEncoding, value, 1)},
		{"base64url at 2", aligned(base64.URLEncoding, value, 2)},
	}
	for _, f := range forms {
		if f.text != "" && strings.Contains(text, f.text) {
			return f.name, true
		}
	}
	return "", false
}

// aligned is the part of an encoding of value, standing after offset unknown
// bytes, that depends on value alone.
func aligned(e *base64.Encoding, value string, offset int) string {
	s := strings.TrimRight(e.EncodeToString([]byte(strings.Repeat("\x00", offset)+value)), "=")
	head := []int{0, 2, 3}[offset]
	tail := 0
	if (offset+len(value))%3 != 0 {
		tail = 1
	}
	if head+tail >= len(s) {
		return ""
	}
	return s[head : len(s)-tail]
}
