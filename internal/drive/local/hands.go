package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// HandsOptions is what Hands work with. All fields but Survey are required.
type HandsOptions struct {
	Catalogue *adapters.Catalogue
	Sealer    *secret.Sealer
	Redactor  *secret.Redactor
	Evidence  *Evidence
	Clock     drive.Clock
	// Survey looks at everything anew: survey, inventory, boundary. scope is
	// respond.Survey's.
	Survey func(ctx context.Context, s *respond.State, scope string) respond.Surveyed
}

// Hands carry commands out through adapters. They resolve inputs, open sealed
// values for the one request that needs them, and seal what a mint gave before
// its outcome leaves them. Safe for concurrent use.
type Hands struct{ o HandsOptions }

var _ drive.Hands = (*Hands)(nil)

// NewHands gives hands over the catalogue's adapters.
func NewHands(o HandsOptions) *Hands { return &Hands{o} }

// Apply implements drive.Hands. Without its action's adapter or a value it needs
// a call is refused: nothing was sent. A value that was minted and could not be
// sealed makes the outcome unknown: settling finds the object and its loss.
func (h *Hands) Apply(ctx context.Context, s *respond.State, c respond.Apply) plan.Outcome {
	a, t, err := h.task(s, c.Action)
	if err == nil {
		err = missing(a.Spec(), t)
	}
	if err == nil {
		err = h.twin(s, c.Action, t)
	}
	if err != nil {
		return plan.Outcome{State: plan.Refused, Detail: err.Error()}
	}
	res := a.Apply(ctx, t, c.Call)
	if len(res.Secrets) == 0 {
		return res.Outcome
	}
	crash.pass("before-seal", 1)
	sealed, err := h.seal(c, res.Secrets)
	if err != nil {
		return plan.Outcome{State: plan.Unknown, Request: res.Request, Detail: "made, but its value could not be sealed: " + err.Error()}
	}
	out := maps.Clone(res.Outputs)
	if out == nil {
		out = map[string]plan.Output{}
	}
	maps.Copy(out, sealed)
	res.Outputs = out
	return res.Outcome
}

func (h *Hands) seal(c respond.Apply, values map[string]secret.Text) (map[string]plan.Output, error) {
	for _, v := range values {
		h.o.Redactor.Add(v)
	}
	out := map[string]plan.Output{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		ref, err := h.o.Sealer.Seal(c.Action.ID+"/"+name+"/"+strconv.Itoa(c.Number), values[name])
		if err != nil {
			return nil, err
		}
		out[name] = plan.Output{Sealed: ref}
	}
	return out, nil
}

// Settle implements drive.Hands.
func (h *Hands) Settle(ctx context.Context, s *respond.State, c respond.Settle) plan.Settlement {
	a, t, err := h.task(s, c.Action)
	if err != nil {
		return plan.Settlement{Happened: "unknown", Detail: err.Error()}
	}
	return a.Settle(ctx, t, c.Call)
}

// Verify implements drive.Hands.
func (h *Hands) Verify(ctx context.Context, s *respond.State, c respond.Verify) plan.Reading {
	a, t, err := h.task(s, c.Action)
	if err != nil {
		return plan.Reading{State: plan.Unknown, Detail: err.Error()}
	}
	if err := h.twin(s, c.Action, t); err != nil {
		return plan.Reading{State: plan.Broken, Final: true, Detail: err.Error()}
	}
	r := a.Verify(ctx, t)
	if r.State == plan.Held {
		r.Undone = undoers(ctx, s, a, t)
	}
	return r
}

// undoers asks who undid an action, once it holds again: shutting a door does not wait for
// a name, and the provider's log needs its time. What it said once is not asked again.
func undoers(ctx context.Context, s *respond.State, a adapters.Action, t adapters.Task) (all []plan.Undone) {
	log, can := a.(adapters.Telling)
	st := actionState(s, t.Action.ID)
	if !can || st == nil {
		return nil
	}
	for i, u := range st.Undoings {
		if !u.Open() {
			continue
		}
		v := log.Undoer(ctx, t, u.After, u.Until)
		if v.Number = i + 1; len(v.By) > 0 || v.Silent != "" {
			all = append(all, v)
		}
	}
	return all
}

// Survey implements drive.Hands.
func (h *Hands) Survey(ctx context.Context, s *respond.State, c respond.Survey) respond.Surveyed {
	if h.o.Survey == nil {
		return respond.Surveyed{Scope: c.Scope, Unknown: []string{"there is nothing to survey with"}}
	}
	v := h.o.Survey(ctx, s, c.Scope)
	v.Scope = c.Scope
	return v
}

// task makes what an adapter gets. A sealed value that is lost is left out of the
// task, and the attempt that made it is marked so in its history.
func (h *Hands) task(s *respond.State, p *plan.Action) (adapters.Action, adapters.Task, error) {
	a, ok := h.o.Catalogue.Action(p.Use)
	if !ok {
		return nil, adapters.Task{}, fmt.Errorf("there is no adapter for %s; use the firebreak version that planned it", p.Use)
	}
	t := adapters.Task{
		Action: *p, Inputs: map[string]any{}, Secrets: map[string]secret.Text{},
		Began: s.Opened.Began, Now: h.o.Clock.Now(), Save: h.o.Evidence.Save, SaveFrom: h.o.Evidence.SaveFrom,
	}
	for _, name := range slices.Sorted(maps.Keys(p.Inputs)) {
		if err := h.input(s, t, name, p.Inputs[name]); err != nil {
			return nil, adapters.Task{}, fmt.Errorf("input %s: %w", name, err)
		}
	}
	if own := actionState(s, p.ID); own != nil {
		t.Outputs = own.Outputs
	}
	history, err := h.history(s, p.ID)
	t.History = history
	return a, t, err
}

func (h *Hands) input(s *respond.State, t adapters.Task, name string, v plan.Value) error {
	switch {
	case v.Output != nil:
		from := actionState(s, v.Output.Action)
		if from == nil {
			return nil
		}
		out, ok := from.Outputs[v.Output.Name]
		if ok && out.Sealed == "" {
			t.Inputs[name] = out.Value
			// An adapter that asks for a secret gets one: of a pair, the id goes into a store like its value.
			t.Secrets[name] = secret.NewString(out.Value)
		}
		if ok && out.Sealed != "" {
			return h.open(t, name, out.Sealed)
		}
	case v.Held != "":
		if ref := s.Held[v.Held]; ref != "" {
			return h.open(t, name, ref)
		}
	default:
		t.Inputs[name] = literal(v.Literal)
	}
	return nil
}

func (h *Hands) open(t adapters.Task, name, ref string) error {
	v, err := h.value(ref)
	if err == nil && !v.Empty() {
		t.Secrets[name] = v
	}
	return err
}

// value opens what is sealed under a reference; empty when there is none or it is lost.
func (h *Hands) value(ref string) (secret.Text, error) {
	if ref == "" {
		return secret.Text{}, nil
	}
	v, err := h.o.Sealer.Open(ref)
	var lost *secret.Lost
	if errors.As(err, &lost) {
		return secret.Text{}, nil
	}
	if err != nil {
		return secret.Text{}, err
	}
	h.o.Redactor.Add(v)
	return v, nil
}

// history is the action's attempts, those whose sealed outputs are lost marked.
func (h *Hands) history(s *respond.State, id string) ([]plan.Attempt, error) {
	st := actionState(s, id)
	if st == nil {
		return nil, nil
	}
	out := slices.Clone(st.Attempts)
	for i := range out {
		o := out[i].Outcome
		if o == nil || out[i].Settlement != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(o.Outputs)) {
			ref := o.Outputs[name].Sealed
			if ref == "" {
				continue
			}
			v, err := h.o.Sealer.Open(ref)
			var lost *secret.Lost
			if errors.As(err, &lost) {
				out[i].Settlement = &plan.Settlement{Happened: "yes", Lost: true, Outputs: o.Outputs, Detail: lost.Error()}
				break
			}
			if err != nil {
				return nil, err
			}
			h.o.Redactor.Add(v)
		}
	}
	return out, nil
}

func actionState(s *respond.State, id string) *respond.ActionState {
	for i := range s.Actions {
		if s.Actions[i].Action.ID == id {
			return &s.Actions[i]
		}
	}
	return nil
}

// missing says which required input could not be had.
func missing(spec plan.Spec, t adapters.Task) error {
	for _, f := range spec.Inputs {
		if !f.Required {
			continue
		}
		_, plain := t.Inputs[f.Name]
		_, sealed := t.Secrets[f.Name]
		if !plain && !sealed {
			return fmt.Errorf("the value of %s is not there: it was never made, or its sealed file or the incident's key is gone; retry the action that makes it", f.Name)
		}
	}
	return nil
}
