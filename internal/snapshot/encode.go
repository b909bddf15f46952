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
	var b bytes.Buffer
	err = Write(&b, c)
	return b.Bytes(), err
}

// Decode reads a snapshot file. Unknown fields are passed over, so that a newer
// program's survey can be read; another schema is refused.
func Decode(b []byte) (*Snapshot, error) { return Read(bytes.NewReader(b)) }

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
