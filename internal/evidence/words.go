package evidence

import (
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// words collects what people said of calls in doubt, in a sitting or from outside.
func (r *Report) words(events []respond.Event) {
	actions, calls := map[string]*plan.Action{}, map[string]respond.Intended{}
	add := func(e respond.Event, id string, happened, by, why string) {
		v, ok := calls[id]
		if !ok {
			return
		}
		w := Word{At: e.Time, Action: v.Action, Name: v.Action, Call: v.Call.Verb + " " + v.Call.Object, Number: v.Number, Happened: happened, By: by, Reason: why}
		if a := actions[v.Action]; a != nil {
			w.Name = a.Use + " on " + a.Target.Name
		}
		r.Words = append(r.Words, w)
	}
	for _, e := range events {
		switch v := e.Data.(type) {
		case respond.Planned:
			for i := range plans(v) {
				actions[v.Plan.Actions[i].ID] = &v.Plan.Actions[i]
			}
		case respond.Intended:
			calls[call(v.Action, v.Number)] = v
		case respond.Settled:
			if v.By != "" {
				add(e, call(v.Action, v.Number), v.Settlement.Happened, v.By, v.Reason)
			}
		case respond.Answered:
			happened, settles := strings.CutPrefix(v.Choice, "settle-")
			about, asked := strings.CutPrefix(v.Ask, "doubt/")
			if !settles || !asked {
				continue
			}
			if n := strings.LastIndexByte(about, '#'); n >= 0 {
				about = about[:n]
			}
			if i := strings.LastIndexByte(about, '/'); i >= 0 {
				add(e, about[:i]+" "+about[i+1:], happened, v.By, v.Reason)
			}
		}
	}
}

func plans(v respond.Planned) []plan.Action {
	if v.Plan == nil {
		return nil
	}
	return v.Plan.Actions
}
