package local

import (
	"errors"
	"strings"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
)

// errTwin: one value was given as the new and as the old one. Either the value that leaked
// was put into every store again, or the new one is about to be ended.
var errTwin = errors.New("one and the same value was given as the old and as the new one of this credential. Where the old one is wrong, paste the value that leaked; where the new one is, the leaked value is in the stores: make another by a new plan (firebreak plan), and skip this")

// twin compares what people gave as a credential's old value with what was made or given
// as its new one. Nobody rotates a value to itself.
func (h *Hands) twin(s *respond.State, p *plan.Action, t adapters.Task) error {
	if p.Credential == "" {
		return nil
	}
	var olds, news []secret.Text
	for name, v := range p.Inputs {
		if v.Held != "" {
			olds = append(olds, t.Secrets[name])
		}
	}
	if p.Role == plan.Mint {
		for name, ref := range s.Held {
			if old, is := strings.CutPrefix(name, "old:"); is && (old == p.Credential || strings.HasPrefix(old, p.Credential+"/")) {
				v, err := h.value(ref)
				if err != nil {
					return err
				}
				olds = append(olds, v)
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
			if err != nil {
				return err
			}
			news = append(news, v)
		}
	}
	for _, old := range olds {
		for _, made := range news {
			if !old.Empty() && old.Equal(made) {
				return errTwin
			}
		}
	}
	return nil
}
