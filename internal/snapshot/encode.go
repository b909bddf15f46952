package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Encode gives the file's bytes: sorted lists, two-space indented JSON, no HTML
// escaping, one final line break. s itself is not changed.
func Encode(s *Snapshot) ([]byte, error) {
	c, err := s.clone()
	if err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	Sort(c)
	c.Schema = Schema
	c.Taken = c.Taken.UTC()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	return b.Bytes(), nil
}

// Decode reads a snapshot file. Unknown fields are passed over, so that a newer
// program's survey can be read; another schema is refused.
func Decode(b []byte) (*Snapshot, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	var s Snapshot
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("read snapshot: %w; make a new one with firebreak survey", err)
	}
	if s.Schema != Schema {
		return nil, fmt.Errorf("read snapshot: its schema is %q, this program reads %q; make a new one with firebreak survey", s.Schema, Schema)
	}
	if d.More() {
		return nil, fmt.Errorf("read snapshot: there is something after its last brace; make a new one with firebreak survey")
	}
	Sort(&s)
	return &s, nil
}

// Digest is the hex SHA-256 of the content. Taken is left out: two surveys of an
// unchanged world have the same digest.
func Digest(s *Snapshot) (string, error) {
	c := *s
	c.Taken = time.Time{}
	b, err := Encode(&c)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// clone is a deep copy, by way of the file format.
func (s *Snapshot) clone() (*Snapshot, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var c Snapshot
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, err
	}
	return &c, nil
}
