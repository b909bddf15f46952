package github

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"

	"github.com/firebreak/firebreak/internal/world"
)

// Server is the simulated GitHub. Its methods are called while the world's lock
// is held: by the world while it serves, inside World.Do by everyone else.
type Server struct {
	core  world.Core
	state State
	base  string // under which the request being served reached us
	mux   *http.ServeMux
	route map[string]*route // by mux pattern

	siblings siblings

	// Works says whether the credential of this registered name still works at its
	// issuer. A canary fails when a secret it uses does not. Nil means that every
	// registered value works.
	Works func(name string) bool
}

// New seeds a GitHub. It fails when the seed contradicts itself.
func New(core world.Core, seed Seed) (*Server, error) {
	s := &Server{core: core}
	core.Derive(publicHalf)
	owner, repo, ok := strings.Cut(seed.Repository, "/")
	if !ok || owner == "" || repo == "" {
		return nil, fmt.Errorf("github world: repository %q is not owner/name", seed.Repository)
	}
	public, private, err := box.GenerateKey(bytes.NewReader([]byte(core.Text(32))))
	if err != nil {
		return nil, fmt.Errorf("github world: make the secrets' key: %w", err)
	}
	s.state = State{
		Owner: owner, Repo: repo, ID: seed.ID, Default: cmp.Or(seed.DefaultBranch, "main"), Private: seed.Private,
		Began: core.Now(), Environments: seed.Environments, Variables: seed.Variables, Runners: seed.Runners,
		Keys: seed.Keys, Hooks: seed.Hooks, OwnerHooks: seed.OwnerHooks, Subject: seed.Subject,
		KeyID: core.Text(18), Public32: public[:], Private32: private[:],
	}
	if s.state.ID == 0 {
		s.state.ID = core.ID()
	}
	s.state.Guards = guards(core, seed)
	if err := s.sow(seed); err != nil {
		return nil, err
	}
	s.sowOwner(seed)
	s.routes()
	return s, nil
}

// Name implements world.Provider.
func (*Server) Name() string { return "github" }

// State implements world.Provider.
func (s *Server) State() any { return &s.state }

// Restore implements world.Provider.
func (s *Server) Restore(b json.RawMessage) error {
	var st State
	if err := json.Unmarshal(b, &st); err != nil {
		return fmt.Errorf("github world: %w", err)
	}
	s.state = st
	return nil
}

// Environment implements world.Pointing: the first token is the responder's.
func (s *Server) Environment(url, _ string) (map[string]string, error) {
	env := map[string]string{"GITHUB_API_URL": url}
	if len(s.state.Tokens) > 0 {
		env["GITHUB_TOKEN"] = s.state.Tokens[0].Value
	}
	return env, nil
}

// Describe implements world.Provider.
func (s *Server) Describe(r *http.Request, _ []byte) world.Request {
	_, pattern := s.mux.Handler(r)
	d := world.Request{Call: r.Method + " " + r.URL.Path, Object: r.URL.Path, Value: presented(r), Mutating: r.Method != http.MethodGet && r.Method != http.MethodHead}
	if rt := s.route[pattern]; rt != nil {
		d.Call = rt.call
	}
	return d
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := s.core.Now()
	s.advance(now)
	s.base = origin(r)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("X-GitHub-Request-Id", fmt.Sprintf("W%06X", s.state.Used))
	if x := s.siblingOf(r); x != nil {
		s.passOn(x, w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// answer is what a handler gives back. A nil body with status 200 is an empty object.
type answer struct {
	status   int
	body     any
	location string
	raw      []byte // instead of body
	kind     string // content type of raw; "" for application/zip
	next     int    // page that follows; 0 for none
}

func ok(body any) answer                     { return answer{status: http.StatusOK, body: body} }
func fail(status int, message string) answer { return answer{status: status, body: errorBody(message)} }
func empty(status int) answer                { return answer{status: status} }

func errorBody(message string) map[string]string {
	return map[string]string{"message": message, "documentation_url": "https://docs.github.com/rest"}
}

// serve checks token and permission, calls the handler, and writes its answer.
func (s *Server) serve(rt *route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := s.allowed(w, r, rt)
		if a == nil {
			x := rt.handle(r)
			a = &x
		}
		s.write(w, r, *a)
	}
}

// allowed gives nil, or the refusal. Source: GitHub REST reference,
// "Troubleshooting": hidden repositories answer 404, missing permissions 403 with
// the accepted ones in a header.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request, rt *route) *answer {
	if rt.permission == "" {
		return nil
	}
	value := presented(r)
	i := slices.IndexFunc(s.state.Tokens, func(t *Token) bool { return t.Value == value && !t.Dead })
	if value == "" || i < 0 {
		a := fail(http.StatusUnauthorized, "Bad credentials")
		return &a
	}
	s.state.Used++
	remaining := max(1, 5000-s.state.Used%5000)
	w.Header().Set("X-RateLimit-Limit", "5000")
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
	w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(s.core.Now().Truncate(time.Hour).Add(time.Hour).Unix(), 10))
	if scopes := s.state.Tokens[i].Scopes; scopes != nil {
		w.Header().Set("X-OAuth-Scopes", strings.Join(scopes, ", "))
	}
	name, level, _ := strings.Cut(rt.permission, "=")
	if s.state.Tokens[i].Scopes == nil && level != "" {
		w.Header().Set("X-Accepted-GitHub-Permissions", rt.permission)
	}
	have := s.state.Tokens[i].Permissions
	if r.PathValue("owner") != "" && !s.here(r) {
		a := fail(http.StatusNotFound, "Not Found")
		return &a
	}
	org := r.PathValue("org")
	if org != "" && (s.state.Organization.Personal || !strings.EqualFold(org, s.state.Owner)) {
		a := fail(http.StatusNotFound, "Not Found")
		return &a
	}
	if have == nil || name == "any" {
		return nil
	}
	if have["metadata"] == "" && org == "" || r.PathValue("owner") != "" && !s.here(r) {
		a := fail(http.StatusNotFound, "Not Found")
		return &a
	}
	if have[name] == "write" || have[name] == level {
		return nil
	}
	a := fail(http.StatusForbidden, "Resource not accessible by personal access token")
	return &a
}

func (s *Server) here(r *http.Request) bool {
	return strings.EqualFold(r.PathValue("owner"), s.state.Owner) && strings.EqualFold(r.PathValue("repo"), s.state.Repo)
}

func presented(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch strings.ToLower(scheme) {
	case "bearer", "token":
		return strings.TrimSpace(value)
	}
	return ""
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.next > 0 {
		u := *r.URL
		q := u.Query()
		q.Set("page", strconv.Itoa(a.next))
		u.RawQuery = q.Encode()
		h.Set("Link", fmt.Sprintf("<%s%s>; rel=\"next\"", origin(r), u.String()))
	}
	if a.raw != nil {
		h.Set("Content-Type", cmp.Or(a.kind, "application/zip"))
		s.finish(w, a.status, a.raw)
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	b, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		sum := sha256.Sum256(b)
		tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	s.finish(w, a.status, b)
}

func (s *Server) finish(w http.ResponseWriter, status int, b []byte) {
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		s.core.Log(world.Entry{Kind: "effect", Provider: "github", Detail: "the answer could not be delivered: " + err.Error()})
	}
}

// origin is scheme, host and base path under which the client reached us.
func origin(r *http.Request) string {
	base, _, _ := strings.Cut(r.RequestURI, "?")
	return "http://" + r.Host + strings.TrimSuffix(base, r.URL.EscapedPath())
}
