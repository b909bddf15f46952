package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// partSchema names the form of what is kept of a survey that is not done.
const partSchema = "firebreak.survey-part/1"

// partHead is the first line; a github.Surveyed stands on each of the others.
type partHead struct {
	Schema string    `json:"schema"`
	Taken  time.Time `json:"taken"` // when the survey began
}

// stale is how old a survey's beginning may be for its end to be put to it.
const stale = 24 * time.Hour

// part is a survey that is being made, on disk. A line that is torn, because the
// process ended while it was written, is cut off when the file is opened again.
type part struct {
	path  string
	head  partHead
	known map[string]bool
	f     *os.File
	lock  *flock.Flock
}

// openPart opens what is kept in dir, or begins anew where nothing is, or where it is
// too old.
func openPart(dir string, now time.Time, afresh bool) (*part, error) {
	if err := durable.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep the survey: %w", err)
	}
	p := &part{path: filepath.Join(dir, "part.ndjson"), known: map[string]bool{}, lock: flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))}
	held, err := p.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("keep the survey: %w", err)
	}
	if !held {
		return nil, fault(Locked, "wait until it is done", "another survey of it is under way, in %s", dir)
	}
	if err := p.open(now, afresh); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the survey: %w", err), p.lock.Unlock())
	}
	return p, nil
}

func (p *part) open(now time.Time, afresh bool) error {
	whole, err := p.read(func(x github.Surveyed) { p.known[x.Repository.FullName] = true })
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err != nil || afresh || p.head.Schema != partSchema || now.Sub(p.head.Taken) > stale {
		p.known, p.head, whole = map[string]bool{}, partHead{partSchema, now}, 0
	}
	if p.f, err = os.OpenFile(p.path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := p.f.Truncate(whole); err != nil {
		return err
	}
	if _, err := p.f.Seek(whole, io.SeekStart); err != nil {
		return err
	}
	if whole == 0 {
		return p.line(p.head)
	}
	return nil
}

// read reads every whole line and gives how far they go.
func (p *part) read(each func(github.Surveyed)) (whole int64, err error) {
	f, err := os.Open(p.path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	r := bufio.NewReaderSize(f, 1<<20)
	for first := true; ; first = false {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return 0, err
		}
		if first {
			if json.Unmarshal(line, &p.head) != nil || p.head.Schema != partSchema {
				return 0, nil
			}
		} else {
			var x github.Surveyed
			if json.Unmarshal(line, &x) != nil {
				return whole, nil // torn, and everything behind it
			}
			each(x)
		}
		whole += int64(len(line))
	}
}

func (p *part) line(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := p.f.Write(b.Bytes())
	return err
}

// add keeps a repository.
func (p *part) add(x github.Surveyed) error {
	if err := p.line(x); err != nil {
		return fmt.Errorf("keep the survey: %w", err)
	}
	return nil
}

// snapshot is everything that is kept.
func (p *part) snapshot() (*snapshot.Snapshot, error) {
	s := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: p.head.Taken}
	_, err := p.read(func(x github.Surveyed) {
		s.Repositories, s.Gaps = append(s.Repositories, x.Repository), append(s.Gaps, x.Gaps...)
	})
	if err != nil {
		return nil, fmt.Errorf("read what was surveyed: %w", err)
	}
	return s, nil
}

// done forgets what was kept: the survey is whole.
func (p *part) done() error { return durable.Remove(p.path) }

func (p *part) close() error { return errors.Join(p.f.Close(), p.lock.Unlock()) }

// memory keeps the answers about each repository in a file. One that cannot be read is
// as good as none.
type memory struct{ dir string }

func (m memory) file(repository string) string {
	return filepath.Join(m.dir, fileName(repository)+".json.gz")
}

// Load implements github.Memory.
func (m memory) Load(repository string) (map[string]github.Remembered, error) {
	b, err := os.ReadFile(m.file(repository))
	if err != nil {
		return nil, nil //nolint:nilerr // nothing is remembered
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, nil //nolint:nilerr // as above
	}
	var out struct {
		Repository string                       `json:"repository"`
		Answers    map[string]github.Remembered `json:"answers"`
	}
	if json.NewDecoder(z).Decode(&out) != nil || out.Repository != repository {
		return nil, nil
	}
	return out.Answers, nil
}

// Save implements github.Memory.
func (m memory) Save(repository string, answers map[string]github.Remembered) error {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	err := json.NewEncoder(z).Encode(map[string]any{"repository": repository, "answers": answers})
	if err := errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("remember the answers about %s: %w", repository, err)
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return fmt.Errorf("remember the answers about %s: %w", repository, err)
	}
	if err := os.WriteFile(m.file(repository), b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("remember the answers about %s: %w", repository, err)
	}
	return nil
}
