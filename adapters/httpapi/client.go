package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

const (
	timeout  = time.Minute
	maxBody  = 4 << 20
	maxPages = 200
)

// client speaks to one service.
type client struct {
	name   string
	s      Service
	base   *url.URL
	getenv func(string) string
	agent  string
	now    func() time.Time
	reads  *http.Client
	writes *http.Client // for Apply alone; the guarded one in a dry run
}

func newClient(name string, s Service, getenv func(string) string, w adapters.Wire) (*client, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("http.%s.url in firebreak.yaml is not an address like https://host/path", name)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	var reads []adapters.Route
	harmless := []*Request{s.List, s.Probe}
	for _, n := range sortedKeys(s.Checks) {
		harmless = append(harmless, s.Checks[n])
	}
	for _, r := range harmless {
		if r != nil {
			reads = append(reads, adapters.Route{Name: name, Method: r.Method, Pattern: u.Path + pattern(r.Path)})
		}
	}
	paced := adapters.Paced(w, adapters.Pace{Provider: "http." + name, Gap: 200 * time.Millisecond})
	guarded := adapters.ReadOnly(paced, reads)
	c := &client{name: name, s: s, base: u, getenv: getenv, agent: w.Agent, now: w.Now, reads: adapters.Direct(guarded, timeout), writes: adapters.Direct(paced, timeout)}
	if w.ReadOnly {
		c.writes = c.reads
	}
	return c, nil
}

// pattern is a path's shape for the guard: each variable is exactly one segment.
func pattern(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(Variables(p)) > 0 {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// own is firebreak's credential at this service.
func (c *client) own() (secret.Text, error) {
	v := secret.NewString(c.getenv(c.s.Auth.Env))
	if v.Empty() {
		return v, adapters.Unconfigured("the variable " + c.s.Auth.Env + ", firebreak's credential at " + c.name + ", is empty; set it")
	}
	return v, nil
}

// request builds a declared request. value is the credential it comes with.
func (c *client) request(ctx context.Context, r *Request, vars map[string]string, value secret.Text) (*http.Request, error) {
	path, err := r.pathOf(vars)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if r.Body != "" {
		text, err := fill(r.Body, vars, jsonEscape)
		if err != nil {
			return nil, err
		}
		body = strings.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, c.base.String()+path, body)
	if err != nil {
		return nil, errors.New("the declared request is not a valid one; correct http." + c.name + " in firebreak.yaml")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	scheme := c.s.Auth.Scheme
	if scheme != "" {
		scheme += " "
	}
	header := scheme + value.Reveal()
	if strings.ContainsFunc(header, unicode.IsControl) {
		return nil, adapters.Unconfigured("the credential for " + c.name + " has a line break or another control character in it, which no header carries; set it without")
	}
	req.Header.Set(c.s.Auth.Header, header)
	return req, nil
}

// answer is a response whose body was read, within bounds.
type answer struct {
	resp *http.Response
	json any
	bad  error // the body could not be read or is no JSON
}

// do sends a request and reads its answer. The error is that of the transport.
func do(hc *http.Client, req *http.Request) (answer, error) {
	resp, err := hc.Do(req)
	if err != nil {
		return answer{}, err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	a := answer{resp: resp}
	switch {
	case err != nil:
		a.bad = errors.New("the answer broke off")
	case len(b) > maxBody:
		a.bad = fmt.Errorf("the answer is larger than %d bytes", maxBody)
	default:
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if d.Decode(&a.json) != nil {
			a.bad = errPointer
		}
	}
	return a, nil
}

// wanted reports whether an answer with a welcome code is the service's: JSON that has
// what the request's declaration wants of it, where it has a body at all. A login page
// or a proxy answers 200 to anything.
func (a answer) wanted(r *Request) error {
	if bodiless := a.resp.StatusCode == http.StatusNoContent || r.Method == http.MethodHead; bodiless && len(r.Is) == 0 {
		return nil
	}
	if a.bad != nil {
		return a.bad
	}
	for _, pointer := range sortedKeys(r.Is) {
		if text(a.json, pointer) != r.Is[pointer] {
			return fmt.Errorf("%s in the answer is not what firebreak.yaml wants there", pointer)
		}
	}
	return nil
}

// key is an entry of the service's list.
type key struct {
	ID      string
	Hint    string
	Created time.Time
}

func (k key) told() string {
	s := k.ID
	if k.Hint != "" {
		s += " (" + k.Hint + ")"
	}
	if !k.Created.IsZero() {
		s += ", created " + k.Created.UTC().Format(time.RFC3339)
	}
	return s
}

// keys lists every key, all pages, sorted by id. Half a list proves no absence, so an
// error on any page is an error of the whole.
func (c *client) keys(ctx context.Context, vars map[string]string) ([]key, error) {
	own, err := c.own()
	if err != nil {
		return nil, err
	}
	req, err := c.request(ctx, c.s.List, vars, own)
	if err != nil {
		return nil, err
	}
	var all []key
	for range maxPages {
		a, err := do(c.reads, req)
		if err != nil {
			return nil, err
		}
		if !c.s.List.ok(a.resp.StatusCode) {
			after, _ := adapters.RetryAfter(a.resp, c.now())
			return nil, &adapters.Status{Method: req.Method, Path: req.URL.Path, Code: a.resp.StatusCode, RetryAfter: after}
		}
		if a.bad != nil {
			return nil, a.bad
		}
		page, err := c.page(a.json)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		next := text(a.json, c.s.List.Next)
		if next == "" {
			slices.SortFunc(all, func(a, b key) int { return strings.Compare(a.ID, b.ID) })
			return slices.CompactFunc(all, func(a, b key) bool { return a.ID == b.ID }), nil
		}
		if req, err = c.nextPage(req, next); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the list of keys does not end")
}

func (c *client) page(v any) ([]key, error) {
	items, ok := at(v, c.s.List.Items)
	list, is := items.([]any)
	if !ok || !is {
		return nil, errPointer
	}
	var out []key
	for _, i := range list {
		k := key{ID: text(i, c.s.List.ID), Hint: text(i, c.s.List.Hint)}
		if k.ID == "" {
			return nil, errPointer
		}
		if c.s.List.Created != "" {
			t, err := time.Parse(time.RFC3339, text(i, c.s.List.Created))
			if err != nil {
				return nil, errPointer
			}
			k.Created = t
		}
		out = append(out, k)
	}
	return out, nil
}

// nextPage is the same request with another query: never another host or path.
func (c *client) nextPage(req *http.Request, next string) (*http.Request, error) {
	u, err := req.URL.Parse(next)
	if err != nil {
		return nil, errPointer
	}
	again := req.Clone(req.Context())
	again.URL.RawQuery = u.RawQuery
	if again.URL.RawQuery == req.URL.RawQuery {
		return nil, errors.New("the list of keys names the same page again")
	}
	return again, nil
}

// verdict is what a probe says of a value.
type verdict int

const (
	unclear verdict = iota
	works
	dead
)

// try asks the service with the value itself. Only the declared codes mean anything.
func (c *client) try(ctx context.Context, vars map[string]string, value secret.Text) (verdict, error) {
	req, err := c.request(ctx, c.s.Probe, vars, value)
	if err != nil {
		return unclear, err
	}
	a, err := do(c.reads, req)
	if err != nil {
		return unclear, err
	}
	code := a.resp.StatusCode
	switch {
	case len(c.s.Probe.Refused) == 0 && code == http.StatusUnauthorized, slices.Contains(c.s.Probe.Refused, code):
		return dead, nil
	case c.s.Probe.ok(code):
		return works, a.wanted(c.s.Probe)
	}
	after, _ := adapters.RetryAfter(a.resp, c.now())
	return unclear, &adapters.Status{Method: req.Method, Path: req.URL.Path, Code: code, RetryAfter: after}
}

// send sends one mutation with firebreak's own credential.
func (c *client) send(ctx context.Context, r *Request, vars map[string]string) (answer, plan.Outcome) {
	refused := func(err error) (answer, plan.Outcome) {
		return answer{}, plan.Outcome{State: plan.Refused, Detail: err.Error()}
	}
	own, err := c.own()
	if err != nil {
		return refused(err)
	}
	req, err := c.request(ctx, r, vars, own)
	if err != nil {
		return refused(err)
	}
	a, err := do(c.writes, req)
	if err != nil {
		return a, adapters.Classify(nil, err, c.now())
	}
	o := adapters.Classify(a.resp, nil, c.now())
	switch code := a.resp.StatusCode; {
	case slices.Contains(r.Already, code):
		o = plan.Outcome{State: plan.Done, Detail: "it was done already", Request: o.Request}
	case r.ok(code):
		o.State, o.Detail, o.Temporary = plan.Done, "", false
	case o.State == plan.Done, code >= 300 && code < 400: // a 2xx the declaration does not know; "see there" comes after it was done as well as before
		o.State, o.Detail = plan.Unknown, fmt.Sprintf("%s %s answered %d, which firebreak.yaml does not list", req.Method, req.URL.Path, code)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		o.Permission = "a credential of " + c.name + " in " + c.s.Auth.Env + " that may " + r.Method + " " + r.Path
	}
	return a, o
}
