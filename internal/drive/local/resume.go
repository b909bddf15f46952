package local

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/respond"
)

// Place is where a sitting works: what a resumed incident must find again.
type Place struct {
	World     string            // the world's id; "" for real providers
	Endpoints map[string]string // by provider
	Accounts  map[string]string // by provider
}

// Elsewhere says that an incident was begun at other endpoints, accounts or in
// another world than the one it would be resumed in.
type Elsewhere struct {
	What string // "endpoint of github"
	Had  string
	Have string
}

func (e *Elsewhere) Error() string {
	return fmt.Sprintf("the incident was begun with %s %q, now it is %q; point the environment back to where it began, or begin another incident", e.What, e.Had, e.Have)
}

// Resume opens an incident, feeds the decider everything its journal holds and
// records that a new sitting began. A closed incident is given back as it is.
// Errors: *journal.Locked,
// *journal.Damaged, *journal.Newer, *Elsewhere, *NotYours.
func Resume(p Parts, at Place, by respond.Resumed) (*Log, error) {
	j, r, err := journal.Open(p.Dir, p.Owner)
	if err != nil {
		return nil, err
	}
	l := newLog(j, p)
	if err := l.resume(r, at, by); err != nil {
		return nil, errors.Join(fmt.Errorf("resume %s: %w", r.Opened.Incident, err), j.Close())
	}
	return l, nil
}

func (l *Log) resume(r *journal.Replay, at Place, by respond.Resumed) error {
	if err := at.same(r.Opened); err != nil {
		return err
	}
	if closed := l.replay(r); closed {
		return nil
	}
	if err := l.own(by.Operator); err != nil {
		return err
	}
	by.Cut = r.Torn
	return l.Append(by)
}

// replay feeds the decider what the journal holds and says whether it is closed.
func (l *Log) replay(r *journal.Replay) (closed bool) {
	for _, e := range r.Events {
		l.last = e.Time
		l.decider.Observe(e)
		_, is := e.Data.(respond.Closed)
		closed = closed || is
	}
	return closed
}

// own makes sure that the operator is who may go on, or takes the incident over with a
// reason, which begins a new epoch and fences the owner before.
func (l *Log) own(operator string) error {
	s := l.decider.State()
	if s.Handed == nil || s.Owner == operator {
		return nil
	}
	if strings.TrimSpace(l.takeOver) == "" {
		return &NotYours{Owner: s.Owner, Epoch: s.Epoch, Operator: operator}
	}
	return l.HandOver(respond.HandedOver{From: s.Owner, To: operator, Epoch: s.Epoch + 1, Note: l.takeOver})
}

// NotYours says that an incident was handed to somebody else.
type NotYours struct {
	Owner    string
	Epoch    int
	Operator string // who tried
}

func (e *NotYours) Error() string {
	return fmt.Sprintf("the incident was handed over to %s (owner number %d), and you are %s; let them go on, or take it over with --take-over REASON", told(e.Owner), e.Epoch, told(e.Operator))
}

// told is a name in a message: one that is none is quoted, so that it adds no line to it.
func told(s string) string {
	if name(s) {
		return s
	}
	return strconv.Quote(s)
}

// same compares what the incident was begun with; providers that came since do no harm.
func (p Place) same(o respond.Opened) error {
	if p.World != o.World {
		return &Elsewhere{"world", o.World, p.World}
	}
	for _, c := range []struct {
		what      string
		had, have map[string]string
	}{{"endpoint of ", o.Endpoints, p.Endpoints}, {"account of ", o.Accounts, p.Accounts}} {
		for _, k := range slices.Sorted(maps.Keys(c.had)) {
			if c.had[k] != c.have[k] {
				return &Elsewhere{c.what + k, c.had[k], c.have[k]}
			}
		}
	}
	return nil
}
