package cli

import (
	"context"
	"slices"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// consent answers for somebody who gave the command to contain: containment that can
// be taken back, and nothing else. Every other question goes to next.
type consent struct {
	next drive.Responder
	by   string // who gave the command
}

// commandLine is what the journal has as the reason of such an answer.
const commandLine = "the command line: firebreak contain"

// Answer implements drive.Responder.
func (c *consent) Answer(ctx context.Context, s *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	if a.Kind == respond.Confirm && !a.Again && slices.Contains(a.Choices, "go") && (a.Effect == plan.Reversible || a.Effect == plan.Disruptive) &&
		!slices.ContainsFunc(a.Actions, func(x *plan.Action) bool { return !contains(x) }) {
		return drive.Reply{Answer: respond.Answered{Ask: a.ID, Choice: "go", By: c.by, Reason: commandLine}}, true, nil
	}
	return c.next.Answer(ctx, s, a)
}

// contains reports whether an action shuts a door or puts out who came in by it, and
// can be taken back.
func contains(a *plan.Action) bool {
	return (a.Role == plan.Contain || a.Role == plan.Cut) && (a.Effect == plan.Reversible || a.Effect == plan.Disruptive)
}

// contained reports whether an incident came to the end of a plan that leaves the
// rest to a further one.
func contained(s *respond.State) bool {
	return s.Phase == "paused" && s.Pause != nil && s.Pause.Code == int(OK) && s.Leaves() != ""
}
