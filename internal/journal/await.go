package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Alive says whether a living process holds the incident in dir.
func Alive(dir string) (bool, error) {
	f, err := shared(dir)
	if f == nil || err != nil {
		return false, err
	}
	free, err := f.TryRLock()
	if err != nil {
		return false, fmt.Errorf("ask for the lock of %s: %w", dir, err)
	}
	return !free, f.Close()
}

// Await waits until no living process holds the incident in dir. A process that takes
// it up at the very moment it becomes free may be told that it is held.
func Await(dir string) error {
	f, err := shared(dir)
	if f == nil || err != nil {
		return err
	}
	if err := f.RLock(); err != nil {
		return fmt.Errorf("wait for the lock of %s: %w", dir, err)
	}
	return f.Close()
}

// shared prepares to look at a lock beside others who look. nil when it was never taken.
func shared(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, LockFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return flock.New(path, flock.SetFlag(os.O_RDONLY)), nil
}
