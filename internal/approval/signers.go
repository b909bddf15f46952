package approval

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/firebreak/firebreak/internal/diag"
)

// Signer is one line of an allowed-signers file: a key, whom it belongs to and
// what it may sign when.
// Source: ssh-keygen(1), "ALLOWED SIGNERS".
type Signer struct {
	Principals  string // comma-separated patterns, as written
	Key         ssh.PublicKey
	Namespaces  string    // comma-separated patterns; "" is any
	ValidAfter  time.Time // zero: always
	ValidBefore time.Time // zero: for ever
	Line        int
}

// ParseSigners reads an allowed-signers file. The error is a diag.List with every
// mistake. Certificates (the option cert-authority) are a mistake here.
func ParseSigners(name string, b []byte) ([]Signer, error) {
	var out []Signer
	var bad diag.List
	for i, raw := range strings.Split(string(b), "\n") {
		line := strings.TrimSpace(raw)
		if line == "" || line[0] == '#' {
			continue
		}
		s, at, err := parseSigner(line)
		if err != nil {
			indent := strings.Index(raw, line)
			bad.Add(diag.Diagnostic{
				File: name, Line: i + 1, Column: indent + at + 1, Message: err.Error(), Snippet: raw,
				Hint: `a line is: PRINCIPALS [namespaces="firebreak-approval@v1"] KEYTYPE BASE64-KEY [COMMENT]`,
			})
			continue
		}
		s.Line = i + 1
		out = append(out, s)
	}
	return out, bad.Err()
}

// parseSigner reads a line; at is the offset of the mistake.
func parseSigner(line string) (s Signer, at int, err error) {
	principals, next, err := word(line, 0)
	if err != nil {
		return s, 0, err
	}
	s.Principals = strings.Trim(principals, `"`)
	if s.Principals == "" {
		return s, 0, fmt.Errorf("the line names no principal")
	}
	at = next
	for {
		w, next, err := word(line, at)
		if err != nil {
			return s, next, err
		}
		if w == "" {
			return s, at, fmt.Errorf("the line has no key")
		}
		if isKeyType(w) {
			blob, end, err := word(line, next)
			if err != nil {
				return s, end, err
			}
			s.Key, err = parsePublic(w, blob)
			return s, end - len(blob), err
		}
		for _, opt := range splitQuoted(w) {
			if err := s.option(opt); err != nil {
				return s, next - len(w), err
			}
		}
		at = next
	}
}

// isKeyType tells a key type from options, which may not begin like one.
func isKeyType(w string) bool {
	for _, p := range []string{"ssh-", "ecdsa-", "sk-", "webauthn-"} {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}

func parsePublic(kind, blob string) (ssh.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(blob)
	if err != nil || blob == "" {
		return nil, fmt.Errorf("the key is not base64")
	}
	k, err := ssh.ParsePublicKey(raw)
	if err != nil {
		return nil, fmt.Errorf("the key cannot be read: %w", err)
	}
	if k.Type() != kind {
		return nil, fmt.Errorf("the key is of type %s, the line says %s", k.Type(), kind)
	}
	if _, cert := k.(*ssh.Certificate); cert || kind == ssh.InsecureKeyAlgoDSA { //nolint:staticcheck // deprecated is why it is refused
		return nil, fmt.Errorf("keys of type %s cannot approve", kind)
	}
	return k, nil
}

func (s *Signer) option(opt string) error {
	name, value, has := strings.Cut(opt, "=")
	value = strings.Trim(value, `"`)
	name = strings.ToLower(name)
	switch name {
	case "cert-authority":
		return fmt.Errorf("certificate authorities cannot approve; list the signer's own key")
	case "namespaces":
		if !has || value == "" || s.Namespaces != "" {
			return fmt.Errorf("namespaces needs one value, once")
		}
		s.Namespaces = value
		return nil
	case "valid-after", "valid-before":
		t, err := parseTime(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if name == "valid-after" {
			s.ValidAfter = t
		} else {
			s.ValidBefore = t
		}
		return nil
	}
	return fmt.Errorf("option %q does not exist", name)
}

// parseTime reads YYYYMMDD[HHMM[SS]] in local time, or in UTC with a final Z.
func parseTime(v string) (time.Time, error) {
	loc := time.Local
	digits := v
	if strings.HasSuffix(v, "Z") {
		loc, digits = time.UTC, strings.TrimSuffix(v, "Z")
	}
	layout := map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}[len(digits)]
	t, err := time.ParseInLocation(layout, digits, loc)
	if layout == "" || err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time (YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with Z for UTC)", v)
	}
	return t, nil
}

// word gives the next blank-separated word from at on, quotes kept and respected,
// and where it ends; with an error, where it begins.
func word(line string, at int) (w string, next int, err error) {
	for at < len(line) && (line[at] == ' ' || line[at] == '\t') {
		at++
	}
	start, quoted := at, false
	for ; at < len(line); at++ {
		switch c := line[at]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t'):
			return line[start:at], at, nil
		}
	}
	if quoted {
		return "", start, fmt.Errorf("a quote is not closed")
	}
	return line[start:at], at, nil
}

// splitQuoted splits at commas outside quotes.
func splitQuoted(w string) []string {
	var out []string
	start, quoted := 0, false
	for i := range len(w) {
		switch {
		case w[i] == '"':
			quoted = !quoted
		case w[i] == ',' && !quoted:
			out, start = append(out, w[start:i]), i+1
		}
	}
	return append(out, w[start:])
}

func (s Signer) same(k ssh.PublicKey) bool { return bytes.Equal(s.Key.Marshal(), k.Marshal()) }
