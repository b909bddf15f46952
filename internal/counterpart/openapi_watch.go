package counterpart

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// watched is a transport whose exchanges are held against a description.
type watched struct {
	d    *Description
	t    testing.TB
	next http.RoundTripper

	mu   sync.Mutex
	told map[string]bool
}

// exchange is a request and its answer, both read to their end.
type exchange struct {
	request *http.Request // at the address the description has
	sent    []byte
	status  int
	header  http.Header
	got     []byte
}

// elsewhere begins the paths of storage addresses that GitHub redirects to: they are
// on other hosts, and the description ends at the redirect.
const elsewhere = "/_download/"

// RoundTrip implements http.RoundTripper. What does not arrive is not judged.
func (w *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, elsewhere) {
		return w.next.RoundTrip(r)
	}
	sent, err := drain(&r.Body)
	if err != nil {
		return nil, err
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	got, err := drain(&resp.Body)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(published + r.URL.RequestURI())
	if err != nil {
		return nil, err
	}
	as := r.Clone(r.Context())
	as.URL, as.Host, as.Body = at, at.Host, nil
	w.tell(w.d.judge(exchange{as, sent, resp.StatusCode, resp.Header, got}))
	return resp, nil
}

// CloseIdleConnections lets an http.Client close those of the transport below.
func (w *watched) CloseIdleConnections() {
	if c, ok := w.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// places are those in a list: what is wrong with each of its members is told once.
var places = regexp.MustCompile(`/[0-9]+`)

func (w *watched) tell(found []violation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range found {
		if alike := v.operation + v.side + places.ReplaceAllString(v.member, "/N") + v.wants; !w.told[alike] {
			w.told[alike] = true
			w.t.Errorf("against GitHub's API description: %s", v)
		}
	}
}

// drain reads a body and puts it back.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	b, err := io.ReadAll(*body)
	if err := errors.Join(err, (*body).Close()); err != nil {
		return nil, err
	}
	*body = io.NopCloser(bytes.NewReader(b))
	return b, nil
}

// listener is where one world of many happens to listen.
var listener = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// digest tells exchanges apart, whichever world they were with; equal ones are
// judged once.
func (x exchange) digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n%d %s %t\n%q\n", x.request.Method, x.request.URL, x.status, x.header.Get("Content-Type"), x.header["Location"] != nil, x.sent)
	h.Write(listener.ReplaceAll(x.got, nil))
	return string(h.Sum(nil))
}
