package cli

import (
	"context"
	"slices"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/respond"
)

// colleague stands beside the person in a rehearsal for what nobody at a terminal
// can do in a simulated world: publish the rebuilt artifact, once the person says
// that it is done, and find the old values the scenario's team knows.
type colleague struct {
	person drive.Responder
	team   drive.Responder
	r      *rehearse.Rehearsal
}

// Answer implements drive.Responder.
func (c *colleague) Answer(ctx context.Context, s *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	promotes := a.Kind == respond.Assist && slices.ContainsFunc(a.Actions, func(x *plan.Action) bool { return x.Role == plan.Promote })
	if a.Kind == respond.OldValue {
		a.Text += "\nIn this rehearsal, say that nobody has it, and a colleague looks for it."
		reply, ok, err := c.person.Answer(ctx, s, a)
		if err != nil || !ok || reply.Answer.Choice != "none" {
			return reply, ok, err
		}
		return c.team.Answer(ctx, s, a)
	}
	if promotes {
		a.Text += "\nIn this rehearsal a colleague publishes it in the world as soon as you say that it is done."
	}
	reply, ok, err := c.person.Answer(ctx, s, a)
	if err != nil || !ok || !promotes || reply.Answer.Choice != "done" {
		return reply, ok, err
	}
	return reply, true, c.r.Promote(ctx)
}
