package vault

import (
	"net/http"
	"slices"
	"strings"
)

// standard is the policy that every token has unless it was made without. A server
// may have another under this name.
// Source: Vault documentation, "Policies", "Default policy".
var standard = []Rule{
	{Path: "auth/token/lookup-self", Capabilities: []string{"read"}},
	{Path: "auth/token/renew-self", Capabilities: []string{"update"}},
	{Path: "auth/token/revoke-self", Capabilities: []string{"update"}},
	{Path: "sys/capabilities-self", Capabilities: []string{"update"}},
}

func (v *Server) rules(policy string) []Rule {
	if r, ok := v.state.Policies[policy]; ok || policy != "default" {
		return r
	}
	return standard
}

// may reports whether a token's policies give it every one of needs at a path.
func (v *Server) may(t *Token, path string, needs ...string) bool {
	have := v.capabilities(t, path)
	return slices.Contains(have, "root") || !slices.ContainsFunc(needs, func(n string) bool { return !slices.Contains(have, n) })
}

// capabilities is what a token may do at a path, sorted. Of the rules that cover it
// the most specific one counts, with what every policy says under the same pattern;
// deny wins there.
// Source: Vault documentation, "Policies", "Priority matching".
func (v *Server) capabilities(t *Token, path string) []string {
	best, found := pattern{}, false
	for _, p := range t.Policies {
		if p == "root" {
			return []string{"root"}
		}
		for _, r := range v.rules(p) {
			if x := parsePattern(r.Path); x.covers(path) && (!found || best.less(x, path)) {
				best, found = x, true
			}
		}
	}
	var out []string
	for _, p := range t.Policies {
		for _, r := range v.rules(p) {
			if found && r.Path == best.text {
				out = append(out, r.Capabilities...)
			}
		}
	}
	if len(out) == 0 || slices.Contains(out, "deny") {
		return []string{"deny"}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pattern is the path of a rule: "+" is one segment, a last "*" every ending.
type pattern struct {
	text   string
	path   string // without the last *
	prefix bool
	first  int // where the first + or * stands; the path's length where there is none
	plus   int
}

func parsePattern(text string) pattern {
	x := pattern{text: text}
	x.path, x.prefix = strings.CutSuffix(text, "*")
	x.first = len(x.path)
	for i, s := range strings.Split(x.path, "/") {
		if s != "+" {
			continue
		}
		if x.plus++; x.plus == 1 {
			x.first = len(strings.Join(strings.Split(x.path, "/")[:i], "/")) + min(i, 1)
		}
	}
	return x
}

// exact reports whether the pattern is the path itself. A list is asked for with a
// slash at its end, and rules are written without.
func (x pattern) exact(path string) bool {
	return !x.prefix && x.plus == 0 && (x.path == path || x.path == strings.TrimSuffix(path, "/"))
}

func (x pattern) covers(path string) bool {
	if x.plus == 0 {
		return x.exact(path) || x.prefix && strings.HasPrefix(path, x.path)
	}
	want, have := strings.Split(x.path, "/"), strings.Split(path, "/")
	if len(have) < len(want) || !x.prefix && len(have) != len(want) {
		return false
	}
	for i, w := range want {
		last := x.prefix && i == len(want)-1
		if w != "+" && w != have[i] && !(last && strings.HasPrefix(have[i], w)) {
			return false
		}
	}
	return true
}

// less reports whether y is more specific than x, for a path that both cover.
func (x pattern) less(y pattern, path string) bool {
	switch {
	case x.exact(path) != y.exact(path):
		return y.exact(path)
	case x.first != y.first:
		return x.first < y.first
	case x.prefix != y.prefix:
		return x.prefix
	case x.plus != y.plus:
		return x.plus > y.plus
	case len(x.path) != len(y.path):
		return len(x.path) < len(y.path)
	}
	return x.path < y.path
}

// capabilitiesSelf says what the caller's token may do.
func (v *Server) capabilitiesSelf(w http.ResponseWriter, r *http.Request, _ route, me *Token) {
	var body struct {
		Path  string   `json:"path"`
		Paths []string `json:"paths"`
	}
	if !decode(w, r, &body) {
		return
	}
	if body.Path != "" {
		body.Paths = append(body.Paths, body.Path)
	}
	if len(body.Paths) == 0 {
		refuse(w, http.StatusBadRequest, "paths must be supplied")
		return
	}
	out := map[string]any{}
	for _, p := range body.Paths {
		out[p] = v.capabilities(me, p)
	}
	if len(body.Paths) == 1 {
		out["capabilities"] = out[body.Paths[0]]
	}
	data(w, out)
}
