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

// Answered gives when the last attempt of a call was answered or given up, which
// is when at the latest it reached its provider: it may have queued and hung. It is
// the time of the intent where the journal has no outcome.
func (t Task) Answered(c plan.Call) time.Time {
	for i := len(t.History) - 1; i >= 0; i-- {
		if h := t.History[i]; h.Call.Key == c.Key {
			if h.Answered.After(h.At) {
				return h.Answered
			}
			return h.At
		}
	}
	return time.Time{}
}

// Absent is the settlement of a call whose effect cannot be seen: "no" once wait
// has passed since it was answered or given up, before that "unknown" with the time
// that is left.
func (t Task) Absent(c plan.Call, wait plan.Duration, detail string) plan.Settlement {
	since := t.Answered(c)
	if since.IsZero() {
		return plan.Settlement{Happened: "unknown", Wait: wait, Detail: detail + "; the journal has no time for this call"}
	}
	if left := wait.D() - t.Now.Sub(since); left > 0 {
		return plan.Settlement{Happened: "unknown", Wait: plan.Duration(left), Detail: detail + "; it may still show up"}
	}
	return plan.Settlement{Happened: "no", Detail: detail}
}
