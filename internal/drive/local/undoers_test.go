package local

import (
	"context"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// teller is an action whose provider names somebody for the time that begins at named.
type teller struct {
	adapters.Action
	named time.Time
	asked int
}

func (a *teller) Undoer(_ context.Context, _ adapters.Task, after, _ time.Time) plan.Undone {
	if a.asked++; after.Equal(a.named) {
		return plan.Undone{By: []plan.Doer{{Who: "mallory"}}}
	}
	return plan.Undone{}
}

// What is known already is not asked again, and what is named is named for its own time.
func TestUndoersAreAskedForWhatIsOpen(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	task := adapters.Task{Action: plan.Action{ID: "x"}}
	s := &respond.State{Actions: []respond.ActionState{{Action: &task.Action, Undoings: []respond.Undoing{
		{After: noon, By: []plan.Doer{{Who: "eve"}}}, {After: noon, Silent: "no log"}, {After: noon.Add(time.Hour)}, {After: noon.Add(2 * time.Hour)},
	}}}}
	a := &teller{named: noon.Add(2 * time.Hour)}
	got := undoers(t.Context(), s, a, task)
	if a.asked != 2 || len(got) != 1 || got[0].Number != 4 || got[0].By[0].Who != "mallory" {
		t.Errorf("asked %d times: %+v", a.asked, got)
	}
	if got = undoers(t.Context(), s, struct{ adapters.Action }{}, task); got != nil {
		t.Errorf("an action without a log: %+v", got)
	}
}
