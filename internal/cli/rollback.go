package cli

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/view"
)

type rollbackOptions struct {
	f              *Factory
	incident       string
	actions        []string
	nonInteractive bool
}

func newCmdRollback(f *Factory, runF func(*rollbackOptions) error) *cobra.Command {
	opts := &rollbackOptions{f: f}
	cmd := &cobra.Command{
		Use:   "rollback INCIDENT [ACTION...]",
		Short: "Take back what can be taken back",
		Long: `Show what an incident did, what of it can be taken back and what cannot, and carry the
way back out as a further plan of the same incident, asking as always. Without ACTION it
is everything that was done; ACTION is an action's id, its name or its target.

Structure comes back, never an old secret and never a loose trust policy. What opens a
door again waits for the boundary, as in restore. What else the incident still wants is
not asked for here; firebreak resume goes on with it.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault(Usage, "firebreak status", "rollback needs an incident")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.incident, opts.actions = args[0], args[1:]
			if runF != nil {
				return runF(opts)
			}
			return rollbackRun(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.nonInteractive, "non-interactive", false, "ask nobody")
	return cmd
}

func rollbackRun(ctx context.Context, opts *rollbackOptions) error {
	f := opts.f
	format, err := f.format("human", "json", "ndjson")
	if err != nil {
		return err
	}
	dir, err := f.incident(opts.incident)
	if err != nil {
		return err
	}
	r, d, err := readIncident(dir)
	if err != nil {
		return err
	}
	before := d.State()
	done, only, err := opts.wanted(before)
	if err != nil {
		return err
	}
	s, err := f.realSite(ctx, f.agent("incident "+r.Opened.Incident), false)
	if err != nil {
		return err
	}
	p, all, err := s.wayBack(ctx, before, done, only)
	if err != nil {
		return err
	}
	if err := view.Reversals(f.IO.Err, f.IO.ErrStyle(), reversals(all)); err != nil {
		return err
	}
	id := before.Opened.Incident
	switch {
	case p == nil:
		return fault(Usage, "firebreak report "+id, "nothing that was done is left for firebreak to take back")
	case before.Phase == "closed":
		return fault(Usage, "do it by hand, or begin another incident", "incident %s is closed, its record stays as it is", id)
	}
	if yes, err := opts.agreed(ctx, p); err != nil || !yes {
		return err
	}
	back := &wayBack{plan: p, over: make(chan struct{})}
	watching, ndjson := f.observers(format, back)
	ndjson.seq = len(r.Events)
	t, err := f.resumeSitting(ctx, s, dir, place{}, watching)
	if err != nil {
		return err
	}
	b, err := plan.Encode(p)
	if err == nil {
		err = t.log.Append(respond.Planned{Digest: plan.Digest(b), Bytes: json.RawMessage(b), Plan: p})
	}
	if err != nil {
		return errors.Join(err, t.log.Close())
	}
	back.next, t.enough = t.person(opts.nonInteractive), back.over
	err = t.with(ctx, back, format, ndjson, func(*respond.State) error { return nil })
	if back.finished && CodeOf(err) == Interrupted {
		return nil // what else the incident wants is for resume
	}
	return err
}

// wanted are the actions that were done and are to be taken back, oldest first.
func (opts *rollbackOptions) wanted(s *respond.State) (all []*plan.Action, only []string, err error) {
	if s.Opened.Mode == "rehearsal" {
		return nil, nil, fault(Usage, "firebreak rehearse", "a rehearsal is not taken back; begin another")
	}
	unknown := slices.Clone(opts.actions)
	for _, a := range doneActions(s) {
		names := []string{a.ID, a.Use, a.Target.ID, a.Target.Name}
		meant := slices.ContainsFunc(opts.actions, func(w string) bool { return slices.Contains(names, w) })
		all = append(all, a)
		if meant {
			only = append(only, a.ID)
		}
		unknown = slices.DeleteFunc(unknown, func(w string) bool { return slices.Contains(names, w) })
	}
	if len(unknown) > 0 {
		return nil, nil, fault(Usage, "firebreak show "+s.Opened.Incident+" lists what was done", "%q was not done in incident %s", unknown[0], s.Opened.Incident)
	}
	return all, only, nil
}

// doneActions are the actions that were done, oldest first.
func doneActions(s *respond.State) (out []*plan.Action) {
	var done []respond.ActionState
	for _, a := range s.Actions {
		if a.Outcome == plan.Done {
			done = append(done, a)
		}
	}
	slices.SortStableFunc(done, func(a, b respond.ActionState) int { return a.Ended.Compare(b.Ended) })
	for _, a := range done {
		out = append(out, a.Action)
	}
	return out
}

func reversals(all []playbook.Reversal) []view.Reversal {
	out := make([]view.Reversal, len(all))
	for i, x := range all {
		out[i] = view.Reversal{Action: x.Action, Why: x.Why, Person: x.Person}
		if x.By != nil {
			out[i].By = x.By.Use
		}
	}
	return out
}

// wayBack compiles the rollback from a fresh survey.
func (s *site) wayBack(ctx context.Context, st *respond.State, done []*plan.Action, only []string) (*plan.Plan, []playbook.Reversal, error) {
	ids := make([]string, len(st.Actions))
	gave := map[string]map[string]plan.Output{}
	for i := range st.Actions {
		ids[i] = st.Actions[i].Action.ID
		gave[ids[i]] = st.Actions[i].Outputs
	}
	repositories, subjects := about(st)
	l, err := s.look(ctx, repositories, subjects, always(st.Exposure().Since))
	if err != nil {
		return nil, nil, err
	}
	for n := 1; ; n++ {
		p, all, err := playbook.Rollback(playbook.Request{Inventory: l.inventory, Snapshot: l.snapshot, Config: s.config, Catalogue: s.catalogue, Outputs: gave}, st.Plans[0].Plan, done, ids, only...)
		var lacks *playbook.Incomplete
		if !errors.As(err, &lacks) || n == rounds {
			return p, all, err
		}
		more := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: s.clock.Now().UTC()}
		for _, m := range lacks.Missing {
			if err := s.survey(ctx, m.Scope, more); err != nil {
				return nil, nil, err
			}
		}
		l = s.understand(snapshot.Merge(l.snapshot, more))
	}
}

// agreed asks before the way back is written into the incident. Every action is asked
// for again when its turn comes; without a terminal that is where it stops.
func (opts *rollbackOptions) agreed(ctx context.Context, p *plan.Plan) (bool, error) {
	io := opts.f.IO
	if opts.nonInteractive || !io.CanAsk() {
		return true, nil
	}
	n, err := io.Choose(ctx, "Make this a further plan of the incident?", []string{"Yes: " + view.Count(len(p.Actions), "action") + " to take back, each asked for", "No, leave everything as it is"})
	return n == 0, err
}

// wayBack answers in a rollback's sitting, and ends it when the way back is carried
// out: what else the incident wants is left for another sitting.
type wayBack struct {
	next     drive.Responder
	plan     *plan.Plan
	over     chan struct{}
	finished bool
}

// Answer implements drive.Responder.
func (w *wayBack) Answer(ctx context.Context, s *respond.State, a respond.Ask) (drive.Reply, bool, error) {
	ours := func(x *plan.Action) bool { return w.ours(x.ID) }
	if !slices.ContainsFunc(a.Actions, ours) {
		return drive.Reply{}, false, nil
	}
	return w.next.Answer(ctx, s, a)
}

func (w *wayBack) ours(id string) bool {
	return slices.ContainsFunc(w.plan.Actions, func(y plan.Action) bool { return y.ID == id })
}

// Observe implements drive.Observer.
func (w *wayBack) Observe(_ respond.Event, s *respond.State) {
	if w.finished {
		return
	}
	done := 0
	for i := range s.Actions {
		if s.Actions[i].Phase == respond.Finished && w.ours(s.Actions[i].Action.ID) {
			done++
		}
	}
	if done == len(w.plan.Actions) {
		w.finished = true
		close(w.over)
	}
}

// either gives what either channel gives; a closed b counts once.
func either(ctx context.Context, a, b <-chan struct{}) <-chan struct{} {
	out := make(chan struct{}, 3) // a gives two at most
	go func() {
		for {
			select {
			case <-a:
				out <- struct{}{}
			case <-b:
				b = nil
				out <- struct{}{}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
