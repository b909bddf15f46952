package npm

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/firebreak/firebreak/internal/world"
)

// route is what a request asks for.
type route struct {
	call   string // the world's name for it
	serve  func(*Registry, http.ResponseWriter, *http.Request, route)
	object string // package, key, ...
	detail string // version file, tag
	change bool
}

// parse tells requests apart by method and escaped path: a scoped package's slash
// arrives escaped or not, both are the same package.
func parse(r *http.Request) (route, bool) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	rest, special := strings.CutPrefix(path, "-/")
	switch {
	case special && rest == "whoami" && r.Method == http.MethodGet:
		return route{call: "npm GET whoami", serve: (*Registry).whoami}, true
	case special && rest == "npm/v1/tokens" && r.Method == http.MethodGet:
		return route{call: "npm GET tokens", serve: (*Registry).listTokens}, true
	case special && rest == "npm/v1/tokens" && r.Method == http.MethodPost:
		return route{call: "npm POST token", serve: (*Registry).createToken, change: true}, true
	case special && strings.HasPrefix(rest, "npm/v1/tokens/token/") && r.Method == http.MethodDelete:
		key := strings.TrimPrefix(rest, "npm/v1/tokens/token/")
		return route{call: "npm DELETE token", serve: (*Registry).deleteToken, object: unescape(key), change: true}, true
	case special && strings.HasPrefix(rest, "package/"):
		return tagRoute(r.Method, strings.TrimPrefix(rest, "package/"))
	case special:
		return route{}, false
	}
	return packageRoute(r.Method, path)
}

func tagRoute(method, path string) (route, bool) {
	name, tag, ok := strings.Cut(path, "/dist-tags")
	tag = strings.TrimPrefix(tag, "/")
	rt := route{object: unescape(name), detail: unescape(tag)}
	switch {
	case !ok:
		return rt, false
	case method == http.MethodGet && tag == "":
		rt.call, rt.serve = "npm GET dist-tags", (*Registry).tags
	case method == http.MethodPut && tag != "":
		rt.call, rt.serve, rt.change = "npm PUT dist-tag", (*Registry).setTag, true
	default:
		return rt, false
	}
	return rt, true
}

func packageRoute(method, path string) (route, bool) {
	if name, file, ok := strings.Cut(path, "/-/"); ok && method == http.MethodGet {
		return route{call: "npm GET tarball", serve: (*Registry).tarball, object: unescape(name), detail: unescape(file)}, true
	}
	rt := route{object: unescape(path)}
	if rt.object == "" || strings.Count(rt.object, "/") > 1 || strings.Contains(rt.object, "/") && !strings.HasPrefix(rt.object, "@") {
		return rt, false
	}
	switch method {
	case http.MethodGet:
		rt.call, rt.serve = "npm GET package", (*Registry).packument
	case http.MethodPut:
		rt.call, rt.serve, rt.change = "npm PUT package", (*Registry).publish, true
	default:
		return rt, false
	}
	return rt, true
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// Describe implements world.Provider.
func (r *Registry) Describe(req *http.Request, _ []byte) world.Request {
	rt, ok := parse(req)
	if !ok {
		return world.Request{Call: "npm " + req.Method + " unknown", Object: req.URL.Path, Mutating: req.Method != http.MethodGet && req.Method != http.MethodHead, Value: bearer(req)}
	}
	return world.Request{Call: rt.call, Object: rt.object, Mutating: rt.change, Value: bearer(req)}
}

// ServeHTTP implements world.Provider.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Date", r.core.Now().UTC().Format(http.TimeFormat))
	rt, ok := parse(req)
	if !ok {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	rt.serve(r, w, req, rt)
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b) //nolint:errcheck // the caller is gone; the world has recorded the effect
}

func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"error": message})
}

// decode reads a JSON body; false after it has answered 400.
func decode(w http.ResponseWriter, req *http.Request, into any) bool {
	b, err := io.ReadAll(req.Body)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "the body is not valid JSON")
		return false
	}
	return true
}
