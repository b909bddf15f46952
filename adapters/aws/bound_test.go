package aws

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/plan"
)

// stalling is a body whose beginning arrives and whose end does not.
type stalling struct {
	ctx   context.Context //nolint:containedctx // a body ends with its request
	first io.Reader
}

func (s stalling) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); n > 0 || err != io.EOF {
		return n, err
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (stalling) Close() error { return nil }

// An answer that stalls after its headers ends, and nobody knows what became of the call.
func TestABodyThatStallsIsGivenUp(t *testing.T) {
	for _, head := range []string{"", "<UpdateAccessKeyResponse><ResponseMetadata>"} {
		r := newRig(t)
		a := r.actor(keyDisableName, user())
		call := a.only(a.want(plan.Broken))
		arrived := false
		w := r.world.Wire()
		next := w.Transport
		w.Transport = roundTripper(func(q *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(q.WithContext(t.Context())) // the world has all the time it wants
			if err != nil || !Mutates(q) {
				return resp, err
			}
			arrived = true
			resp.Body.Close() //nolint:errcheck // its end is not wanted
			resp.Body, resp.ContentLength = stalling{q.Context(), strings.NewReader(head)}, 500
			return resp, nil
		})
		r.p.transport = paced(w, 50*time.Millisecond)
		if o := a.apply(call); o.State != plan.Unknown || !arrived {
			t.Errorf("after %q it stalled; want unknown, got %+v", head, o.Outcome)
		}
	}
}

func TestAReadThatStallsIsNotKnown(t *testing.T) {
	r := newRig(t)
	a := r.actor(keyDisableName, user())
	w := r.world.Wire()
	w.Transport = roundTripper(func(q *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: stalling{q.Context(), strings.NewReader("<ListAcc")}, Request: q}, nil
	})
	r.p.transport = paced(w, 50*time.Millisecond)
	a.want(plan.Unknown)
}
