package counterpart

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Description is GitHub's own description of its REST API. What passes a transport
// of Over is held against it: the request we send, and the answer the world gives.
// It may be used concurrently.
type Description struct {
	doc    *openapi3.T
	routes routers.Router

	mu         sync.Mutex
	exchanges  int
	judged     map[string]verdict // by the digest of an exchange
	operations map[string]int
	excepted   map[int]int // by place in the list of exceptions
}

// verdict is what was found of one exchange.
type verdict struct {
	operation string
	found     []violation
}

// described is loaded once a test binary: 2 s, and 176 MB of memory.
var described = struct {
	sync.Mutex
	d *Description
}{}

// GitHub gives the description; the test ends where it is not installed.
func GitHub(t testing.TB) *Description {
	t.Helper()
	described.Lock()
	defer described.Unlock()
	if described.d != nil {
		return described.d
	}
	file := filepath.Join(Installed("github"), "api.github.com.json")
	if _, err := os.Stat(file); err != nil {
		Missing(t, "GitHub's API description", err.Error())
	}
	d, err := describe(file)
	if err != nil {
		t.Fatal(err)
	}
	described.d = d
	return d
}

// GitHubWhereInstalled gives the description, nil where it is not installed: for tests
// that can do without it.
func GitHubWhereInstalled(t testing.TB) *Description {
	t.Helper()
	if _, err := os.Stat(filepath.Join(Installed("github"), "api.github.com.json")); err != nil && !Required() {
		return nil
	}
	return GitHub(t)
}

const published = "https://api.github.com"

// describe reads the description as it is published. It is not validated itself: two
// of its paths conflict, and routing works all the same.
func describe(file string) (*Description, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("read GitHub's API description: %w", err)
	}
	doc.Servers = openapi3.Servers{{URL: published}}
	doc.SetStringFormatValidator("uri", openapi3.NewCallbackValidator(absolute))
	routes, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("route GitHub's API description: %w", err)
	}
	return &Description{doc: doc, routes: routes, judged: map[string]verdict{}, operations: map[string]int{}, excepted: map[int]int{}}, nil
}

// Over gives a transport that passes requests on to next, and fails t at every
// violation of the description, each once.
func (d *Description) Over(t testing.TB, next http.RoundTripper) http.RoundTripper {
	return &watched{d: d, t: t, next: next, told: map[string]bool{}}
}

// Figures says how much was held against the description so far.
func (d *Description) Figures() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, k := range d.excepted {
		n += k
	}
	return fmt.Sprintf("%d exchanges (%d distinct) of %d operations held against GitHub's API description; %d met one of %d exceptions",
		d.exchanges, len(d.judged), len(d.operations), n, len(exceptions))
}

// Unneeded lists the exceptions that no exchange needed.
func (d *Description) Unneeded() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for i, x := range exceptions {
		if d.excepted[i] == 0 {
			out = append(out, x.operation+" "+x.what)
		}
	}
	return out
}

// judge gives what an exchange violates, exceptions aside.
func (d *Description) judge(x exchange) []violation {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.exchanges++
	key := x.digest()
	v, known := d.judged[key]
	if !known {
		v = verdict{d.operation(x.request), d.violations(x)}
		d.judged[key] = v
	}
	d.operations[v.operation]++
	return slices.DeleteFunc(slices.Clone(v.found), d.except)
}

func (d *Description) except(v violation) bool {
	for i, x := range exceptions {
		if x.covers(v) {
			d.excepted[i]++
			return true
		}
	}
	return false
}

// operation names what a request is in the description: method and path template.
func (d *Description) operation(r *http.Request) string {
	route, _, err := d.routes.FindRoute(r)
	if err != nil {
		return r.Method + " " + r.URL.Path
	}
	return r.Method + " " + route.Path
}
