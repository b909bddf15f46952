package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/firebreak/firebreak/internal/respond"
)

// Replay is everything a journal holds, in order.
type Replay struct {
	Opened respond.Opened
	Events []respond.Event // the first is Opened
	// Torn says what was found after the last whole record, "" when nothing was.
	// Nothing was ever built on it.
	Torn string

	last string
	tree tree
	size int64 // bytes up to the last whole record
}

// Read reads a journal without locking or changing it. A journal whose middle
// was changed is *Damaged; one with parts this program does not know is *Newer.
func Read(dir string) (*Replay, error) {
	b, err := os.ReadFile(filepath.Join(dir, File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no journal in %s: %w; name the folder of an incident", dir, err)
	}
	if err != nil {
		return nil, err
	}
	return read(dir, b)
}

func read(dir string, b []byte) (*Replay, error) {
	r := &Replay{last: zeros}
	rest := b
	for n := 1; len(rest) > 0; n++ {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			r.torn(len(rest))
			break
		}
		line := rest[:i]
		rest = rest[i+1:]
		rec, why := r.chained(line)
		if why != "" && len(rest) == 0 {
			r.torn(i + 1)
			break
		}
		if why != "" {
			return nil, &Damaged{dir, n, why}
		}
		if err := r.take(dir, n, rec); err != nil {
			var newer *Newer
			if errors.As(err, &newer) && renounced(line, rest) {
				return nil, &Damaged{dir, n, "the record was changed: the one after it names another digest"}
			}
			return nil, err
		}
		if err := r.tree.add(line); err != nil {
			return nil, err
		}
		r.last = digest(line)
		r.size += int64(i) + 1
	}
	if len(r.Events) == 0 {
		return nil, &Damaged{dir, 0, "the journal holds no record: the incident was never begun"}
	}
	return r, nil
}

// renounced reports whether the line after a record names another digest than the
// record has: what looks like a later program's is then a changed one.
func renounced(line, rest []byte) bool {
	i := bytes.IndexByte(rest, '\n')
	if i < 0 {
		return false
	}
	next, err := parse(rest[:i])
	return err == nil && next.Prev != digest(line)
}

func (r *Replay) torn(n int) {
	r.Torn = fmt.Sprintf("%d bytes after record %d, left by a write that did not finish", n, len(r.Events))
}

// chained reads a line and says why it does not follow the one before, "" when it does.
func (r *Replay) chained(line []byte) (record, string) {
	rec, err := parse(line)
	switch {
	case err != nil:
		return rec, "the line " + err.Error()
	case rec.Seq != int64(len(r.Events))+1:
		return rec, fmt.Sprintf("the record's number is %d, expected %d", rec.Seq, len(r.Events)+1)
	case rec.Prev != r.last:
		return rec, "the record does not name the digest of the line before it"
	}
	return rec, ""
}

// take decodes a record that chains. It was written whole, so what cannot be
// decoded now is refused, also at the end.
func (r *Replay) take(dir string, n int, rec record) error {
	if rec.V < 1 {
		return &Damaged{dir, n, fmt.Sprintf("there never was a format version %d", rec.V)}
	}
	if rec.V != Version {
		return &Newer{dir, n, fmt.Sprintf("format version %d", rec.V), r.Opened.Program}
	}
	d, err := respond.DecodeData(rec.Type, rec.Data)
	var unknown *respond.UnknownKind
	if errors.As(err, &unknown) {
		return &Newer{dir, n, fmt.Sprintf("event type %q", rec.Type), r.Opened.Program}
	}
	if err != nil {
		return &Damaged{dir, n, "the " + rec.Type + " record cannot be read: " + err.Error()}
	}
	opened, is := d.(respond.Opened)
	if is != (n == 1) {
		return &Damaged{dir, n, "record 1, and only record 1, must be \"opened\""}
	}
	if is {
		r.Opened = opened
	}
	r.Events = append(r.Events, respond.Event{Time: rec.Time, Data: d})
	return nil
}
