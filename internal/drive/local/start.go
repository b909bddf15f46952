package local

import (
	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/respond"
)

// start begins what is wanted, is not under way and finds room. What finds none
// is wanted again the next time, if it still is. Intents of all calls that start
// now are one batch, and no more are written than workers are free: after a crash
// as little as possible is in doubt.
func (r *run) start() error {
	var intents []respond.Data
	var applies []respond.Apply
	until := (*respond.Wait)(nil)
	for _, c := range r.Log.decider.Commands() {
		if _, busy := r.running[c.Key()]; busy || r.left[c.Key()] {
			continue
		}
		switch v := c.(type) {
		case respond.Apply:
			if r.begin(v.Key(), lane{calls, v.Action.Target.Provider}) {
				applies = append(applies, v)
				intents = append(intents, respond.Intended{Action: v.Action.ID, Call: v.Call, Number: v.Number})
			}
		case respond.Settle:
			r.look(v, lane{reads, v.Action.Target.Provider})
		case respond.Verify:
			r.look(v, lane{reads, v.Action.Target.Provider})
		case respond.Survey:
			r.look(v, lane{class: looks})
		case respond.Ask:
			r.ask(v)
		case respond.Wait:
			until = &v
		}
	}
	r.timer.set(r.ctx, r.Log.clock, r.Log.now(), until)
	if len(intents) == 0 {
		return nil
	}
	if err := r.Log.Append(intents...); err != nil {
		return err
	}
	s := r.Log.State()
	for _, a := range applies {
		go r.apply(a, s)
	}
	return nil
}

func (r *run) begin(key string, l lane) bool {
	if !r.room(l) {
		return false
	}
	r.running[key] = l
	r.count[l]++
	return true
}

func (r *run) look(c respond.Command, l lane) {
	if r.begin(c.Key(), l) {
		go r.read(c, r.Log.State())
	}
}

func (r *run) apply(c respond.Apply, s *respond.State) {
	o := r.Hands.Apply(r.ctx, s, c)
	crash.pass("after-answer", 1)
	r.give(result{key: c.Key(), answer: true, data: []respond.Data{respond.Outcome{Action: c.Action.ID, Number: c.Number, Outcome: o}}})
}

func (r *run) read(c respond.Command, s *respond.State) {
	var d respond.Data
	switch v := c.(type) {
	case respond.Settle:
		d = respond.Settled{Action: v.Action.ID, Number: v.Number, Settlement: r.Hands.Settle(r.ctx, s, v)}
	case respond.Verify:
		d = respond.Verified{Action: v.Action.ID, Reading: r.Hands.Verify(r.ctx, s, v)}
	case respond.Survey:
		d = r.Hands.Survey(r.ctx, s, v)
	}
	r.give(result{key: c.Key(), data: []respond.Data{d}})
}

// give hands a result over; what comes after the end of the sitting is in doubt.
func (r *run) give(res result) {
	select {
	case r.results <- res:
	case <-r.gone:
	}
}

func (r *run) ask(a respond.Ask) {
	if r.Responder == nil {
		r.left[a.Key()] = true
		return
	}
	if r.begin(a.Key(), lane{class: asks}) {
		go r.answer(a, r.Log.State())
	}
}

func (r *run) answer(a respond.Ask, s *respond.State) {
	res := result{key: a.Key()}
	reply, ok, err := r.Responder.Answer(r.asking, s, a)
	switch {
	case err != nil:
		res.err = err
	case !ok:
		res.left = true
	default:
		res.data = records(a, reply)
	}
	r.give(res)
}

// records makes a reply's records. An answer to all is to all that were shown:
// an action which came to the same question since was not agreed to.
func records(a respond.Ask, reply drive.Reply) []respond.Data {
	ans := reply.Answer
	if len(ans.Actions) == 0 && (ans.Choice == "go" || ans.Choice == "skip") {
		for _, p := range a.Actions {
			ans.Actions = append(ans.Actions, p.ID)
		}
	}
	if reply.Override == nil {
		return []respond.Data{ans}
	}
	return []respond.Data{*reply.Override, ans}
}
