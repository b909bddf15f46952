package cli

import (
	"context"
	"slices"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
)

// colleague stands beside the person in a rehearsal and carries out in the world
// what nobody at a terminal can: publishing the rebuilt artifact, once the person
// says that it is done.
type colleague struct {
	person drive.Responder
	r      *rehearse.Rehearsal
}

// Answer implements drive.Responder.
func (c *colleague) Answer(ctx context.Context, s *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	promotes := a.Kind == respond.Assist && slices.ContainsFunc(a.Actions, func(x *plan.Action) bool { return x.Role == plan.Promote })
	if promotes {
		a.Text += "\nIn this rehearsal a colleague publishes it in the world as soon as you say that it is done."
	}
	reply, ok, err := c.person.Answer(ctx, s, a)
	if err != nil || !ok || !promotes || reply.Answer.Choice != "done" {
		return reply, ok, err
	}
	return reply, true, c.r.Promote(ctx)
}
