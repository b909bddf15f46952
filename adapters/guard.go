package adapters

import (
	"net/http"
	"strings"
)

// Route is one named request a guard lets through. Pattern is a path in which a
// segment "*" stands for exactly one segment and a last "**" for one or more. It
// is matched against the escaped path, so an escaped slash stays in its segment.
type Route struct {
	Name    string // for people: "list tokens"
	Method  string
	Pattern string
}

// Under puts a base path ("/api/v3") in front of every route's pattern, for
// endpoints which do not live at the root of their host.
func Under(base string, routes []Route) []Route {
	base = strings.TrimSuffix(base, "/")
	out := make([]Route, len(routes))
	for i, r := range routes {
		r.Pattern = base + r.Pattern
		out[i] = r
	}
	return out
}

// Blocked is the error of a request a guard refused. Nothing was sent; nothing
// was dialled. To meet one is a mistake in firebreak, never a reason to retry.
type Blocked struct {
	Method string
	Path   string // without query
}

func (b *Blocked) Error() string {
	return b.Method + " " + b.Path + " is not on the list of named reads and was not sent; report this as a bug of firebreak"
}

// ReadOnly lets through the named reads and, on a list of their own, the requests
// which authenticate (a login is no read, and changes nothing that is under
// response). Everything else ends in *Blocked before anything is dialled.
func ReadOnly(next http.RoundTripper, reads []Route, authentication ...Route) http.RoundTripper {
	return ReadOnlyFunc(next, func(r *http.Request) bool {
		return Matches(reads, r) || Matches(authentication, r)
	})
}

// ReadOnlyFunc is ReadOnly for protocols in which the path does not name the
// operation. allow must not consume the request's body for good.
func ReadOnlyFunc(next http.RoundTripper, allow func(*http.Request) bool) http.RoundTripper {
	return guard{next, allow}
}

type guard struct {
	next  http.RoundTripper
	allow func(*http.Request) bool
}

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	// Some servers take the method from this header; what we judged would not be what is done.
	if r.Header.Get("X-HTTP-Method-Override") != "" || !g.allow(r) {
		if r.Body != nil {
			if err := r.Body.Close(); err != nil { // the RoundTripper contract asks for it
				return nil, err
			}
		}
		return nil, &Blocked{Method: r.Method, Path: r.URL.Path}
	}
	return g.next.RoundTrip(r)
}

// Matches reports whether one of the routes names r.
func Matches(routes []Route, r *http.Request) bool {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	for _, route := range routes {
		if route.Method == method && matchPath(route.Pattern, r.URL.EscapedPath()) {
			return true
		}
	}
	return false
}

func matchPath(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if dotted(have) {
		return false // a server may resolve it to another path than the one matched
	}
	for i, h := range have {
		if i < len(want) && want[i] == "**" && i == len(want)-1 {
			return h != ""
		}
		if i >= len(want) || want[i] != h && (want[i] != "*" || h == "") {
			return false
		}
	}
	return len(have) == len(want)
}

func dotted(segments []string) bool {
	for _, s := range segments {
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case ".", "..":
			return true
		}
	}
	return false
}
