package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/respond"
)

// A folder shared without locks: another process appends while this one holds the journal.
func TestWhoWasTakenOverWritesNothing(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 5, 11, 3, 0, 0, 0, time.UTC)
	j, _, err := Create(dir, Owner{Host: "here"}, at, respond.Opened{Incident: "inc-1"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	path := filepath.Join(dir, File)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("somebody else's record\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // also when asked again
		_, err = j.Append([]respond.Event{{Time: at, Data: respond.Paused{Reason: "late"}}})
		var fenced *Fenced
		if !errors.As(err, &fenced) {
			t.Fatalf("append gave %v", err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("something was written after the incident was taken over")
	}
}

func TestAppendingInTurnsFencesNobody(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 5, 11, 3, 0, 0, 0, time.UTC)
	j, _, err := Create(dir, Owner{}, at, respond.Opened{Incident: "inc-1"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := j.Append([]respond.Event{{Time: at, Data: respond.Paused{Reason: "a"}}}); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if j, _, err = Open(dir, Owner{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// A changed letter in a type's name is no later program.
func TestAChangedTypeIsDamage(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 5, 11, 3, 0, 0, 0, time.UTC)
	j, _, err := Create(dir, Owner{}, at, respond.Opened{Incident: "inc-1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = j.Append([]respond.Event{{Time: at, Data: respond.Paused{}}, {Time: at, Data: respond.Resumed{}}})
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, File)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), `"paused"`, `"qaused"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	var damaged *Damaged
	if _, err := Read(dir); !errors.As(err, &damaged) || damaged.Line != 2 {
		t.Errorf("read gives %v", err)
	}
}

func TestAFormatThatNeverWasIsDamage(t *testing.T) {
	dir := t.TempDir()
	j, _, err := Create(dir, Owner{}, time.Date(2026, 5, 11, 3, 0, 0, 0, time.UTC), respond.Opened{Incident: "inc-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, File)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), `"v":1`, `"v":0`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	var damaged *Damaged
	if _, err := Read(dir); !errors.As(err, &damaged) {
		t.Errorf("read gives %v", err)
	}
}
