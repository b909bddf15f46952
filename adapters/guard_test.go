package adapters_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
)

// wire counts what gets through.
type wire struct {
	sent int
	resp *http.Response
	err  error
}

func (w *wire) RoundTrip(*http.Request) (*http.Response, error) {
	w.sent++
	if w.resp == nil && w.err == nil {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(""))}, nil
	}
	return w.resp, w.err
}

func request(t testing.TB, method, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadOnly(t *testing.T) {
	reads := adapters.Under("/api/v3/", []adapters.Route{
		{Name: "repository", Method: "GET", Pattern: "/repos/*/*"},
		{Name: "contents", Method: "GET", Pattern: "/repos/*/*/contents/**"},
		{Name: "package", Method: "GET", Pattern: "/pkg/*"},
	})
	login := adapters.Route{Name: "App token", Method: "POST", Pattern: "/app/installations/*/access_tokens"}
	for _, c := range []struct {
		method, path string
		pass         bool
	}{
		{"GET", "/api/v3/repos/acme/shop", true},
		{"GET", "/api/v3/repos/acme/shop?per_page=100", true},
		{"GET", "/api/v3/repos/acme/shop/contents/a", true},
		{"GET", "/api/v3/repos/acme/shop/contents/a/b/c.yml", true},
		{"GET", "/api/v3/pkg/@acme%2fshop", true},
		{"POST", "/app/installations/7/access_tokens", true},
		{"GET", "/repos/acme/shop", false},
		{"GET", "/api/v3/repos/acme", false},
		{"GET", "/api/v3/repos//shop", false},
		{"GET", "/api/v3/repos/acme/shop/contents/", false},
		{"GET", "/api/v3/repos/acme/shop/keys", false},
		{"GET", "/api/v3/repos/acme/shop/contents/../../../x", false},
		{"GET", "/api/v3/repos/acme/shop/contents/%2e%2e/x", false},
		{"GET", "/api/v3/repos/acme/..", false},
		{"GET", "/api/v3/pkg/@acme/shop", false},
		{"HEAD", "/api/v3/repos/acme/shop", false},
		{"POST", "/api/v3/repos/acme/shop", false},
		{"DELETE", "/api/v3/repos/acme/shop", false},
		{"get", "/api/v3/repos/acme/shop", false},
	} {
		w := &wire{}
		resp, err := adapters.ReadOnly(w, reads, login).RoundTrip(request(t, c.method, "http://127.0.0.1"+c.path))
		var blocked *adapters.Blocked
		switch {
		case c.pass && (err != nil || w.sent != 1):
			t.Errorf("%s %s: want through, got %v", c.method, c.path, err)
		case !c.pass && (!errors.As(err, &blocked) || w.sent != 0):
			t.Errorf("%s %s: want blocked before it is sent, got %v, sent %d", c.method, c.path, err, w.sent)
		}
		if resp != nil {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestBlockedHidesTheQuery(t *testing.T) {
	r := request(t, "DELETE", "http://127.0.0.1/token?value=hunter2-hunter2")
	_, err := adapters.ReadOnly(&wire{}, nil).RoundTrip(r)
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "DELETE /token") {
		t.Errorf("got %v", err)
	}
}

func TestMethodOverrideIsBlocked(t *testing.T) {
	r := request(t, "GET", "http://127.0.0.1/a")
	r.Header.Set("X-HTTP-Method-Override", "DELETE")
	w := &wire{}
	if _, err := adapters.ReadOnly(w, []adapters.Route{{Method: "GET", Pattern: "/a"}}).RoundTrip(r); err == nil || w.sent > 0 {
		t.Errorf("the header may make it another request, got %v", err)
	}
}

func TestBlockedClosesTheBody(t *testing.T) {
	body := &closer{Reader: strings.NewReader("x")}
	r := request(t, "POST", "http://127.0.0.1/a")
	r.Body = body
	if _, err := adapters.ReadOnly(&wire{}, nil).RoundTrip(r); err == nil || !body.closed {
		t.Errorf("err %v, closed %v", err, body.closed)
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func FuzzMatches(f *testing.F) {
	f.Add("/repos/acme/shop/contents/x")
	f.Add("/repos/a/%2e%2e/contents/")
	reads := []adapters.Route{{Method: "GET", Pattern: "/repos/*/*/contents/**"}}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path, r.URL.RawPath = path, ""
		if !adapters.Matches(reads, r) {
			return
		}
		if !strings.HasPrefix(path, "/repos/") || strings.Contains(path+"/", "/../") {
			t.Errorf("%q leads out of what the pattern names", path)
		}
	})
}
