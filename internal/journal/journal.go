// Package journal is the append-only, hash-chained write-ahead log of one
// incident. docs/journal-format.md specifies the file; version 1 stays readable
// for ever.
//
// Create begins a journal, Open goes on with one, Read and Verify look at one
// without touching it. Append is the only way in: one batch is one write and one
// fsync, and what it returns has happened as far as a replay is concerned. After
// a failed write or fsync the journal is poisoned: nobody knows what the disk
// holds, so every later call fails and only a new process may read it afresh.
package journal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/firebreak/firebreak/internal/durable"
	"github.com/firebreak/firebreak/internal/respond"
)

// Names of the files in an incident's folder.
const (
	File     = "journal"
	LockFile = "journal.lock"
	KeyFile  = "checkpoint.key"
)

// Journal is an open journal, held under its lock. Safe for concurrent use.
type Journal struct {
	mu     sync.Mutex
	dir    string
	file   file
	lock   *lock
	opened respond.Opened
	last   string // digest of the last line
	tree   tree
	size   int64 // bytes on disk, as far as we wrote or read them
	signer note.Signer
	broken error
}

// file is what Append needs of *os.File; tests put a failing one in its place.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// onDisk is the journal's file itself.
type onDisk struct{ *os.File }

// Sync implements file.
func (d onDisk) Sync() error { return flush(d.File) }

// Create begins the journal of a new incident in dir, which is made if need be,
// and appends opened as its first record. It makes the key that signs
// checkpoints and sets opened.CheckpointKey. The first event comes back as a
// replay would give it. A journal that is there already is *Exists; a live owner
// is *Locked.
func Create(dir string, by Owner, now time.Time, opened respond.Opened) (*Journal, respond.Event, error) {
	j, e, err := create(dir, by, now, opened)
	if err != nil {
		return nil, respond.Event{}, fmt.Errorf("create journal: %w", err)
	}
	return j, e, nil
}

func create(dir string, by Owner, now time.Time, opened respond.Opened) (*Journal, respond.Event, error) {
	none := respond.Event{}
	if opened.Incident == "" || strings.ContainsAny(opened.Incident, "+/ \t\r\n") {
		return nil, none, fmt.Errorf("incident id %q must be one word without \"+\" and \"/\"; choose another", opened.Incident)
	}
	if err := durable.Mkdir(dir, 0o700); err != nil {
		return nil, none, err
	}
	l, err := acquire(dir, by)
	if err != nil {
		return nil, none, err
	}
	j := &Journal{dir: dir, lock: l, last: zeros}
	e, err := j.begin(now, opened)
	if err != nil {
		return nil, none, errors.Join(err, j.Close())
	}
	return j, e, nil
}

func (j *Journal) begin(now time.Time, opened respond.Opened) (respond.Event, error) {
	none := respond.Event{}
	path := filepath.Join(j.dir, File)
	// A file without a whole record is a creation that died: nothing happened yet.
	if b, err := os.ReadFile(path); err == nil && bytes.IndexByte(b, '\n') >= 0 {
		return none, &Exists{Dir: j.dir}
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, keyName(opened.Incident))
	if err != nil {
		return none, fmt.Errorf("make checkpoint key: %w", err)
	}
	if err := durable.WriteFile(filepath.Join(j.dir, KeyFile), []byte(skey+"\n"), 0o600); err != nil {
		return none, err
	}
	if j.signer, err = note.NewSigner(skey); err != nil {
		return none, fmt.Errorf("read checkpoint key back: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return none, err
	}
	j.file = onDisk{f}
	if err := durable.SyncDir(j.dir); err != nil {
		return none, err
	}
	opened.CheckpointKey = vkey
	got, err := j.Append([]respond.Event{{Time: now, Data: opened}})
	if err != nil {
		return none, err
	}
	j.opened = got[0].Data.(respond.Opened)
	return got[0], nil
}

// Open takes the lock, reads the whole journal, cuts a torn tail and is ready to
// append. A live owner is *Locked, a changed journal *Damaged.
func Open(dir string, by Owner) (*Journal, *Replay, error) {
	l, err := acquire(dir, by)
	if held := (*Locked)(nil); errors.As(err, &held) {
		return nil, nil, held // it says all there is to say
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open journal: %w", err)
	}
	j := &Journal{dir: dir, lock: l}
	r, err := j.load()
	if err != nil {
		return nil, nil, fmt.Errorf("open journal: %w", errors.Join(err, j.Close()))
	}
	return j, r, nil
}

func (j *Journal) load() (*Replay, error) {
	r, err := Read(j.dir)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(j.dir, File), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j.file = onDisk{f}
	if r.Torn != "" {
		if err := errors.Join(f.Truncate(r.size), f.Sync()); err != nil {
			return nil, fmt.Errorf("cut the torn tail: %w", err)
		}
	}
	j.opened, j.last, j.tree, j.size = r.Opened, r.last, r.tree, r.size
	skey, err := os.ReadFile(filepath.Join(j.dir, KeyFile))
	if err != nil {
		return nil, fmt.Errorf("read checkpoint key: %w; restore it beside the journal", err)
	}
	if j.signer, err = note.NewSigner(strings.TrimSpace(string(skey))); err != nil {
		// The error of NewSigner may quote the key.
		return nil, fmt.Errorf("%s does not hold a note signing key; restore it from the folder's backup", KeyFile)
	}
	return r, nil
}

// Append writes a batch as one write and one fsync and returns the events
// exactly as a replay will give them: observe those, not the ones passed in.
// An event that cannot be encoded is refused before anything is written.
func (j *Journal) Append(batch []respond.Event) ([]respond.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return nil, &Poisoned{Cause: j.broken}
	}
	if len(batch) == 0 {
		return nil, nil
	}
	if err := j.fenced(); err != nil {
		return nil, err
	}
	b, err := encode(batch, j.tree.n(), j.last)
	if err != nil {
		return nil, fmt.Errorf("append to journal: %w", err)
	}
	if _, err := j.file.Write(b.bytes); err != nil {
		j.broken = fmt.Errorf("write: %w", err)
		return nil, &Poisoned{Cause: j.broken}
	}
	if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("fsync: %w", err)
		return nil, &Poisoned{Cause: j.broken}
	}
	for _, line := range b.lines {
		if err := j.tree.add(line); err != nil {
			j.broken = err
			return nil, &Poisoned{Cause: j.broken}
		}
	}
	j.last = b.last
	j.size += int64(len(b.bytes))
	return b.events, nil
}

// fenced reports whether somebody else wrote this journal since we last did, which a
// lock cannot keep off where folders are shared without locks.
func (j *Journal) fenced() error {
	info, err := os.Stat(filepath.Join(j.dir, File))
	if err != nil {
		j.broken = fmt.Errorf("look at the journal before writing: %w", err)
		return &Poisoned{Cause: j.broken}
	}
	if info.Size() != j.size {
		j.broken = &Fenced{Dir: j.dir}
		return j.broken
	}
	return nil
}

// Opened is the first record.
func (j *Journal) Opened() respond.Opened { return j.opened }

// Dir is the incident's folder.
func (j *Journal) Dir() string { return j.dir }

// Len is the number of records on disk.
func (j *Journal) Len() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.tree.n()
}

// Checkpoint is a signed note over the records so far, for a ticket to hold.
func (j *Journal) Checkpoint() ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return nil, &Poisoned{Cause: j.broken}
	}
	root, err := j.tree.root(j.tree.n())
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	text := checkpointText(j.opened.Incident, tlog.Tree{N: j.tree.n(), Hash: root})
	b, err := note.Sign(&note.Note{Text: text}, j.signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return b, nil
}

// Close closes the file and gives the lock back. It does not write.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	if j.file != nil {
		err = j.file.Close()
		j.file = nil
	}
	if j.broken == nil {
		j.broken = errors.New("it was closed")
	}
	return errors.Join(err, j.lock.release())
}
