package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Encode gives the canonical bytes of p: JSON, two-space indented, sorted map
// keys, no HTML escaping, one final line break.
func Encode(p *Plan) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		return nil, fmt.Errorf("encode plan: %w", err)
	}
	return b.Bytes(), nil
}

// Decode reads a plan and refuses other schemas and unknown fields: a field
// this program does not know could change what an approval means.
func Decode(b []byte) (*Plan, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	d.UseNumber()
	var p Plan
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("decode plan: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("decode plan: there is something after the plan's last brace")
	}
	if p.Schema != Schema {
		return nil, fmt.Errorf("decode plan: schema is %q, this program reads %q", p.Schema, Schema)
	}
	for i := range p.Actions {
		p.Actions[i].Before = compact(p.Actions[i].Before)
		for j := range p.Actions[i].Calls {
			p.Actions[i].Calls[j].Before = compact(p.Actions[i].Calls[j].Before)
		}
	}
	return &p, nil
}

// Digest is the hex SHA-256 of encoded plan bytes: what an approval names.
func Digest(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func compact(m json.RawMessage) json.RawMessage {
	if len(m) == 0 {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, m) != nil {
		return m
	}
	return b.Bytes()
}

// Image gives the canonical JSON of a before-image. v is plain data; keys come
// out sorted when v is a map and in field order when it is a struct.
func Image(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: a before-image is not plain data: %v", err))
	}
	return b
}

// SameImage compares two before-images byte by byte after compaction.
func SameImage(a, b json.RawMessage) bool { return bytes.Equal(compact(a), compact(b)) }
