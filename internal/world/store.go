package world

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

const (
	stateFile = "world.json"
	logFile   = "log.ndjson"
)

// saved is the state file. It is the point of commitment: it carries the log
// entries that were written with it, so that a process killed between the two
// files loses neither. Renaming is atomic for a killed process, which is what a
// rehearsal promises to survive; a power cut is not, so nothing is fsynced.
type saved struct {
	Schema    string                     `json:"schema"` // "firebreak.world/1"
	ID        string                     `json:"id"`
	Seed      int64                      `json:"seed"`
	IDs       int64                      `json:"ids"`
	Texts     int64                      `json:"texts"`
	Names     map[string]string          `json:"names"`
	Ends      map[string]time.Time       `json:"ends"`
	Addresses map[string]string          `json:"addresses"`
	Numbered  int                        `json:"numbered"`
	Counts    map[string]int             `json:"counts"`
	Late      []late                     `json:"late,omitempty"`
	Seq       int                        `json:"seq"`
	Tail      []Entry                    `json:"tail,omitempty"`
	Providers map[string]json.RawMessage `json:"providers"` // the last field: see encode
}

const schema = "firebreak.world/1"

func load(dir string) (*saved, error) {
	name := filepath.Join(dir, stateFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the world: %w", err)
	}
	var s saved
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; remove the world's folder to begin anew", name, err)
	}
	if s.Schema != schema {
		return nil, fmt.Errorf("%s has format %q, this program knows %q; use the program that made it", name, s.Schema, schema)
	}
	return &s, nil
}

// commit numbers what was logged and writes state and log. A world that cannot be
// written does not go on: every later call fails with the same error. A read can have
// changed nobody but the provider that was asked; any where asked is nil.
func (w *World) commit(asked Provider) error {
	if w.broken != nil {
		return w.broken
	}
	for _, f := range w.watchers {
		f(&w.core)
	}
	entries := w.journal.number(w.core.batch)
	w.core.batch = nil
	all := w.providers
	if asked != nil && !w.core.dirty {
		all = []Provider{asked}
	}
	changed, err := w.changed(all)
	if err == nil && changed {
		err = w.save(entries)
	}
	if err == nil {
		err = w.journal.write(entries)
	}
	if err != nil {
		w.broken = fmt.Errorf("write the world: %w", err)
	}
	return w.broken
}

// changed encodes the providers' states and says whether anything is new.
func (w *World) changed(providers []Provider) (bool, error) {
	changed := w.core.dirty
	for _, p := range providers {
		b, err := json.Marshal(p.State())
		if err != nil {
			return false, fmt.Errorf("encode %s: %w", p.Name(), err)
		}
		if s := string(b); w.saved[p.Name()] != s {
			w.saved[p.Name()], changed = s, true
		}
	}
	return changed, nil
}

// encode is s with these providers' states, which are JSON already: they are large, and
// need not be looked through with each request.
func (s saved) encode(providers map[string]string) ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	b = append(bytes.TrimSuffix(b, []byte(`null}`)), '{')
	for i, name := range slices.Sorted(maps.Keys(providers)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, name)
		b = append(append(b, ':'), providers[name]...)
	}
	return append(b, "}}"...), nil
}

func (w *World) save(entries []Entry) error {
	s := saved{
		Schema: schema, ID: w.o.ID, Seed: w.core.seed, IDs: w.core.ids, Texts: w.core.texts, Names: w.core.names, Ends: w.core.ends,
		Addresses: w.addresses, Numbered: w.numbered, Counts: w.counts, Late: w.late, Seq: w.journal.seq, Tail: entries,
	}
	b, err := s.encode(w.saved)
	if err != nil {
		return err
	}
	name := filepath.Join(w.o.Dir, stateFile)
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	w.core.dirty = false
	return nil
}
