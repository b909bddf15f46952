package github

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// Remembered is an answer of an earlier survey.
type Remembered struct {
	ETag string `json:"etag"`
	Link string `json:"link,omitempty"` // the header that names the next page
	Body []byte `json:"body"`
}

// Memory keeps a repository's answers from one survey to the next. Load gives nil where
// nothing is kept.
type Memory interface {
	Load(repository string) (map[string]Remembered, error)
	Save(repository string, answers map[string]Remembered) error
}

// recollection is what is remembered of one repository while it is surveyed.
type recollection struct {
	mu         sync.Mutex
	memory     Memory
	repository string
	was, is    map[string]Remembered
	changed    bool
}

func remember(m Memory, repository string) (*recollection, error) {
	k := &recollection{memory: m, repository: repository, is: map[string]Remembered{}}
	if m == nil {
		return k, nil
	}
	var err error
	k.was, err = m.Load(repository)
	return k, err
}

// save keeps what was asked for this time; what was not asked for any more is forgotten.
func (k *recollection) save() error {
	if k.memory == nil || !k.changed && len(k.is) == len(k.was) {
		return nil
	}
	return k.memory.Save(k.repository, k.is)
}

func (k *recollection) find(key string) (Remembered, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	x, ok := k.was[key]
	return x, ok
}

func (k *recollection) keep(key string, x Remembered, changed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.is[key], k.changed = x, k.changed || changed
}

// conditional asks with If-None-Match for what is remembered, and answers from memory
// where GitHub says that nothing has changed: such an answer costs none of the hourly
// quota. What git names by its content cannot change and is not asked for again.
//
// Webhooks are not remembered: their addresses carry tokens.
//
// Source: GitHub REST reference, "Best practices", use conditional requests; RFC 9110, 13.1.2.
type conditional struct {
	next http.RoundTripper
	kept *recollection
}

// RoundTrip implements http.RoundTripper.
func (c conditional) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.URL.RequestURI()
	if c.kept.memory == nil || r.Method != http.MethodGet || strings.HasSuffix(r.URL.Path, "/hooks") {
		return c.next.RoundTrip(r)
	}
	was, known := c.kept.find(key)
	if known && unchanging(r.URL.Path) {
		c.kept.keep(key, was, false)
		return was.answer(r, http.Header{}), nil
	}
	if known && was.ETag != "" {
		r = r.Clone(r.Context())
		r.Header.Set("If-None-Match", was.ETag)
	}
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch {
	case known && resp.StatusCode == http.StatusNotModified:
		if err := resp.Body.Close(); err != nil {
			return nil, err
		}
		c.kept.keep(key, was, false)
		return was.answer(r, resp.Header), nil
	case resp.StatusCode == http.StatusOK && (resp.Header.Get("ETag") != "" || unchanging(r.URL.Path)):
		b, err := io.ReadAll(resp.Body)
		if cerr := resp.Body.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(b))
		c.kept.keep(key, Remembered{ETag: resp.Header.Get("ETag"), Link: resp.Header.Get("Link"), Body: b}, true)
	}
	return resp, nil
}

// unchanging reports whether a path names a git object by its content.
func unchanging(p string) bool {
	dir, id := path.Split(p)
	return snapshot.IsCommit(id) && (strings.HasSuffix(dir, "/git/blobs/") || strings.HasSuffix(dir, "/git/trees/"))
}

// answer is the remembered answer under the headers of the one that confirmed it.
func (x Remembered) answer(r *http.Request, h http.Header) *http.Response {
	h = h.Clone()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Del("Content-Length")
	if x.Link != "" {
		h.Set("Link", x.Link)
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(x.Body)), ContentLength: int64(len(x.Body)), Request: r,
	}
}
