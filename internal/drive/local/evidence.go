package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// Manifest is the file in evidence/ that lists every other by digest, in the form
// `sha256sum -c` reads. The journal, not the manifest, is what proves them.
const Manifest = "SHA256SUMS"

// Evidence is the folder of what was saved. Safe for concurrent use.
type Evidence struct {
	mu       sync.Mutex
	dir      string
	redactor *secret.Redactor
	sums     map[string]string // digest by file
}

// OpenEvidence gives the evidence folder of the incident in dir. redactor may be nil.
func OpenEvidence(dir string, redactor *secret.Redactor) (*Evidence, error) {
	e := &Evidence{dir: filepath.Join(dir, "evidence"), redactor: redactor, sums: map[string]string{}}
	if err := durable.Mkdir(e.dir, 0o700); err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(e.dir, Manifest))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if sum, file, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			e.sums[file] = sum
		}
	}
	return e, nil
}

// Save writes a piece of evidence and the manifest, with known secret values
// masked, and gives file and digest of what was written once both are on disk.
// The same content under the same name is the same file; other content gets a
// name of its own, so that what the journal names never changes.
func (e *Evidence) Save(name string, b []byte) (plan.Saved, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, err := e.masked(b)
	if err != nil {
		return plan.Saved{}, fmt.Errorf("save evidence %s: %w", name, err)
	}
	s := sha256.Sum256(b)
	sum := hex.EncodeToString(s[:])
	file := e.file(name, sum)
	if err := durable.WriteFile(filepath.Join(e.dir, file), b, 0o600); err != nil {
		return plan.Saved{}, fmt.Errorf("save evidence %s: %w", name, err)
	}
	return e.entered(name, file, sum)
}

// file gives the name under which content of this digest is kept.
func (e *Evidence) file(name, sum string) string {
	file := url.PathEscape(name)
	if len(file) > 150 || file == "" || file == Manifest || strings.HasPrefix(file, ".") {
		file = "file-" + sum[:16]
	}
	if had, is := e.sums[file]; is && had != sum {
		file += "~" + sum[:16]
	}
	return file
}

// entered writes the manifest once the file is there.
func (e *Evidence) entered(name, file, sum string) (plan.Saved, error) {
	e.sums[file] = sum
	var m strings.Builder
	for _, f := range slices.Sorted(maps.Keys(e.sums)) {
		m.WriteString(e.sums[f] + "  " + f + "\n")
	}
	if err := durable.WriteFile(filepath.Join(e.dir, Manifest), []byte(m.String()), 0o600); err != nil {
		return plan.Saved{}, fmt.Errorf("save evidence %s: %w", name, err)
	}
	return plan.Saved{File: file, Digest: sum}, nil
}

// masked gives b without the values known so far, looking into archives too.
func (e *Evidence) masked(b []byte) ([]byte, error) {
	if e.redactor == nil {
		return b, nil
	}
	if m, ok, err := maskArchive(e.redactor, b); ok || err != nil {
		return m, err
	}
	return e.redactor.Bytes(b), nil
}
