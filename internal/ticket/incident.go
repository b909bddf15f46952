package ticket

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
)

// Incident is one that was begun for a key.
type Incident struct {
	Dir    string
	Opened respond.Opened
}

// look reads a folder: nil when there is no incident of this key in it that has a
// plan. Before it has one nothing was sent.
func look(dir, key string) (*Incident, error) {
	if _, err := os.Stat(filepath.Join(dir, journal.File)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r, err := journal.Read(dir)
	var damaged *journal.Damaged
	switch {
	case errors.As(err, &damaged) && damaged.Line == 0:
		return nil, nil // it holds no whole record
	case err != nil:
		return nil, err
	case r.Opened.Key != key || !planned(r.Events):
		return nil, nil
	}
	return &Incident{dir, r.Opened}, nil
}

func planned(events []respond.Event) bool {
	for _, e := range events {
		if _, ok := e.Data.(respond.Planned); ok {
			return true
		}
	}
	return false
}

// Empty says whether a state folder remembers no response at all, as on a runner
// that was made for this job. Rehearsals do not count: they send nothing.
func Empty(state string) (bool, error) {
	all, err := os.ReadDir(filepath.Join(state, incidents))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for _, e := range all {
		dir := filepath.Join(state, incidents, e.Name())
		if _, err := os.Stat(filepath.Join(dir, journal.File)); err != nil {
			continue
		}
		if r, err := journal.Read(dir); err != nil || r.Opened.Mode != "rehearsal" {
			return false, nil
		}
	}
	return true, nil
}
