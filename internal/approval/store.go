package approval

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/firebreak/firebreak/internal/durable"
)

// Save keeps an approval in an incident's folder, by its statement's digest, so
// that the incident can be verified later. Save before the record that names it.
func (f File) Save(dir string) error {
	d, err := f.Statement.Digest()
	if err != nil {
		return err
	}
	b, err := f.Encode()
	if err != nil {
		return err
	}
	if err := durable.Mkdir(filepath.Join(dir, "approvals"), 0o700); err != nil {
		return fmt.Errorf("keep approval: %w", err)
	}
	return durable.WriteFile(stored(dir, d), b, 0o600)
}

// Load reads a kept approval and refuses one whose statement has another digest.
func Load(dir, digest string) (File, error) {
	b, err := os.ReadFile(stored(dir, digest))
	if err != nil {
		return File{}, fmt.Errorf("load approval: %w", err)
	}
	f, err := Decode(b)
	if err != nil {
		return File{}, err
	}
	got, err := f.Statement.Digest()
	if err == nil && got != digest {
		err = fmt.Errorf("load approval: the statement's digest is %s, the journal says %s", got, digest)
	}
	return f, err
}

func stored(dir, digest string) string {
	return filepath.Join(dir, "approvals", filepath.Base(digest)+".json")
}
