package config

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/document"
	"github.com/firebreak/firebreak/internal/plan"
)

// Service is a service nobody has written an adapter for: how its keys live, over HTTP.
type Service struct {
	URL                        string
	Header, Scheme, Env, Own   string // how firebreak itself comes; Own is that credential's id, or "none"
	Page                       string
	Death                      plan.Duration
	List, Mint, Destroy, Probe *Request
	Checks                     map[string]*Request
}

// Request is one declared request of a service.
type Request struct {
	Method, Path, Body                    string
	OK, Already, Refused                  []int
	Items, ID, Created, Hint, Next, Value string
	Is                                    map[string]string

	at document.Node
}

var (
	serviceKeys = []string{"url", "auth", "page", "death", "list", "mint", "destroy", "probe", "checks"}
	variable    = regexp.MustCompile(`\{([a-z_][a-z0-9_]*)\}`)
	headerName  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // a token, RFC 9110, 5.6.2
	envName     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (r *reader) services(n document.Node) {
	r.c.Services = map[string]Service{}
	for _, e := range n.Map() {
		r.c.Services[e.Name] = service(e)
	}
}

func service(e document.Entry) Service {
	s := Service{Header: "Authorization"}
	for _, f := range e.Value.Map(serviceKeys...) {
		switch f.Name {
		case "url":
			s.URL = serviceURL(f.Value)
		case "auth":
			s.auth(f.Value)
		case "page":
			s.Page, _ = f.Value.Text()
		case "death":
			d, _ := duration(f.Value)
			s.Death = plan.Duration(d)
		case "list":
			s.List = request(f.Value, harmless, "items", "id", "created", "hint", "next", "ok")
			needs(f, s.List != nil && s.List.ID == "", "a list says where an entry's id stands", "id: /id")
		case "mint":
			s.Mint = request(f.Value, changing, "json", "id", "value", "ok")
			needs(f, s.Mint != nil && (s.Mint.ID == "" || s.Mint.Value == ""), "a mint says where the new key's id and value stand", "id: /id, value: /key")
		case "destroy":
			s.Destroy = request(f.Value, changing, "json", "ok", "already")
		case "probe":
			s.Probe = request(f.Value, harmless, "ok", "refused", "is")
		case "checks":
			s.Checks = map[string]*Request{}
			for _, c := range f.Value.Map() {
				s.Checks[c.Name] = request(c.Value, harmless, "ok", "is")
			}
		}
	}
	if !e.Value.IsMap() {
		return s
	}
	needs(e, s.URL == "" && !slices.Contains(e.Value.Keys(), "url"), fmt.Sprintf("the service %q has no url", e.Name), "url: https://host/path")
	needs(e, s.Env == "" && (s.List != nil || s.Mint != nil || s.Destroy != nil || len(s.Checks) > 0),
		fmt.Sprintf("the service %q does not say as whom firebreak comes", e.Name), "auth: { env: VARIABLE, own: none }")
	needs(e, s.Own == "" && s.Destroy != nil,
		"which of the keys is firebreak's own is not said, so it could be destroyed", "auth: { own: ID }, or none when firebreak comes with something else")
	return s
}

func needs(e document.Entry, lacks bool, message, hint string) {
	if lacks {
		e.Key.Report(message, hint)
	}
}

// serviceURL wants https; without it a key would travel in the open. Loopback is no way
// to travel.
func serviceURL(n document.Node) string {
	s, ok := n.Text()
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		n.Report("this is not a service's address", "https://host/path, without user, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return s
	default:
		n.Report("keys would travel in the open", "use https://; http:// is for loopback alone")
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *Service) auth(n document.Node) {
	s.Scheme = "Bearer"
	for _, f := range n.Map("header", "scheme", "env", "own") {
		v, ok := f.Value.Text()
		if !ok {
			continue
		}
		switch f.Name {
		case "header":
			if s.Header = v; !headerName.MatchString(v) {
				f.Value.Report(fmt.Sprintf("%q is not the name of a header", v), "header: X-Api-Key")
			}
			if !strings.EqualFold(v, "Authorization") && !slices.Contains(n.Keys(), "scheme") {
				s.Scheme = ""
			}
		case "scheme":
			if s.Scheme = v; strings.ContainsFunc(v, unicode.IsControl) {
				f.Value.Report("a scheme has no control characters", "scheme: Bearer")
			}
		case "env":
			if s.Env = v; !envName.MatchString(v) {
				f.Value.Report(fmt.Sprintf("%q is not the name of a variable", v), "the credential itself never stands in this file")
			}
		case "own":
			s.Own = v
		}
	}
}

var (
	harmless = []string{"get", "head"}
	changing = []string{"post", "put", "patch", "delete"}
)

// request reads `{ get: /path, ... }`.
func request(n document.Node, methods []string, more ...string) *Request {
	if !n.IsMap() {
		n.Map()
		return nil
	}
	r := &Request{at: n}
	for _, f := range n.Map(append(slices.Clone(methods), more...)...) {
		switch {
		case slices.Contains(methods, f.Name):
			if r.Method != "" {
				f.Key.Report("a request has one method", "keep one of them")
				continue
			}
			r.Method = strings.ToUpper(f.Name)
			r.Path, _ = f.Value.Text()
			if f.Value.IsText() && !strings.HasPrefix(r.Path, "/") {
				f.Value.Report(fmt.Sprintf("%q is not a path", r.Path), "it begins with / and is added to the service's url")
			}
		case f.Name == "json":
			b, err := json.Marshal(f.Value.Literal())
			if err != nil {
				f.Value.Report("this cannot be written as JSON: "+err.Error(), "")
			}
			r.Body = string(b)
		case f.Name == "is":
			r.Is = map[string]string{}
			for _, p := range f.Value.Map() {
				r.Is[pointer(p.Key, p.Name)], _ = p.Value.Text()
			}
		case f.Name == "ok", f.Name == "already", f.Name == "refused":
			*map[string]*[]int{"ok": &r.OK, "already": &r.Already, "refused": &r.Refused}[f.Name] = codes(f.Value)
		default:
			s, ok := f.Value.Text()
			if ok {
				s = pointer(f.Value, s)
			}
			*map[string]*string{"items": &r.Items, "id": &r.ID, "created": &r.Created, "hint": &r.Hint, "next": &r.Next, "value": &r.Value}[f.Name] = s
		}
	}
	if r.Method == "" {
		n.Report("the request has no method", strings.Join(methods, ", ")+": /path")
		return nil
	}
	return r
}

func pointer(n document.Node, s string) string {
	if s != "" && !strings.HasPrefix(s, "/") {
		n.Report(fmt.Sprintf("%q does not point into an answer", s), "a JSON pointer begins with /: /data/id")
	}
	return s
}

func codes(n document.Node) []int {
	var out []int
	for _, c := range n.List() {
		v, ok := c.Int()
		if !ok {
			continue
		}
		if v < 100 || v > 599 {
			c.Report(fmt.Sprintf("%d is not an HTTP status", v), "100 to 599")
		}
		out = append(out, int(v))
	}
	return out
}

// checkServices holds each credential issued over HTTP against its service.
func (r *reader) checkServices() {
	var names []string
	for n := range r.c.Services {
		names = append(names, n)
	}
	slices.Sort(names)
	for i, c := range r.c.Credentials {
		if c.Issuer == nil || c.Issuer.Name != "http.key" {
			continue
		}
		at := r.issuers[i]
		s, ok := r.c.Services[c.Issuer.With["service"]]
		if !ok {
			hint := diag.DidYouMean(c.Issuer.With["service"], names)
			if hint == "" {
				hint = "declare it under http:"
			}
			at.Report(fmt.Sprintf("there is no service %q", c.Issuer.With["service"]), hint)
			continue
		}
		if s.Probe == nil {
			at.Report("the service declares no probe, so nothing could prove a key dead or alive", "probe: { get: /path, refused: [401] }")
		}
		given := map[string]string{}
		if v := c.Issuer.With["vars"]; v != "" {
			_ = json.Unmarshal([]byte(v), &given) // what is not a map of strings lacks its names below
		}
		for _, name := range lacking(s, given) {
			at.Report(fmt.Sprintf("the service's requests use {%s}, which has no value here", name), "vars: { "+name+": ... }")
		}
	}
}

// lacking lists the variables of a service's requests that nobody gives.
func lacking(s Service, given map[string]string) []string {
	var out []string
	for _, u := range []struct {
		r     *Request
		built string // in
	}{{s.List, ""}, {s.Mint, "label"}, {s.Destroy, "id"}, {s.Probe, ""}} {
		if u.r == nil {
			continue
		}
		for _, m := range variable.FindAllStringSubmatch(u.r.Path+u.r.Body, -1) {
			if _, ok := given[m[1]]; !ok && m[1] != u.built && !slices.Contains(out, m[1]) {
				out = append(out, m[1])
			}
		}
	}
	slices.Sort(out)
	return out
}
