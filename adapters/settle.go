package adapters

import (
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Asked is when the last attempt of call c was intended; zero when the history
// has none.
func (t Task) Asked(c plan.Call) time.Time {
	for i := len(t.History) - 1; i >= 0; i-- {
		if t.History[i].Call.Key == c.Key {
			return t.History[i].At
		}
	}
	return time.Time{}
}

// Absent is the settlement of a call whose effect cannot be seen: "no" once wait
// has passed since the intent, before that "unknown" with the time that is left.
func (t Task) Absent(c plan.Call, wait plan.Duration, detail string) plan.Settlement {
	asked := t.Asked(c)
	if asked.IsZero() {
		return plan.Settlement{Happened: "unknown", Wait: wait, Detail: detail + "; the journal has no time for this call"}
	}
	if left := wait.D() - t.Now.Sub(asked); left > 0 {
		return plan.Settlement{Happened: "unknown", Wait: plan.Duration(left), Detail: detail + "; it may still show up"}
	}
	return plan.Settlement{Happened: "no", Detail: detail}
}
