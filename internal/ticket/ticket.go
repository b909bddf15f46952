// Package ticket makes one trigger one incident, however often it is repeated.
//
// Take holds a key as long as a process works on it; the system gives it back when
// that process dies. The incident's journal is the truth about which key it was begun
// for (respond.Opened); beside it a small file below the state folder points from the
// key to the incident, so that nobody has to search. The pointer is written before
// the incident exists, and marked once it has a plan: whatever instant a process died
// at, the next one sees either an incident that was begun, or a name that nothing was
// ever sent for.
//
// It excludes only processes that share the state folder.
package ticket

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gofrs/flock"

	"github.com/firebreak/firebreak/internal/durable"
)

// Names below a state folder.
const (
	keys      = "keys"
	incidents = "incidents"
)

// schema of the pointer's file. Fields are added, never renamed.
const schema = "firebreak.key/1"

// pointer leads from a key to its incident.
type pointer struct {
	Schema   string `json:"schema"`
	Key      string `json:"key"`
	Incident string `json:"incident"`
	Begun    bool   `json:"begun"` // it had a plan: its folder must not be missing
}

// Claim is a key, held by this process until Release.
type Claim struct {
	state string // the state folder
	key   string
	lock  *flock.Flock
}

// longest is the most bytes a key may have.
const longest = 200

// Check says what is wrong with a key as such.
func Check(key string) error {
	switch {
	case key == "" || len(key) > longest:
		return fmt.Errorf("a key has 1 to %d bytes, this one has %d", longest, len(key))
	case !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the key %q has characters in it that cannot be printed", key)
	}
	return nil
}

// Take holds a key. It waits while another living process holds it, which is from a
// first trigger's start until its incident has a plan: some seconds.
func Take(state, key string) (*Claim, error) {
	if err := durable.Mkdir(filepath.Join(state, keys), 0o700); err != nil {
		return nil, fmt.Errorf("hold key: %w", err)
	}
	c := &Claim{state: state, key: key}
	c.lock = flock.New(c.file(".lock"), flock.SetPermissions(0o600))
	if err := c.lock.Lock(); err != nil {
		return nil, fmt.Errorf("hold key: %w", err)
	}
	crash.pass("claimed")
	return c, nil
}

// Release gives the key back. Once is enough; more does no harm. A nil claim, of a
// trigger without a key, does nothing here, in Mean and in Begun.
func (c *Claim) Release() error {
	if c == nil {
		return nil
	}
	if err := c.lock.Unlock(); err != nil { // the file stays: without it two processes could lock two files of this name
		return fmt.Errorf("give the key back: %w", err)
	}
	return nil
}

// Gone says that a key's incident was begun and is not in the state folder any more.
type Gone struct {
	Key      string
	Incident string
}

func (e *Gone) Error() string {
	return fmt.Sprintf("key %q belongs to incident %s, whose folder is not here any more; put it back, or use another key for another incident", e.Key, e.Incident)
}

// Find gives the key's incident: the folder and what its journal says of it. nil
// means that the key is not known: nothing was ever sent for it. Errors: *Gone,
// and those of reading that incident's journal.
func (c *Claim) Find() (*Incident, error) {
	p, ok, err := c.read()
	if err != nil {
		return nil, err
	}
	if !ok {
		return c.search()
	}
	i, err := look(filepath.Join(c.state, incidents, p.Incident), c.key)
	switch {
	case err != nil:
		return nil, err
	case i == nil && p.Begun:
		return nil, &Gone{c.key, p.Incident}
	case i == nil:
		return nil, nil // the process died before the incident had a plan
	}
	return i, c.Begun(p.Incident)
}

// search looks through all journals, for a state folder that was brought here without
// its keys. One that cannot be read is no reason to refuse a new response.
func (c *Claim) search() (*Incident, error) {
	all, err := os.ReadDir(filepath.Join(c.state, incidents))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for the key's incident: %w", err)
	}
	for _, e := range all {
		i, err := look(filepath.Join(c.state, incidents, e.Name()), c.key)
		if err == nil && i != nil {
			return i, c.Begun(e.Name())
		}
	}
	return nil, nil
}

// Mean points the key to an incident that is about to be begun.
func (c *Claim) Mean(incident string) error {
	if c == nil {
		return nil
	}
	err := c.write(pointer{schema, c.key, incident, false})
	crash.pass("meant")
	return err
}

// Begun marks that the key's incident has a plan.
func (c *Claim) Begun(incident string) error {
	if c == nil {
		return nil
	}
	p := pointer{schema, c.key, incident, true}
	if had, ok, err := c.read(); err == nil && ok && had == p {
		return nil
	}
	return c.write(p)
}

// read gives the pointer. One that does not parse, or is of another key, is as good
// as none: the journals are searched.
func (c *Claim) read() (p pointer, ok bool, err error) {
	b, err := os.ReadFile(c.file(".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("look for the key's incident: %w", err)
	}
	if json.Unmarshal(b, &p) != nil || p.Key != c.key || !word(p.Incident) {
		return pointer{}, false, nil
	}
	return p, true, nil
}

// word keeps a pointer from leading out of the folder of incidents.
func word(s string) bool { return s != "" && s == filepath.Base(s) && !strings.HasPrefix(s, ".") }

func (c *Claim) write(p pointer) error {
	b, err := json.Marshal(p)
	if err == nil {
		err = durable.WriteFile(c.file(".json"), append(b, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep the key's incident: %w", err)
	}
	return nil
}

// file is named after the key's digest: a key may hold anything a ticket system likes.
func (c *Claim) file(ending string) string {
	sum := sha256.Sum256([]byte(c.key))
	return filepath.Join(c.state, keys, hex.EncodeToString(sum[:])+ending)
}
