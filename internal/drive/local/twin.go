package local

import (
	"errors"
	"slices"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// errTwin: one value was given as the new and as the old one. Either the value that leaked
// was put into every store again, or the new one is about to be ended.
var errTwin = errors.New("one and the same value was given as the old and as the new one of this credential. Where the old one is wrong, try again and paste the value that leaked. Where the new one is, give another when it is asked for; where nobody asks any more, the leaked value is in the stores: skip this, and make another by a new plan (firebreak plan)")

// twin compares what people gave as a credential's old value with what was made or given
// as its new one. Nobody rotates a value to itself. What cannot be opened is compared with
// nothing: an action that needs it says so, and a dry run has no values.
func (h *Hands) twin(s *respond.State, p *plan.Action, t adapters.Task) error {
	if p.Credential == "" {
		return nil
	}
	var olds []secret.Text
	for name, v := range p.Inputs {
		if v.Held != "" {
			olds = append(olds, t.Secrets[name])
		}
	}
	// A value that a person gave counts as made without a reading: it stops at the stores.
	if p.Role == plan.Mint || p.Role == plan.Deliver || p.Role == plan.Test {
		for name, ref := range s.Held {
			if old, is := strings.CutPrefix(name, "old:"); is && (old == p.Credential || strings.HasPrefix(old, p.Credential+"/")) {
				if v, err := h.value(ref); err == nil {
					olds = append(olds, v)
				}
			}
		}
	}
	if len(olds) == 0 {
		return nil
	}
	for _, made := range s.Actions {
		if made.Action.Credential != p.Credential || made.Action.Role != plan.Mint {
			continue
		}
		for _, out := range made.Outputs {
			v, err := h.value(out.Sealed)
			if err == nil && slices.ContainsFunc(olds, func(old secret.Text) bool { return !old.Empty() && old.Equal(v) }) {
				return errTwin
			}
		}
	}
	return nil
}
