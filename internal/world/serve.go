package world

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxBody = 64 << 20

// exchange is one request on its way through the world.
type exchange struct {
	p      Provider
	r      *http.Request
	body   []byte
	what   Request
	number int
	fault  *Fault
	limit  *answer   // set when a rate limit refused the request
	hasty  string    // set when it came before the time its caller was told
	until  time.Time // set with limit: when it may be asked again
}

// handler is the middleware every provider's requests pass: latency, numbering,
// rate limits, faults and holds, in this order.
func (w *World) handler(p Provider) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
		if err != nil {
			http.Error(rw, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		x := exchange{p: p, r: r, body: body}
		ctx := r.Context()
		if err := pause(ctx, w.o.Clock.Real(w.o.Latency)); err != nil {
			return // the caller is gone
		}
		w.arrive(&x)
		if err := w.holds.wait(ctx, &x, Before); err != nil {
			cut(rw)
			return
		}
		a := w.carryOut(&x)
		if err := w.holds.wait(ctx, &x, After); err != nil {
			cut(rw)
			return
		}
		a.send(rw)
	})
}

// arrive describes, counts and checks a request; nothing happens yet.
func (w *World) arrive(x *exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x.what = x.p.Describe(x.r, x.body)
	if x.what.Mutating && !bystander(x.r.UserAgent()) {
		w.numbered++
		x.number, w.core.dirty = w.numbered, true
	}
	if x.limit = w.limited(x); x.limit == nil {
		x.fault = w.faulty(x)
	}
}

// carryOut lets a request take effect, saves and logs it, and gives the answer.
func (w *World) carryOut(x *exchange) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due()
	inside := len(w.core.batch)
	a := w.answer(x)
	w.refund(x, a.status)
	e := Entry{
		Kind: "request", Provider: x.p.Name(), Call: x.what.Call, Object: x.what.Object, Agent: agent(x.r),
		Credential: w.called(x.what.Value), Mutating: x.what.Mutating, Status: a.status, Number: x.number, Time: w.core.Now(),
	}
	if x.fault != nil {
		e.Fault = x.fault.Then
	} else if x.limit != nil {
		e.Fault, e.Detail, e.At = RateLimited, x.hasty, x.until
	}
	// The request stands before what it caused.
	w.core.batch = append(w.core.batch[:inside:inside], append([]Entry{e}, w.core.batch[inside:]...)...)
	if err := w.commit(x.p); err != nil {
		return answer{status: http.StatusInsufficientStorage, body: []byte(err.Error())}
	}
	return a
}

// answer applies the fault, if any, around what the provider does.
func (w *World) answer(x *exchange) answer {
	switch {
	case x.limit != nil:
		return *x.limit
	case x.fault == nil:
		return serve(x.p, x.r, x.body)
	case x.fault.Then == RateLimited:
		return w.refuse(x, x.fault.limit(w.core.Now()))
	case x.fault.Then == AcceptedLate:
		return w.postpone(x)
	}
	if a, ok := x.fault.instead(); ok {
		return a
	}
	return x.fault.after(serve(x.p, x.r, x.body))
}

// called gives the name of a presented value, "unknown" for one nobody registered.
func (w *World) called(value string) string {
	if value == "" {
		return ""
	}
	if n := w.core.Name(value); n != "" {
		return n
	}
	return "unknown"
}

// bystander tells attackers and the team from whoever carries out the response.
func bystander(agent string) bool {
	return strings.HasPrefix(agent, "attacker/") || strings.HasPrefix(agent, "team/")
}

func agent(r *http.Request) string {
	const most = 120
	s := r.UserAgent()
	return s[:min(len(s), most)]
}

// answer is a response that was not sent yet.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    bool // end the connection without an answer
	torn   bool // end it in the middle of the body
}

// serve lets a provider answer into memory.
func serve(p Provider, r *http.Request, body []byte) answer {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := recorder{answer: answer{header: http.Header{}}}
	p.ServeHTTP(&rec, r)
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	return rec.answer
}

func (a answer) send(rw http.ResponseWriter) {
	if a.cut {
		cut(rw)
		return
	}
	for k, v := range a.header {
		rw.Header()[k] = v
	}
	body := a.body
	if a.torn {
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)/2]
	}
	rw.WriteHeader(a.status)
	if _, err := rw.Write(body); err != nil || a.torn {
		cut(rw)
	}
}

// cut ends the connection; the server takes ErrAbortHandler as the wish to do so.
func cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }

type recorder struct{ answer }

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body = append(r.body, b...)
	return len(b), nil
}
