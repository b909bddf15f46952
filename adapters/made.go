package adapters

import (
	"net/http"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// Create is the verb of a call that makes an object at an issuer; its output "id" names
// what was made.
const Create = "create"

// Made are the ids of objects which this action made by its journal, whether the
// verdict still counts or not.
func (t Task) Made() []string {
	var out []string
	for _, a := range t.History {
		if a.Call.Verb != Create {
			continue
		}
		if a.Outcome != nil && a.Outcome.Outputs["id"].Value != "" {
			out = append(out, a.Outcome.Outputs["id"].Value)
		}
		if a.Settlement != nil && a.Settlement.Outputs["id"].Value != "" {
			out = append(out, a.Settlement.Outputs["id"].Value)
		}
	}
	return out
}

// Current is the id of the object that counts: of the last creation that was done, is
// not superseded and whose value is not lost; "" when there is none.
func (t Task) Current() (id string, at time.Time) {
	for _, a := range t.History {
		lost := a.Settlement != nil && a.Settlement.Lost
		if a.Call.Verb == Create && !a.Superseded && !lost && a.Outcome != nil && a.Outcome.State == plan.Done {
			id, at = a.Outcome.Outputs["id"].Value, a.At
		}
	}
	return id, at
}

// Direct is a client that follows no redirect: a server that moves would take the
// credential along. timeout bounds a whole exchange.
func Direct(rt http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{Transport: rt, Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
