package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// What a fault does; the values stand in scenarios.
const (
	Refused             = "refused"               // Status (403), no effect
	TimeoutBefore       = "timeout_before"        // no effect, no answer
	TimeoutAfterSuccess = "timeout_after_success" // effect, no answer
	AcceptedLate        = "accepted_late"         // the answer of success now, the effect After later
	RateLimited         = "rate_limited"          // 429 with Retry-After, no effect
	ServerError         = "server_error"          // Status (502), no effect
	WrongAnswer         = "wrong_answer"          // effect, and an answer that does not mean anything
	PartialPage         = "partial_page"          // effect, and the connection ends in the middle of the answer
)

// Faults lists every fault there is.
func Faults() []string {
	return []string{Refused, TimeoutBefore, TimeoutAfterSuccess, AcceptedLate, RateLimited, ServerError, WrongAnswer, PartialPage}
}

// Fault goes wrong at the nth call of a name (counted in the life of the world),
// or at every one when Nth is 0. Requests of attackers and the team neither count
// nor fail.
type Fault struct {
	Call   string        `json:"call"`
	Nth    int           `json:"nth"`
	Then   string        `json:"then"`
	Status int           `json:"status,omitempty"`
	After  time.Duration `json:"after,omitempty"` // Retry-After, or how late
}

// faulty counts the request and gives the fault it meets.
func (w *World) faulty(x *exchange) *Fault {
	if bystander(x.r.UserAgent()) {
		return nil
	}
	var met *Fault
	for i, f := range w.o.Faults {
		if f.Call != x.what.Call {
			continue
		}
		key := fmt.Sprintf("%d %s", i, f.Call)
		w.counts[key]++
		w.core.dirty = true
		if met == nil && (f.Nth == 0 || f.Nth == w.counts[key]) {
			met = &w.o.Faults[i]
		}
	}
	return met
}

// instead is the answer of a fault that keeps the effect away.
func (f *Fault) instead() (answer, bool) {
	switch f.Then {
	case Refused:
		return refusal(or(f.Status, http.StatusForbidden), "refused by the world's fault plan"), true
	case ServerError:
		return refusal(or(f.Status, http.StatusBadGateway), "server error"), true
	case TimeoutBefore:
		return answer{cut: true}, true
	}
	return answer{}, false
}

// limit is a rate limit's refusal that comes out of nowhere.
func (f *Fault) limit(now time.Time) Overrun {
	after := max(time.Second, f.After.Truncate(time.Second))
	return Overrun{Status: or(f.Status, http.StatusTooManyRequests), Until: now.Add(after), After: after}
}

// after changes the answer of a request that took effect.
func (f *Fault) after(a answer) answer {
	switch f.Then {
	case TimeoutAfterSuccess:
		a.cut = true
	case WrongAnswer:
		a.header = http.Header{"Content-Type": {"text/html"}}
		a.body = []byte("<html><body>It works!</body></html>")
		a.status = http.StatusOK
	case PartialPage:
		a.torn = true
	}
	return a
}

// refusal has the fields in which GitHub, AWS (JSON), Vault and npm put a message.
func refusal(status int, message string) answer {
	b, err := json.Marshal(map[string]any{"message": message, "Message": message, "errors": []string{message}, "error": message})
	if err != nil {
		b = []byte(`{}`)
	}
	return answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: b}
}

func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// late is a request whose success was told and whose effect is still to come.
type late struct {
	Provider string      `json:"provider"`
	Method   string      `json:"method"`
	URL      string      `json:"url"`
	Host     string      `json:"host"`
	Header   http.Header `json:"header"`
	Body     []byte      `json:"body,omitempty"`
	Due      time.Time   `json:"due"`
}

const defaultLate = 5 * time.Second

// postpone lets the provider answer, undoes what it did, and queues the request.
func (w *World) postpone(x *exchange) answer {
	before, err := json.Marshal(x.p.State())
	if err != nil {
		w.broken = fmt.Errorf("encode %s: %w", x.p.Name(), err)
		return answer{cut: true}
	}
	ids, texts, logged := w.core.ids, w.core.texts, len(w.core.batch)
	a := serve(x.p, x.r, x.body)
	if err := x.p.Restore(before); err != nil {
		w.broken = fmt.Errorf("restore %s: %w", x.p.Name(), err)
		return answer{cut: true}
	}
	w.core.ids, w.core.texts, w.core.batch = ids, texts, w.core.batch[:logged]
	after := x.fault.After
	if after == 0 {
		after = defaultLate
	}
	w.late = append(w.late, late{
		Provider: x.p.Name(), Method: x.r.Method, URL: x.r.URL.String(), Host: x.r.Host, Header: x.r.Header, Body: x.body, Due: w.core.Now().Add(after),
	})
	w.core.dirty = true
	return a
}

// due lets postponed requests take effect whose time has come.
func (w *World) due() {
	var rest []late
	for _, l := range w.late {
		p := w.Provider(l.Provider)
		if w.core.Now().Before(l.Due) || p == nil {
			rest = append(rest, l)
			continue
		}
		r, err := http.NewRequest(l.Method, l.URL, bytes.NewReader(l.Body)) //nolint:noctx // never sent: handed to the provider in memory
		if err != nil {
			w.broken = fmt.Errorf("carry out a postponed request: %w", err)
			return
		}
		r.Host, r.Header = l.Host, l.Header
		what := p.Describe(r, l.Body)
		a := serve(p, r, l.Body)
		w.core.Log(Entry{Kind: "effect", Provider: l.Provider, Call: what.Call, Object: what.Object, Status: a.status, Fault: AcceptedLate})
		w.core.dirty = true
	}
	w.late = rest
}
