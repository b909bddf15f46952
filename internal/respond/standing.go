package respond

import (
	"slices"

	"github.com/firebreak/firebreak/internal/plan"
)

// leave ends a sitting because a person said so.
func (d *Decider) leave(v *Answered) Stop {
	s := Stop{Code: codeOf(askKind(v.Ask)), Reason: "paused by " + v.By}
	if v.Choice == "hand-over" {
		s.Reason = "handed over to " + v.To + " by " + v.By
		s.HandOver = &HandedOver{From: v.By, To: v.To, Epoch: d.epoch + 1, Note: v.Reason}
	}
	return s
}

// Standing says with which exit code the incident stands if nobody answers what is
// asked now, and why. Zero: nothing is asked.
func (d *Decider) Standing() (code int, why []string) {
	for _, c := range d.Commands() {
		switch v := c.(type) {
		case Ask:
			n := codeOf(v.Kind)
			if v.Again {
				n = stale
			}
			code = worse(code, n)
			why = append(why, v.Text)
		case Stop:
			code = worse(code, v.Code)
			why = append(why, v.Reason)
		}
	}
	return code, why
}

// Exit codes as INTERFACE lists them; internal/cli owns the table and a test
// there holds these against it.
const (
	approval = 4
	gated    = 5
	stale    = 6
	refusal  = 7
	doubtful = 8
)

func codeOf(k AskKind) int {
	switch k {
	case Failed:
		return refusal
	case InDoubt:
		return doubtful
	case GateHeld:
		return gated
	default:
		return approval
	}
}

// worse keeps the code that says more: 8 over 7 over 5 over 6 over 4.
func worse(a, b int) int {
	order := []int{0, approval, stale, gated, refusal, doubtful}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// end is what happens when nothing is left to do.
func (d *Decider) end() Stop {
	var open []string
	code, left := 0, 0 // left: where what partial plans leave is not counted
	for _, c := range d.closings() {
		if c.Closed || c.Exception != nil {
			continue
		}
		open = append(open, c.Name)
		code = worse(code, gated)
		if slices.ContainsFunc(d.plans, func(p Planned) bool { return p.Plan.Partial == "" && speaks(p.Plan, c.Closing) }) {
			left = worse(left, gated)
		}
	}
	for _, a := range d.acts {
		if a.doubt() != nil {
			code, left = worse(code, doubtful), worse(left, doubtful)
		}
	}
	stuck, rest := d.stuck(), leaves(d.plans)
	switch {
	case rest != "" && len(stuck) > 0:
		return Stop{Code: worse(code, gated), Reason: "not carried out, because each waits for another: " + join(stuck)}
	case rest != "" && left == 0:
		return Stop{Reason: rest} // what is open is the further plan's to close
	case rest != "" && left == doubtful:
		return Stop{Code: left, Reason: rest}
	case len(open) == 0 && len(stuck) > 0:
		return Stop{Code: worse(code, gated), Reason: "not carried out, because each waits for another: " + join(stuck) + "; correct the playbook and plan again"}
	case len(open) > 0:
		return Stop{Code: code, Reason: "not closed: " + join(open) + "; each needs its action carried out, or a signed exception with owner and date"}
	}
	if missed := d.untreated(); len(missed) > 0 {
		return Stop{Code: worse(code, gated), Reason: "not closed: " + join(missed)}
	}
	return Stop{Code: code, Reason: "every credential is closed", Close: code == 0}
}

// untreated is what the last preflight found within reach and in no plan, unless
// somebody opened that gate with a reason. One missed credential is how responses fail.
func (d *Decider) untreated() []string {
	s := d.surveys["preflight"]
	overridden := slices.ContainsFunc(d.overrides, func(o Overridden) bool { return o.Gate == plan.GatePreflight })
	if s.last == nil || overridden {
		return nil
	}
	return s.last.Untreated
}

// stuck lists the actions which are neither done nor skipped.
func (d *Decider) stuck() []string {
	var out []string
	for _, a := range d.acts {
		if !a.closed() {
			out = append(out, a.p.Use+" on "+a.p.Target.Name)
		}
	}
	return out
}
