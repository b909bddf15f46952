package local

import (
	"errors"
	"fmt"

	"github.com/firebreak/firebreak/internal/journal"
)

// Open opens an incident for a word of its owner from outside a sitting: to hand it
// over, to settle an outcome. Nothing is sent and no sitting begins, so it does not
// matter where it is opened. operator must be who may go on.
// Errors: *journal.Locked, *journal.Damaged, *journal.Newer, *NotYours.
func Open(p Parts, operator string) (*Log, error) {
	j, r, err := journal.Open(p.Dir, p.Owner)
	if err != nil {
		return nil, err
	}
	l := newLog(j, p)
	l.replay(r)
	if err := l.own(operator); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", r.Opened.Incident, err), j.Close())
	}
	return l, nil
}
