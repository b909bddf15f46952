package world

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// journal is the world's log: in memory for readers, on disk as one JSON object a
// line. It is not the incident's journal, and nothing of firebreak reads it but
// the score.
type journal struct {
	f       *os.File
	seq     int
	entries []Entry
}

// openJournal reads the log, cuts a torn last line, and adds what the state file
// committed but the log did not get.
func openJournal(name string, s *saved) (journal, error) {
	var j journal
	b, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return j, fmt.Errorf("read the world's log: %w", err)
	}
	if s == nil {
		b = nil // a log without a state is of a world that never began
	}
	whole := b[:bytes.LastIndexByte(b, '\n')+1]
	for line := range bytes.Lines(whole) {
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return j, fmt.Errorf("%s is damaged after entry %d: %w; remove the world's folder to begin anew", name, j.seq, err)
		}
		j.entries, j.seq = append(j.entries, e), e.Seq
	}
	if j.f, err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return j, fmt.Errorf("open the world's log: %w", err)
	}
	if err := j.f.Truncate(int64(len(whole))); err != nil {
		return j, fmt.Errorf("cut the world's log: %w", err)
	}
	if _, err := j.f.Seek(0, 2); err != nil {
		return j, fmt.Errorf("open the world's log: %w", err)
	}
	if s == nil || s.Seq <= j.seq {
		return j, nil
	}
	missing := slices.DeleteFunc(slices.Clone(s.Tail), func(e Entry) bool { return e.Seq <= j.seq })
	j.seq = s.Seq
	return j, j.write(missing)
}

// number gives entries their places.
func (j *journal) number(batch []Entry) []Entry {
	for i := range batch {
		j.seq++
		batch[i].Seq = j.seq
	}
	return batch
}

func (j *journal) write(entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	enc := json.NewEncoder(w)
	for _, e := range entries {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("encode the world's log: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := j.f.Write(b.Bytes()); err != nil {
		return fmt.Errorf("append to the world's log: %w", err)
	}
	j.entries = append(j.entries, entries...)
	return nil
}

func (j *journal) close() error {
	if j.f == nil {
		return nil
	}
	f := j.f
	j.f = nil
	return f.Close()
}

// Entries gives a copy of the log.
func (w *World) Entries() []Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.journal.entries)
}
