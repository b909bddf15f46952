package aws

import (
	"context"
	"io"
	"net/http"
	"time"
)

// answerWithin is how long an answer may take, to the end of its body.
const answerWithin = time.Minute

// bounded gives up on a request whose answer has not come to its end in time. The
// SDK bounds nothing by itself: a body that stalls after its headers would hold an
// incident for ever.
type bounded struct {
	next   http.RoundTripper
	within time.Duration
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), b.within)
	resp, err := b.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = ending{resp.Body, cancel}
	return resp, nil
}

// CloseIdleConnections lets an http.Client close those of the transport below.
func (b bounded) CloseIdleConnections() {
	if c, ok := b.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// ending frees the time limit of a body that is done with.
type ending struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (e ending) Close() error {
	defer e.cancel()
	return e.ReadCloser.Close()
}
