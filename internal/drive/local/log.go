package local

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// Log keeps journal and decider in step: an event is on disk before the decider
// and the observers see it, and they see it as a replay will. It is used from one
// goroutine at a time.
type Log struct {
	journal   *journal.Journal
	decider   drive.Decider
	clock     drive.Clock
	redactor  *secret.Redactor
	observers []drive.Observer
	takeOver  string
	last      time.Time
}

// Parts is what a Log is made of. Redactor may be nil in a test; every event is
// redacted by value before it is written.
type Parts struct {
	Dir       string // the incident's folder
	Owner     journal.Owner
	Decider   drive.Decider // fresh
	Clock     drive.Clock
	Redactor  *secret.Redactor
	Observers []drive.Observer
	// TakeOver is why somebody goes on with an incident that was handed to another
	// person; "" where it is one's own.
	TakeOver string
}

// Create begins a new incident. Errors are those of journal.Create.
func Create(p Parts, opened respond.Opened) (*Log, error) {
	j, e, err := journal.Create(p.Dir, p.Owner, p.Clock.Now(), opened)
	if err != nil {
		return nil, err
	}
	l := newLog(j, p)
	l.observe(e)
	crash.pass("opened", 1)
	return l, nil
}

func newLog(j *journal.Journal, p Parts) *Log {
	return &Log{journal: j, decider: p.Decider, clock: p.Clock, redactor: p.Redactor, observers: p.Observers, takeOver: p.TakeOver}
}

// Append records what happened as one batch and lets the decider see it. An error
// means that nothing was observed and the incident must not go on in this process.
func (l *Log) Append(data ...respond.Data) error { return l.append(l.now(), data...) }

func (l *Log) append(at time.Time, data ...respond.Data) error {
	batch := make([]respond.Event, 0, len(data))
	for _, d := range data {
		d, err := l.redact(d)
		if err != nil {
			return err
		}
		batch = append(batch, respond.Event{Time: at, Data: d})
	}
	events, err := l.journal.Append(batch)
	if err != nil {
		return err
	}
	for _, e := range events {
		l.observe(e)
	}
	return nil
}

func (l *Log) observe(e respond.Event) {
	l.last = e.Time
	if p, ok := e.Data.(respond.Planned); ok && l.redactor != nil {
		l.redactor.Publish(string(p.Bytes))
	}
	l.decider.Observe(e)
	if len(l.observers) == 0 {
		return
	}
	s := l.decider.State()
	for _, o := range l.observers {
		o.Observe(e, s)
	}
}

// now never runs backwards within an incident, also when the machine's clock was set back.
func (l *Log) now() time.Time {
	t := l.clock.Now().UTC().Round(0)
	if t.Before(l.last) {
		return l.last
	}
	return t
}

// redact masks known secret values in an event. The plan is left as it is: its
// bytes are what was approved, and it cannot hold a value.
func (l *Log) redact(d respond.Data) (respond.Data, error) {
	if _, plan := d.(respond.Planned); plan || l.redactor == nil {
		return d, nil
	}
	b, err := respond.EncodeData(d)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", respond.Event{Data: d}.Kind(), err)
	}
	masked := l.redactor.Bytes(b)
	if bytes.Equal(masked, b) {
		return d, nil
	}
	kind := respond.Event{Data: d}.Kind()
	if d, err = respond.DecodeData(kind, masked); err != nil {
		return nil, fmt.Errorf("record %s: it holds a secret value that cannot be masked in place; resume, and report this as a defect", kind)
	}
	return d, nil
}

// HandOver records that the incident goes to another person, with a signed checkpoint
// over everything before that record. From then on only that person may resume it.
func (l *Log) HandOver(h respond.HandedOver) error {
	if !name(h.To) {
		return &Nobody{h.To}
	}
	note, err := l.journal.Checkpoint()
	if err != nil {
		return err
	}
	h.Checkpoint = string(note)
	return l.Append(h)
}

// Nobody says that an incident cannot be handed over to what is no name: nobody could
// go on with it.
type Nobody struct{ To string }

func (e *Nobody) Error() string {
	return fmt.Sprintf("%q is nobody's name; hand the incident over to a name that somebody logs in with", e.To)
}

func name(s string) bool {
	return s != "" && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// State is where the incident stands.
func (l *Log) State() *respond.State { return l.decider.State() }

// Checkpoint is a signed note over everything recorded so far.
func (l *Log) Checkpoint() ([]byte, error) { return l.journal.Checkpoint() }

// Dir is the incident's folder.
func (l *Log) Dir() string { return l.journal.Dir() }

// Close gives the incident's lock back.
func (l *Log) Close() error { return l.journal.Close() }
