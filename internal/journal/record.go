package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/respond"
)

// Version is the format this program writes.
const Version = 1

var zeros = strings.Repeat("0", 2*sha256.Size)

// record is one line. The order of the members is part of the format.
type record struct {
	V    int             `json:"v"`
	Seq  int64           `json:"seq"`
	Time time.Time       `json:"time"`
	Prev string          `json:"prev"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

func digest(line []byte) string {
	s := sha256.Sum256(line)
	return hex.EncodeToString(s[:])
}

type encoded struct {
	bytes  []byte
	lines  [][]byte // without the line break
	events []respond.Event
	last   string
}

// encode makes the lines of a batch that follows n records, the last with digest
// prev, and the events they decode to.
func encode(batch []respond.Event, n int64, prev string) (encoded, error) {
	out := encoded{last: prev}
	for i, e := range batch {
		if e.Data == nil {
			return encoded{}, fmt.Errorf("event %d of the batch is empty", i+1)
		}
		data, err := respond.EncodeData(e.Data)
		if err != nil {
			return encoded{}, fmt.Errorf("encode %s: %w", e.Kind(), err)
		}
		line, err := json.Marshal(record{Version, n + int64(i) + 1, e.Time.UTC(), out.last, e.Kind(), data})
		if err != nil {
			return encoded{}, fmt.Errorf("encode %s: %w", e.Kind(), err)
		}
		r, err := parse(line)
		if err != nil {
			return encoded{}, fmt.Errorf("read %s back: %w", e.Kind(), err)
		}
		d, err := respond.DecodeData(r.Type, r.Data)
		if err != nil {
			return encoded{}, fmt.Errorf("read %s back: %w", e.Kind(), err)
		}
		out.events = append(out.events, respond.Event{Time: r.Time, Data: d})
		out.lines = append(out.lines, line)
		out.bytes = append(append(out.bytes, line...), '\n')
		out.last = digest(line)
	}
	return out, nil
}

func parse(line []byte) (record, error) {
	var r record
	// A later format may have other members; its version is looked at first.
	if json.Unmarshal(line, &r) == nil && r.V != Version {
		return r, nil
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	r = record{}
	if err := d.Decode(&r); err != nil {
		return record{}, fmt.Errorf("is not a record: %w", err)
	}
	if d.InputOffset() != int64(len(line)) {
		return record{}, fmt.Errorf("goes on after the record's last brace")
	}
	return r, nil
}
