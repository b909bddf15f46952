package rehearse

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/world"
)

// Observe lets the team react to an event: it pushes the fixed tree once the step
// it waits for has ended. It implements drive.Observer.
func (r *Rehearsal) Observe(e respond.Event, s *respond.State) {
	if d, ok := e.Data.(respond.Surveyed); ok {
		r.hear(d.Findings)
	}
	p := r.Team.Pushes
	if p == nil || p.After == never || s == nil || !ended(s, plan.Step(p.After)) {
		return
	}
	r.keep(r.push())
}

// hear writes into the world's log which rules the boundary reported, each once:
// the report must know after a kill what was told before it.
func (r *Rehearsal) hear(list []respond.Finding) {
	r.keep(r.World.Do(func(c world.Core) {
		for _, f := range list {
			if mark := toldMark + f.Rule; !c.Alive(mark) {
				c.Log(world.Entry{Kind: "born", Call: "finding told", Object: f.Rule, Credential: mark})
			}
		}
	}))
}

// toldMark with a rule's name is born when the boundary reported that rule.
const toldMark = "told "

// keep remembers an error of the rehearsal itself for Close.
func (r *Rehearsal) keep(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = errors.Join(r.failed, err)
}

// push brings the fixed tree to its branches, once in the life of the world.
func (r *Rehearsal) push() error {
	if len(r.Fixed) == 0 {
		return errors.New("the scenario's team has no fixed tree to push")
	}
	return r.World.Do(func(c world.Core) {
		if !c.Alive(fixedMark) {
			for _, b := range slices.Sorted(maps.Keys(r.Fixed)) {
				r.p.github.PushTree("team", b, r.Fixed[b])
			}
			c.Log(world.Entry{Kind: "born", Provider: "github", Call: "fix pushed", Credential: fixedMark})
		}
	})
}

// fixedMark is born when the team has pushed its fix.
const fixedMark = "the team's fix"

// ended: every action of the step is finished. A step without actions has ended
// with the steps before it.
func ended(s *respond.State, step plan.Step) bool {
	at := slices.Index(plan.Steps(), step)
	own := 0
	for _, a := range s.Actions {
		if a.Action.Step == step {
			own++
		}
	}
	for _, a := range s.Actions {
		mine := a.Action.Step == step || own == 0 && slices.Index(plan.Steps(), a.Action.Step) < at
		if mine && a.Phase != respond.Finished {
			return false
		}
	}
	return len(s.Actions) > 0
}

// undo does the team's well-meant mistakes whose time has come, each once.
func (r *Rehearsal) undo() error {
	var failed error
	err := r.World.Do(func(c world.Core) {
		for i, u := range r.Team.Undoes {
			mark := fmt.Sprintf("the team's mistake %d", i+1)
			if c.Alive(mark) || c.Now().Before(r.start.Add(u.At)) {
				continue
			}
			if err := r.p.github.SetWorkflowState("team", r.Incident.Workflow, "active"); err != nil {
				failed = err
				return
			}
			c.Log(world.Entry{Kind: "born", Provider: "github", Call: u.Do, Credential: mark})
		}
	})
	if err != nil {
		return err
	}
	return failed
}
