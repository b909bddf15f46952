package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/playbook"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/scene"
	"github.com/firebreak/firebreak/internal/view"
)

// containment adds what a full look finds to an incident whose first doors are being shut.
// The look begins when the first answers are there, so that nothing delays them, and
// goes on beside the rest of the first round.
type containment struct {
	f      *Factory
	site   *site
	book   *playbook.Playbook
	about  *subject
	glance *firstLook
	begun  time.Time // the first read
	tell   func(*wide) error

	amend chan []respond.Data
	ready chan struct{} // closed once the first doors were tried
	once  sync.Once

	mu     sync.Mutex
	effect time.Time // when the first call was answered
	taken  bool
	found  *wide
	err    error
}

// begin makes it ready to be used.
func (r *containment) begin() {
	r.amend, r.ready = make(chan []respond.Data, 1), make(chan struct{})
}

// Observe implements drive.Observer: it sees when the first doors were tried.
func (r *containment) Observe(e respond.Event, s *respond.State) {
	if _, answered := e.Data.(respond.Outcome); answered {
		r.mu.Lock()
		if r.effect.IsZero() {
			r.effect = e.Time
		}
		r.mu.Unlock()
	}
	if s == nil || len(s.Actions) == 0 {
		return
	}
	for _, a := range s.Actions {
		if a.Action.Use == "github.workflow.disable" && !tried(a) {
			return
		}
	}
	r.once.Do(func() { close(r.ready) })
}

// tried reports whether a door was shut, is shut already, or could not be looked at.
func tried(a respond.ActionState) bool {
	for _, t := range a.Attempts {
		if t.Outcome != nil {
			return true
		}
	}
	return a.Phase == respond.Finished || a.Reading != nil && a.Reading.State != plan.Broken
}

// over gives the survey of a sitting, of which preflight is the second round, and what
// it adds.
func (r *containment) over(look *eyes) (func(context.Context, *respond.State, string) respond.Surveyed, <-chan []respond.Data) {
	return func(ctx context.Context, s *respond.State, scope string) respond.Surveyed {
		if scope != "preflight" || !r.turn() {
			return look.Survey(ctx, s, scope)
		}
		return r.second(ctx, s, look)
	}, r.amend
}

// turn reports whether the second round is still to come; later looks are ordinary ones.
func (r *containment) turn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.taken
	r.taken = true
	return first
}

func (r *containment) second(ctx context.Context, s *respond.State, look *eyes) (out respond.Surveyed) {
	out.Scope = "preflight"
	select {
	case <-r.ready:
	case <-ctx.Done():
		close(r.amend)
		out.Unknown = append(out.Unknown, ctx.Err().Error())
		return out
	}
	w, batch, err := r.widen(ctx)
	if err == nil {
		look.judge(&out, w.look, w.subjects)
		look.preflight(ctx, s, &out, w.look)
		r.keep(&out, look, w)
		r.amend <- batch
	} else {
		out.Unknown = append(out.Unknown, err.Error())
		out.Problems = append(out.Problems, err.Error())
	}
	close(r.amend)
	r.mu.Lock()
	r.found, r.err = w, err
	r.mu.Unlock()
	return out
}

// named reports whether a gap comes of a provider that is told of anyway.
func (w *wide) named(g plan.Gap) bool {
	return slices.ContainsFunc(w.scene.Absent, func(a view.Absent) bool {
		return strings.HasPrefix(g.What, a.Provider+".") || strings.HasPrefix(g.What, a.Provider+":")
	})
}

// keep makes what was met a piece of evidence: it is never like that again.
func (r *containment) keep(out *respond.Surveyed, look *eyes, w *wide) {
	b, err := json.MarshalIndent(w.scene, "", "  ")
	if err == nil {
		var saved plan.Saved
		if saved, err = look.evidence.Save("scene.json", b); err == nil {
			saved.Evidence = "scene"
			saved.Listing = fmt.Sprintf("%d live runs, %d doors, %d identities", len(w.scene.Live), len(w.scene.Doors), len(w.scene.Identities))
			out.Listed = append(out.Listed, saved)
			return
		}
	}
	out.Problems = append(out.Problems, "what was met could not be kept: "+err.Error())
}

// widen looks at everything and makes the further plan.
func (r *containment) widen(ctx context.Context) (*wide, []respond.Data, error) {
	w, err := r.site.widen(ctx, r.about, r.glance)
	if err != nil {
		return nil, nil, err
	}
	r.site.exposure = &w.scene.Exposure
	inputs := r.about.inputs()
	if !w.scene.Exposure.Since.IsZero() {
		inputs["since"] = w.scene.Exposure.Since.UTC().Format(time.RFC3339)
	}
	p, l, err := r.site.compile(ctx, r.book, inputs, w.look, false)
	if err != nil {
		return w, nil, fmt.Errorf("the second round cannot be planned: %w", err)
	}
	w.look = l
	var actions []*plan.Action
	for i := range p.Actions {
		actions = append(actions, &p.Actions[i])
	}
	w.scene.Lacking = append(w.scene.Lacking, r.site.lacks(actions, l.snapshot)...)
	w.scene.Absent = append([]view.Absent{}, r.site.absent...)
	for _, g := range p.Gaps {
		if !w.named(g) {
			w.unknown("%s: %s", g.What, g.Why)
		}
	}
	if i := slices.IndexFunc(actions, func(a *plan.Action) bool { return !contains(a) && a.Assisted == nil }); i >= 0 {
		return w, nil, fmt.Errorf("%s is no containment that can be taken back; it is left out", actions[i].Use)
	}
	b, err := plan.Encode(p)
	if err != nil {
		return w, nil, err
	}
	for i := range w.scene.Doors {
		if d := &w.scene.Doors[i]; d.Open {
			d.State = scene.Shutting
		}
	}
	if err := r.tell(w); err != nil {
		return w, nil, err
	}
	return w, []respond.Data{respond.Planned{Digest: plan.Digest(b), Bytes: b, Plan: p}}, nil
}
