package evidence

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// Entry is one thing that happened. Members that do not apply to its kind are empty.
type Entry struct {
	Seq     int64      `json:"seq"` // the journal's record
	Time    time.Time  `json:"time"`
	Kind    string     `json:"kind"` // the event's type
	Step    plan.Step  `json:"step,omitempty"`
	Action  string     `json:"action,omitempty"`
	Use     string     `json:"use,omitempty"`
	Target  string     `json:"target,omitempty"`
	Call    string     `json:"call,omitempty"`   // "cancel run 41"
	Result  string     `json:"result,omitempty"` // outcome, reading, settlement or choice
	Proof   plan.Proof `json:"proof,omitempty"`
	By      string     `json:"by,omitempty"`
	Detail  string     `json:"detail,omitempty"`
	Request string     `json:"request,omitempty"` // the provider's request id
}

// timeline leaves out timers, and readings that showed what the one before did.
func timeline(events []respond.Event) []Entry {
	t := teller{actions: map[string]*plan.Action{}, calls: map[string]plan.Call{}, read: map[string]respond.Verified{}}
	out := []Entry{}
	for i, e := range events {
		n, ok := t.tell(e.Data)
		if !ok {
			continue
		}
		n.Seq, n.Time, n.Kind = int64(i)+1, e.Time, e.Kind()
		if a := t.actions[n.Action]; a != nil {
			n.Step, n.Use, n.Target = a.Step, a.Use, a.Target.Name
		}
		out = append(out, n)
	}
	return out
}

type teller struct {
	actions map[string]*plan.Action
	calls   map[string]plan.Call
	read    map[string]respond.Verified
}

func (t *teller) tell(d respond.Data) (Entry, bool) {
	switch v := d.(type) {
	case respond.Opened:
		return Entry{By: v.Operator, Detail: v.SinceWhy}, true
	case respond.Planned:
		t.learn(v.Plan)
		return Entry{Detail: v.Digest}, true
	case respond.Approved:
		return Entry{By: v.Signer, Detail: v.Statement}, true
	case respond.Answered:
		return Entry{By: v.By, Result: v.Choice, Detail: v.Reason, Target: v.Ask}, true
	case respond.Intended:
		t.calls[call(v.Action, v.Number)] = v.Call
		return Entry{Action: v.Action, Call: v.Call.Verb + " " + v.Call.Object}, true
	case respond.Outcome:
		c := t.calls[call(v.Action, v.Number)]
		return Entry{Action: v.Action, Call: c.Verb + " " + c.Object, Result: string(v.Outcome.State), Detail: v.Outcome.Detail, Request: v.Outcome.Request}, true
	case respond.Settled:
		c := t.calls[call(v.Action, v.Number)]
		n := Entry{Action: v.Action, Call: c.Verb + " " + c.Object, Result: v.Settlement.Happened, Detail: v.Settlement.Detail, By: v.By}
		if v.By != "" {
			n.Detail = "a person's word: " + v.Reason
		}
		return n, true
	case respond.Verified:
		return t.reading(v)
	case respond.Surveyed:
		return Entry{Target: v.Scope, Detail: v.Digest}, true
	case respond.Overridden:
		return Entry{Action: v.Action, Target: string(v.Gate), By: v.By, Detail: v.Reason + t.all(v.Actions)}, true
	case respond.HandedOver:
		return Entry{By: v.From, Target: v.To, Result: "owner number " + strconv.Itoa(v.Epoch), Detail: v.Note}, true
	case respond.Resumed:
		return Entry{By: v.Operator, Detail: v.Cut}, true
	case respond.Paused:
		return Entry{Detail: v.Reason}, true
	case respond.Closed:
		return Entry{}, true
	}
	return Entry{}, false
}

// all names the actions an override was given for.
func (t *teller) all(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		if a := t.actions[id]; a != nil {
			names[i] = a.Use + " on " + a.Target.Name
		}
	}
	return " (for " + strings.Join(names, ", ") + ")"
}

func (t *teller) learn(p *plan.Plan) {
	if p == nil {
		return
	}
	for i := range p.Actions {
		t.actions[p.Actions[i].ID] = &p.Actions[i]
	}
}

func (t *teller) reading(v respond.Verified) (Entry, bool) {
	was, seen := t.read[v.Action]
	t.read[v.Action] = v
	same := seen && was.Reading.State == v.Reading.State && was.Reading.Proof == v.Reading.Proof &&
		len(v.Reading.Saved) == 0 && slices.Equal(was.Reading.Found, v.Reading.Found)
	return Entry{Action: v.Action, Result: string(v.Reading.State), Proof: v.Reading.Proof, Detail: v.Reading.Detail}, !same
}
