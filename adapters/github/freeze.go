package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// A freeze narrows who may deploy, publish or start something, and gives the exact
// earlier state as its output `earlier`, a JSON text. Its lift takes that text and
// restores it, and nothing else: where the state is neither the frozen nor the earlier
// one, somebody changed it meanwhile, and a person decides.
//
// The earlier state is what the first call that may have arrived was journaled with,
// so it is the same after a crash, a resumption and a second freeze of what somebody
// opened in between.

// earlierOutput and earlierInput are that text at both ends.
var (
	earlierOutput = plan.Field{Name: "earlier", Type: plan.String, Doc: "what was there before the freeze, as JSON; what the lift restores"}
	earlierInput  = plan.Field{Name: "earlier", Type: plan.String, Required: true, Doc: "what was there before the freeze: the output `earlier` of the task that froze"}
)

// arrived gives the first call of a task that may have reached GitHub; nil when none did.
func arrived(t adapters.Task, verb string) *plan.Attempt {
	for i := range t.History {
		h := &t.History[i]
		refused := h.Outcome != nil && h.Outcome.State == plan.Refused
		absent := h.Settlement != nil && h.Settlement.Happened == "no"
		if h.Call.Verb == verb && !refused && !absent {
			return h
		}
	}
	return nil
}

// earlier is the state before the freeze: before the first call of ours, or what is
// there now when none was needed. Where a person froze, nobody but the plan knows.
func earlier(t adapters.Task, verb string, now json.RawMessage) json.RawMessage {
	if h := arrived(t, verb); h != nil && len(h.Call.Before) > 0 {
		return h.Call.Before
	}
	if t.Action.Assisted != nil && len(t.Action.Before) > 0 {
		return t.Action.Before
	}
	return now
}

func outputs(was json.RawMessage) map[string]plan.Output {
	return map[string]plan.Output{earlierOutput.Name: {Value: string(canonical(was))}}
}

// given reads the earlier state a lift was handed into v.
func given(text string, v any) error {
	if text == "" {
		return errors.New("the input earlier is empty; it is the output of the task that froze")
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("the input earlier is not what a freeze gives: %w", err)
	}
	return nil
}

// foreign is the reading of a lift that finds what it may not overwrite.
func foreign(r plan.Reading, what string, now, was json.RawMessage) plan.Reading {
	r.State, r.Final, r.Next = plan.Broken, true, nil
	r.Detail = fmt.Sprintf("%s was changed meanwhile, so it is left as it is: it is %s, before the freeze it was %s; set it by hand and look again", what, now, was)
	return r
}

// object reads JSON without losing a digit of a number.
func object(raw json.RawMessage) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("GitHub's answer is no object")
	}
	return o, nil
}

// canonical is JSON with sorted keys; what cannot be read stays as it is.
func canonical(raw json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	return plan.Image(v)
}

func same(a, b json.RawMessage) bool { return bytes.Equal(canonical(a), canonical(b)) }

// unshown leaves out calls that were sent so lately that their effect need not show
// yet; when none is left, there is nothing to do but wait.
func unshown(t adapters.Task, r plan.Reading, settle plan.Duration) plan.Reading {
	var left []plan.Call
	wait := plan.Duration(0)
	for _, c := range r.Next {
		if _, last := sent(t, c.Key); last != nil {
			if rest := settle - plan.Duration(t.Now.Sub(t.Answered(c))); rest > 0 {
				wait = max(wait, rest)
				continue
			}
		}
		left = append(left, c)
	}
	if r.Next = left; len(left) == 0 && wait > 0 {
		r.Wait, r.Detail = wait, r.Detail+"; what was sent does not show yet"
	}
	return r
}
