package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lock is an advisory lock on an incident. The file stays when it is released:
// removing it would let two processes lock two files of the same name.
type lock struct {
	path string
	f    *flock.Flock
}

func acquire(dir string, by Owner) (*lock, error) {
	path := filepath.Join(dir, LockFile)
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("no incident in %s (%w); list what is there with status", dir, err)
	}
	f := flock.New(path, flock.SetPermissions(0o600))
	ok, err := f.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		o, err := HeldBy(dir)
		if err != nil {
			return nil, err
		}
		return nil, &Locked{Dir: dir, Owner: o}
	}
	b, err := json.Marshal(by)
	if err == nil {
		// In place, not by rename: a new file would not be the locked one.
		err = os.WriteFile(path, append(b, '\n'), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("write owner into %s: %w", path, errors.Join(err, f.Unlock()))
	}
	return &lock{path, f}, nil
}

// HeldBy reads who last took the incident's lock; the zero Owner when nobody is
// named. It does not say whether the holder lives: only trying to open does.
func HeldBy(dir string) (Owner, error) {
	b, err := os.ReadFile(filepath.Join(dir, LockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Owner{}, nil
	}
	if err != nil {
		return Owner{}, fmt.Errorf("read owner: %w", err)
	}
	var o Owner
	if len(b) > 0 && json.Unmarshal(b, &o) != nil {
		return Owner{}, nil // being written at this moment
	}
	return o, nil
}

func (l *lock) release() error {
	if l == nil || l.f == nil {
		return nil
	}
	err := errors.Join(os.Truncate(l.path, 0), l.f.Unlock())
	l.f = nil
	return err
}
