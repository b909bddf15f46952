package cli

import (
	"context"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/respond"
)

// nobody answers where no person is. It says yes to nothing. It only states what
// is so: that nobody can paste an old value, and that somebody elsewhere may be
// carrying an assisted task out, which looking again will show.
type nobody struct {
	clock drive.Clock
	since map[string]time.Time // by task: when it was first asked
}

// How long a sitting without a person waits for an assisted task that somebody
// carries out elsewhere, and how often it looks.
const (
	elsewhere = 10 * time.Minute
	glance    = 5 * time.Second
)

// Answer implements drive.Responder.
func (n *nobody) Answer(ctx context.Context, _ *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	reply := drive.Reply{Answer: respond.Answered{Ask: a.ID, By: "nobody", Reason: "without a terminal"}}
	switch {
	case a.Kind == respond.OldValue:
		reply.Answer.Choice = "none"
		return reply, true, nil
	case a.Kind == respond.Assist && slices.Contains(a.Choices, "look") && len(a.Actions) > 0:
		task := a.Actions[0].ID
		if n.since == nil {
			n.since = map[string]time.Time{}
		}
		if n.since[task].IsZero() {
			n.since[task] = n.clock.Now()
		}
		if n.clock.Now().Sub(n.since[task]) > elsewhere {
			return reply, false, nil
		}
		if err := n.clock.Sleep(ctx, glance); err != nil {
			return reply, false, nil
		}
		reply.Answer.Choice = "look"
		return reply, true, nil
	}
	return reply, false, nil
}
