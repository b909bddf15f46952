package ticket

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
)

func take(t *testing.T, state, key string) *Claim {
	t.Helper()
	c, err := Take(state, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Release(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func find(t *testing.T, c *Claim) *Incident {
	t.Helper()
	i, err := c.Find()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// begin writes an incident's journal, with a plan or without one.
func begin(t *testing.T, state, id, key, mode string, planned bool) string {
	t.Helper()
	dir := filepath.Join(state, incidents, id)
	j, _, err := journal.Create(dir, journal.Owner{}, time.Unix(0, 0), respond.Opened{Incident: id, Key: key, Inputs: "in", Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	if planned {
		p := respond.Planned{Digest: "d", Bytes: []byte(`{"schema":"firebreak.plan/1"}`)}
		if _, err := j.Append([]respond.Event{{Data: p}, {Data: respond.Paused{}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAKeyIsNotKnownBeforeItsIncidentHasAPlan(t *testing.T) {
	state := t.TempDir()
	c := take(t, state, "k")
	if i := find(t, c); i != nil {
		t.Errorf("an empty folder knows %v", i)
	}
	if err := c.Mean("inc-1"); err != nil {
		t.Fatal(err)
	}
	if i := find(t, c); i != nil {
		t.Errorf("the incident has no folder: %v", i)
	}
	begin(t, state, "inc-1", "k", "real", false)
	if i := find(t, c); i != nil {
		t.Errorf("the incident has no plan: %v", i)
	}
	if err := c.Mean("inc-2"); err != nil {
		t.Fatal(err)
	}
	dir := begin(t, state, "inc-2", "k", "real", true)
	if i := find(t, c); i == nil || i.Dir != dir || i.Opened.Inputs != "in" {
		t.Errorf("found %v", i)
	}
}

func TestTheJournalIsTheTruthAboutAKey(t *testing.T) {
	state := t.TempDir()
	begin(t, state, "inc-0", "other", "real", true)
	dir := begin(t, state, "inc-1", "k", "real", true)
	if i := find(t, take(t, state, "k")); i == nil || i.Dir != dir {
		t.Errorf("without a pointer: %v", i)
	}
	c := take(t, state, "l")
	for _, wrong := range []string{"", "{", `{"key":"k","incident":"inc-1"}`, `{"key":"l","incident":"../inc-1","begun":true}`, `{"key":"l","incident":"inc-1"}`} {
		if err := os.WriteFile(c.file(".json"), []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if i := find(t, c); i != nil {
			t.Errorf("by %q: %v", wrong, i)
		}
	}
}

// A folder that was tidied away must not make a key new.
func TestAKeyWhoseIncidentIsGoneIsNotNew(t *testing.T) {
	state := t.TempDir()
	dir := begin(t, state, "inc-1", "k", "real", true)
	c := take(t, state, "k")
	find(t, c)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, err := c.Find()
	if gone := (*Gone)(nil); !errors.As(err, &gone) || gone.Incident != "inc-1" {
		t.Error(err)
	}
}

// What cannot be read of a key's own incident is not taken for a new key.
func TestAKeyWhoseJournalIsDamagedIsNotNew(t *testing.T) {
	state := t.TempDir()
	dir := begin(t, state, "inc-1", "k", "real", true)
	c := take(t, state, "k")
	find(t, c)
	name := filepath.Join(dir, journal.File)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[40] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = c.Find()
	if damaged := (*journal.Damaged)(nil); !errors.As(err, &damaged) {
		t.Error(err)
	}
	if i := find(t, take(t, state, "another")); i != nil {
		t.Errorf("another key found %v", i)
	}
}

// Whoever finds a key held waits; when it is given back the incident is there.
func TestTakeWaitsForWhoeverHoldsTheKey(t *testing.T) {
	state := t.TempDir()
	first := take(t, state, "k")
	begun := make(chan struct{})
	var second *Incident
	var err error
	var waiting sync.WaitGroup
	waiting.Go(func() {
		c, takes := Take(state, "k")
		if err = takes; err == nil {
			select {
			case <-begun:
			default:
				t.Error("the key was held by two at once")
			}
			second, err = c.Find()
			err = errors.Join(err, c.Release())
		}
	})
	begin(t, state, "inc-1", "k", "real", true)
	close(begun)
	if e := first.Release(); e != nil {
		t.Error(e)
	}
	waiting.Wait()
	if err != nil || second == nil {
		t.Errorf("%v %v", second, err)
	}
}

func TestEmptyMeansNoResponseIsRemembered(t *testing.T) {
	state := t.TempDir()
	empty := func() bool {
		e, err := Empty(state)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	take(t, state, "k")
	if !empty() {
		t.Error("a lock is no memory")
	}
	begin(t, state, "inc-0", "", "rehearsal", true)
	if !empty() {
		t.Error("a rehearsal is no response")
	}
	begin(t, state, "inc-1", "", "real", true)
	if empty() {
		t.Error("a response is forgotten")
	}
}

func TestKeysAreOneLineThatCanBePrinted(t *testing.T) {
	for _, good := range []string{"OPS-4711", "a b", "Ü", strings.Repeat("x", 200), "../../etc"} {
		if err := Check(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "a\nb", "a\x1b[31m", "\xff", strings.Repeat("x", 201)} {
		if Check(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
