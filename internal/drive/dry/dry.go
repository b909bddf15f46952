// Package dry walks a real plan without sending anything: hands that read what is
// there, suppose that every call is carried out, and say what would then be read.
//
// It is the driver's second lock. The first is the read-only client underneath, which
// has no way to send a mutation; these hands do not even try.
package dry

import (
	"context"
	"slices"
	"sync"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Hands answer every command from what is really there and from what was supposed
// since. Safe for concurrent use.
type Hands struct {
	// Real reads and surveys, over clients that cannot send a mutation. Its Apply is
	// never called.
	Real      drive.Hands
	Catalogue *adapters.Catalogue
	Clock     *Clock // stands still while something is really read; may be nil

	mu       sync.Mutex             // over what follows
	left     map[string][]plan.Call // calls a reading wanted and that were not sent yet, by action
	seen     map[string]int         // readings that showed nothing to do but to wait
	attested map[string]bool        // a person said that it is done
	mended   map[string]bool        // survey scopes of which a person supposes that they are mended
	supposed int                    // calls that would have been sent
}

var _ drive.Hands = (*Hands)(nil)

// Calls is how many calls would have been sent so far.
func (h *Hands) Calls() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.supposed
}

// Apply implements drive.Hands: the call is supposed to be done.
func (h *Hands) Apply(_ context.Context, _ *respond.State, c respond.Apply) plan.Outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.make()
	h.supposed++
	id := c.Action.ID
	h.left[id] = slices.DeleteFunc(h.left[id], func(x plan.Call) bool { return x.Key == c.Call.Key })
	out := plan.Outcome{State: plan.Done, Detail: "supposed; nothing was sent"}
	if a, ok := h.Catalogue.Action(c.Action.Use); ok {
		for _, f := range a.Spec().Outputs {
			if out.Outputs == nil {
				out.Outputs = map[string]plan.Output{}
			}
			if f.Type == plan.Secret {
				out.Outputs[f.Name] = plan.Output{Sealed: "supposed"}
			} else {
				out.Outputs[f.Name] = plan.Output{Value: "supposed"}
			}
		}
	}
	return out
}

// Settle implements drive.Hands. No call is ever in doubt.
func (*Hands) Settle(context.Context, *respond.State, respond.Settle) plan.Settlement {
	return plan.Settlement{Happened: "yes", Detail: "supposed; nothing was sent"}
}

// Survey implements drive.Hands: a real look, without the complaints of which a person
// supposes that they are mended.
func (h *Hands) Survey(ctx context.Context, s *respond.State, c respond.Survey) respond.Surveyed {
	h.Clock.stand(1)
	v := h.Real.Survey(ctx, s, c)
	h.Clock.stand(-1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mended[c.Scope] {
		v.Problems, v.Findings, v.Unknown = nil, nil, nil
	}
	return v
}

// Verify implements drive.Hands: the first reading is real where the target does not
// depend on what was only supposed; what was called since counts as done.
func (h *Hands) Verify(ctx context.Context, s *respond.State, c respond.Verify) plan.Reading {
	a := c.Action
	h.mu.Lock()
	h.make()
	left, begun := h.left[a.ID]
	attested, seen := h.attested[a.ID], h.seen[a.ID]
	h.mu.Unlock()
	switch {
	case attested, begun && len(left) == 0:
		return held(s, a)
	case begun:
		return plan.Reading{State: plan.Broken, Before: a.Before, Next: slices.Clone(left)}
	case a.Assisted != nil:
		return plan.Reading{State: plan.Broken, Detail: "nobody has said yet that it is done"}
	case imagined(a):
		return h.begin(s, a, a.Calls)
	}
	h.Clock.stand(1)
	r := h.Real.Verify(ctx, s, c)
	h.Clock.stand(-1)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case r.State != plan.Broken:
	case len(r.Next) > 0:
		h.left[a.ID] = slices.Clone(r.Next)
	case seen > 0 || r.Final: // it waits for an effect of something supposed
		r = held(s, a)
	default:
		h.seen[a.ID]++
	}
	return r
}

// imagined reports whether an action's target is, or follows from, something that
// would only be made.
func imagined(a *plan.Action) bool {
	if slices.Contains([]plan.Role{plan.Test, plan.Canary, plan.Build, plan.Promote, plan.Export, plan.Deliver, plan.Enable, plan.Lift, plan.Reopen}, a.Role) {
		return true
	}
	for _, v := range a.Inputs {
		if v.Output != nil {
			return true
		}
	}
	return false
}

// begin is the first reading of an imagined target: what the plan would send, or one
// call where the plan does not know it yet; what only reads is there at once.
func (h *Hands) begin(s *respond.State, a *plan.Action, calls []plan.Call) plan.Reading {
	if a.Effect == plan.Read {
		return held(s, a)
	}
	if len(calls) == 0 {
		calls = []plan.Call{{Key: "supposed", Verb: "carry out", Object: a.Target.Name}}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left[a.ID] = slices.Clone(calls)
	return plan.Reading{State: plan.Broken, Before: a.Before, Next: slices.Clone(calls)}
}

// held is the wished state at the required proof, with the evidence an export would save.
func held(s *respond.State, a *plan.Action) plan.Reading {
	r := plan.Reading{State: plan.Held, Proof: a.Proof, Detail: "supposed; nothing was sent"}
	for i := range s.Actions {
		if s.Actions[i].Action.ID == a.ID && s.Actions[i].Required.Rank() > r.Proof.Rank() {
			r.Proof = s.Actions[i].Required
		}
	}
	if a.Role == plan.Export {
		for _, key := range a.Evidence {
			r.Saved = append(r.Saved, plan.Saved{Evidence: key, Listing: "supposed; nothing was saved"})
		}
	}
	return r
}

// Attest supposes that a person has carried an assisted action out.
func (h *Hands) Attest(action string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.make()
	h.attested[action] = true
}

// Mend supposes that what a survey of scope complains of has been mended.
func (h *Hands) Mend(scope string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.make()
	h.mended[scope] = true
}

func (h *Hands) make() {
	if h.left == nil {
		h.left, h.seen, h.attested, h.mended = map[string][]plan.Call{}, map[string]int{}, map[string]bool{}, map[string]bool{}
	}
}
