// Package httpapi is the adapter for services nobody has written an adapter for: what
// their keys' life looks like over HTTP is declared in firebreak.yaml, under http:.
//
// A declaration says how keys are listed, made, destroyed and tried. What is missing a
// person does, and the part that is declared proves it: a service with nothing but a
// probe is rotated by hand and closed by the probe. Declarations are trust, because the
// old and the new value are sent where they say; they come from the responder's own
// configuration alone.
package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/internal/plan"
)

// Config is every declared service, by name.
type Config struct {
	Services map[string]Service
	// Getenv looks up the variable that holds firebreak's own credential.
	Getenv func(string) string
}

// Service is one declared service.
type Service struct {
	URL  string // below which every path lies; https, or http on loopback
	Auth Auth
	Page string // where people manage the keys
	// Death is how long a destroyed key may go on working.
	Death plan.Duration
	List  *Request // GET: the keys there are
	Mint  *Request
	// Destroy removes one key, {id}.
	Destroy *Request
	// Probe is a harmless GET with the key itself: it says whether a value works.
	Probe *Request
	// Checks are further harmless GETs, by name, made with firebreak's own credential.
	Checks map[string]*Request
}

// Auth is how firebreak itself comes.
type Auth struct {
	Header, Scheme string // "Authorization", "Bearer"
	Env            string // variable that holds the credential
	Own            string // id of that credential in the list; "none" when it is not one of these keys
}

// Request is one declared request. Pointers are RFC 6901 JSON pointers into the answer.
type Request struct {
	Method, Path string // {name} in Path and Body stands for a variable
	Body         string // JSON, "" for none
	OK           []int  // codes that mean done; any 2xx when empty
	Already      []int  // codes that mean it was done before
	Refused      []int  // of a probe: codes that mean the value is dead; 401 when empty

	Items, ID, Created, Hint, Next string // of a list
	Value                          string // of a mint: the secret; ID is the id

	Is map[string]string // of a probe or check: what pointers into the answer must lead to
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// ok reports whether an answer's code means done.
func (r *Request) ok(code int) bool {
	if len(r.OK) == 0 {
		return code >= 200 && code < 300
	}
	return slices.Contains(r.OK, code)
}

// fill puts variables into a template; escape says how a value is written there.
func fill(template string, vars map[string]string, escape func(string) string) (string, error) {
	var b strings.Builder
	for rest := template; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			b.WriteString(rest)
			return b.String(), nil
		}
		j := strings.IndexByte(rest[i:], '}')
		name := ""
		if j > 0 {
			name = rest[i+1 : i+j]
		}
		if j < 0 || !isName(name) { // a brace of JSON
			b.WriteString(rest[:i+1])
			rest = rest[i+1:]
			continue
		}
		v, ok := vars[name]
		if !ok {
			return "", fmt.Errorf("the declaration uses {%s}, which has no value; give it under vars of the credential's issuer", name)
		}
		b.WriteString(rest[:i])
		b.WriteString(escape(v))
		rest = rest[i+j+1:]
	}
}

// Variables lists the names a template uses.
func Variables(template string) []string {
	var out []string
	for rest := template; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return out
		}
		j := strings.IndexByte(rest[i:], '}')
		if j > 0 && isName(rest[i+1:i+j]) {
			out = append(out, rest[i+1:i+j])
		}
		rest = rest[i+1:]
	}
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// jsonEscape writes a value inside a JSON string.
func jsonEscape(v string) string {
	q, err := json.Marshal(v)
	if err != nil {
		return "" // a string always has an encoding
	}
	return string(q[1 : len(q)-1])
}

// errPointer is all that is said of an answer which is not as declared: what a server
// sends is untrusted and may hold a credential.
var errPointer = errors.New("the answer is not as declared in firebreak.yaml")

// at follows a JSON pointer. Source: RFC 6901.
func at(v any, pointer string) (any, bool) {
	if pointer == "" {
		return v, true
	}
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[part]; !ok {
				return nil, false
			}
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n < 0 || n >= len(x) {
				return nil, false
			}
			v = x[n]
		default:
			return nil, false
		}
	}
	return v, true
}

// text gives what a pointer leads to as text; numbers as they were written.
func text(v any, pointer string) string {
	x, ok := at(v, pointer)
	if !ok || pointer == "" {
		return ""
	}
	switch y := x.(type) {
	case string:
		return y
	case interface{ String() string }: // json.Number
		return y.String()
	case bool:
		return strconv.FormatBool(y)
	}
	return ""
}

// pathOf fills a request's path. A variable never changes the path's shape, nor the
// query's: an id with an "&" in it is no further parameter.
func (r *Request) pathOf(vars map[string]string) (string, error) {
	path, query, asks := strings.Cut(r.Path, "?")
	p, err := fill(path, vars, url.PathEscape)
	if err != nil {
		return "", err
	}
	for _, s := range strings.Split(p, "/") {
		if s == "." || s == ".." {
			return "", errors.New("a variable would lead out of the declared path; correct vars in firebreak.yaml")
		}
	}
	if !asks {
		return p, nil
	}
	q, err := fill(query, vars, url.QueryEscape)
	return p + "?" + q, err
}
