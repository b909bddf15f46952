package journal

import (
	"fmt"
	"time"
)

// Locked says that a live process holds the incident.
type Locked struct {
	Dir   string
	Owner Owner
}

func (e *Locked) Error() string {
	return fmt.Sprintf("the incident is held by %s (%s); wait until it ends (firebreak status --watch shows it), or interrupt it there and run resume", e.Owner, e.Dir)
}

// Exists says that a new incident would overwrite another.
type Exists struct{ Dir string }

func (e *Exists) Error() string {
	return fmt.Sprintf("%s already holds a journal; resume that incident, or choose another id", e.Dir)
}

// Damaged says that a journal was changed or is of another format. Nothing of it
// may be built on.
type Damaged struct {
	Dir  string
	Line int // from 1; 0: the file as a whole
	Why  string
}

func (e *Damaged) Error() string {
	where := e.Dir
	if e.Line > 0 {
		where = fmt.Sprintf("%s/%s:%d", e.Dir, File, e.Line)
	}
	return where + ": " + e.Why + "; restore the folder from a copy that verifies"
}

// Newer says that a record's type or format version is of a later program.
type Newer struct {
	Dir     string
	Line    int
	What    string // "event type \"moved\"", "format version 2"
	Program string // the version that opened the journal, "" when not known
}

func (e *Newer) Error() string {
	by := e.Program
	if by == "" {
		by = "a later version"
	}
	return fmt.Sprintf("%s/%s:%d: %s is not known to this program; use firebreak %s, which wrote it", e.Dir, File, e.Line, e.What, by)
}

// Fenced says that another process wrote to the journal while we held it: somebody
// took the incident over. Nothing was written by us since.
type Fenced struct{ Dir string }

func (e *Fenced) Error() string {
	return e.Dir + " was written by another process while this one held it: the incident was taken over; run status, and resume only if it is yours again"
}

// Poisoned says that a write or fsync failed. What the disk holds is unknown.
type Poisoned struct{ Cause error }

func (e *Poisoned) Error() string {
	return fmt.Sprintf("the journal cannot be written (%v); mend the disk, then run resume, which reads afresh what is there", e.Cause)
}

func (e *Poisoned) Unwrap() error { return e.Cause }

// Owner is who holds an incident. Since is when it was taken.
type Owner struct {
	Host    string    `json:"host"`
	Process int       `json:"process"`
	User    string    `json:"user"`
	Since   time.Time `json:"since"`
}

func (o Owner) String() string {
	if o == (Owner{}) {
		return "a process that has not written its name yet"
	}
	return fmt.Sprintf("%s on %s, process %d, since %s", o.User, o.Host, o.Process, o.Since.UTC().Format(time.RFC3339))
}
