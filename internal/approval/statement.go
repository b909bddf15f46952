// Package approval is the four-eyes rule: a statement about a plan, signed with an
// SSH key, checked against an OpenSSH allowed-signers file. docs/approval.md
// specifies statement, file and rules; ssh-keygen -Y verify checks the same
// signatures without firebreak.
//
// New makes a Statement, Sign or Attach signs it, Verify judges a File. Nothing
// here reads a clock or the network.
package approval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Namespace is the SSHSIG namespace of every approval.
const Namespace = "firebreak-approval@v1"

// Schema names the format of an approval file.
const Schema = "firebreak.approval/1"

// Statement is what is signed.
type Statement struct {
	Plan     string        `json:"plan"`     // hex SHA-256 of the plan's bytes
	Incident string        `json:"incident"` // "" for a first plan, the incident's id for an amendment
	Author   string        `json:"author"`   // who planned; may not approve
	Quorum   int           `json:"quorum"`   // signatures needed, at least 1
	Effects  []plan.Effect `json:"effects"`  // the classes it answers, least harmful first
	NotAfter time.Time     `json:"not_after"`
}

// New is a statement in canonical form: effects sorted and without repeats,
// whole seconds in UTC.
func New(s Statement) Statement {
	s.Effects = slices.Clone(s.Effects)
	slices.SortFunc(s.Effects, func(a, b plan.Effect) int { return a.Rank() - b.Rank() })
	s.Effects = slices.Compact(s.Effects)
	s.NotAfter = s.NotAfter.UTC().Truncate(time.Second)
	return s
}

// Bytes is what is signed: the canonical JSON of s, in one line without a line
// break at its end, members in the order of Statement, nothing escaped that JSON
// does not require.
func (s Statement) Bytes() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(New(s)); err != nil {
		return nil, fmt.Errorf("encode approval statement: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Digest is the hex SHA-256 of Bytes, which the journal keeps.
func (s Statement) Digest() (string, error) {
	b, err := s.Bytes()
	if err != nil {
		return "", err
	}
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:]), nil
}

// faults lists what makes a statement unusable whoever signs it.
func (s Statement) faults() []string {
	var out []string
	add := func(bad bool, why string) {
		if bad {
			out = append(out, why)
		}
	}
	raw, err := hex.DecodeString(s.Plan)
	add(err != nil || len(raw) != sha256.Size, fmt.Sprintf("plan %q is not a SHA-256 digest", s.Plan))
	add(s.Author == "", "it names no author, so nobody can be told from the author")
	add(s.Quorum < 1, fmt.Sprintf("its quorum is %d, at least 1 is needed", s.Quorum))
	add(len(s.Effects) == 0, "it answers no effect class")
	for _, e := range s.Effects {
		add(e.Rank() < 0, fmt.Sprintf("effect class %q does not exist", e))
	}
	add(s.NotAfter.IsZero(), "it never expires (not_after is missing)")
	return out
}

// File is an approval file: a statement and the armored signatures over it.
type File struct {
	Schema     string    `json:"schema"`
	Statement  Statement `json:"statement"`
	Signatures []string  `json:"signatures"`
}

// Encode is the file's bytes.
func (f File) Encode() ([]byte, error) {
	f.Schema, f.Statement = Schema, New(f.Statement)
	if f.Signatures == nil {
		f.Signatures = []string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("encode approval: %w", err)
	}
	return b.Bytes(), nil
}

// Decode reads an approval file. It may have been reformatted; members this
// program does not know are refused, because they could change what was meant.
func Decode(b []byte) (File, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f File
	if err := d.Decode(&f); err != nil {
		var other struct{ Schema string }
		if json.Unmarshal(b, &other) == nil && strings.HasPrefix(other.Schema, "firebreak.plan/") {
			return File{}, errors.New("read approval: this is a plan, not an approval; firebreak approve makes one of it")
		}
		return File{}, fmt.Errorf("read approval: %w; make it with firebreak approve", err)
	}
	if d.More() {
		return File{}, fmt.Errorf("read approval: there is something after its last brace")
	}
	if f.Schema != Schema {
		return File{}, fmt.Errorf("read approval: schema is %q, this program reads %q", f.Schema, Schema)
	}
	return f, nil
}
