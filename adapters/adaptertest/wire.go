package adaptertest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// fault is what happens to a request on the wire.
type fault string

const (
	pass       fault = ""
	lostBefore fault = "timeout before"        // never arrives
	lostAfter  fault = "timeout after success" // arrives; the answer does not
	denied     fault = "403"
	unauth     fault = "401"
	limited    fault = "429 with Retry-After"
	broken     fault = "500" // answered by something in between; never arrives
	garbage    fault = "wrong answer"
	cut        fault = "partial page"
)

var errTimeout = errors.New("timeout awaiting response headers")

// wire counts and breaks what passes between a provider and its world.
type wire struct {
	next    http.RoundTripper
	mutates func(*http.Request) bool
	// choose gives the fault of the n-th read or mutation, counting from 1 and
	// separately; nil breaks nothing.
	choose func(mutation bool, n int, r *http.Request) fault

	mu        sync.Mutex
	reads     int
	mutations int
	delivered int      // mutations that arrived
	sent      []string // "METHOD path" of every request, for messages
	empty     bool     // the last mutation's own answer had no body
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.mutates(r)
	n := &w.reads
	if m {
		n = &w.mutations
	}
	*n++
	w.sent = append(w.sent, r.Method+" "+r.URL.Path)
	f := pass
	if w.choose != nil {
		f = w.choose(m, *n, r)
	}
	switch f {
	case lostBefore:
		return nil, errors.Join(errTimeout, closeBody(r))
	case denied:
		return answer(r, 403, `{"message":"forbidden","error":"forbidden","errors":["permission denied"]}`), closeBody(r)
	case unauth:
		return answer(r, 401, `{"message":"unauthorized","error":"unauthorized","errors":["missing client token"]}`), closeBody(r)
	case limited:
		resp := answer(r, 429, `{"message":"slow down","error":"slow down","errors":["rate limit quota exceeded"]}`)
		resp.Header.Set("Retry-After", "30")
		return resp, closeBody(r)
	case broken:
		return answer(r, 500, `oops`), closeBody(r)
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("the world did not answer: %w", err)
	}
	if m {
		w.delivered++
	}
	return w.spoil(f, m, resp)
}

func (w *wire) spoil(f fault, mutation bool, resp *http.Response) (*http.Response, error) {
	if f == pass && !mutation {
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if mutation {
		w.empty = len(bytes.TrimSpace(body)) == 0
	}
	switch f {
	case lostAfter:
		return nil, errTimeout
	case garbage:
		body = []byte("<html>welcome to the hotel</html>")
		resp.Header.Set("Content-Type", "text/html")
		if resp.StatusCode == http.StatusNoContent {
			resp.StatusCode = http.StatusOK
		}
	case cut:
		body = body[:len(body)/2]
	}
	resp.Header.Del("Content-Length")
	resp.ContentLength = int64(len(body))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, r.Body)
	return errors.Join(err, r.Body.Close())
}

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
