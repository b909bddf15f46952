package counterpart

import (
	"net/http"
	"sync"
	"testing"
)

// awsWatched is a transport whose exchanges are held against AWS's models.
type awsWatched struct {
	m    *Models
	t    testing.TB
	next http.RoundTripper

	mu   sync.Mutex
	told map[string]bool
}

// RoundTrip implements http.RoundTripper. What does not arrive is not judged.
func (w *awsWatched) RoundTrip(r *http.Request) (*http.Response, error) {
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
	w.tell(w.m.judge(exchange{r, sent, resp.StatusCode, resp.Header, got}))
	return resp, nil
}

// CloseIdleConnections lets an http.Client close those of the transport below.
func (w *awsWatched) CloseIdleConnections() {
	if c, ok := w.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (w *awsWatched) tell(found []violation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range found {
		if alike := v.operation + v.side + places.ReplaceAllString(v.member, "/N") + v.wants + v.has; !w.told[alike] {
			w.told[alike] = true
			w.t.Errorf("against AWS's service models: %s", v)
		}
	}
}
