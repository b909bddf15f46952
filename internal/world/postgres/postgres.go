// Package postgres is the world's PostgreSQL: its wire protocol on loopback, with
// password authentication and the few statements that are said to it in a response. A
// statement it does not know is a syntax error.
//
// Each login and statement is a request to the world, so that latency, faults and the log
// hold for it. Begin with Seed and New; speak.go is the protocol, sql.go what is answered.
// A role's credential is dead when nobody can log in with it and no session is left that a
// thief opened with it.
package postgres

import (
	"cmp"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// Seed is a cluster before the incident.
type Seed struct {
	DSNEnv string     `yaml:"dsn_env"` // variable with the responder's connection string; "" for IR_PG_DSN
	URL    string     `yaml:"url"`     // a credential's value as consumers read it, with {role} and {password}; "" for the password alone
	Roles  []SeedRole `yaml:"roles"`
}

// SeedRole is a role. One with a credential may log in with a password of its own.
type SeedRole struct {
	Name       string   `yaml:"name"`
	Credential string   `yaml:"credential"` // its name in the world's log
	MemberOf   []string `yaml:"member_of"`
	Super      bool     `yaml:"super"`
	Sessions   int      `yaml:"sessions"` // of consumers
	Stolen     int      `yaml:"stolen"`   // sessions a thief has open
}

// Role is a role of the cluster.
type Role struct {
	Name       string   `json:"name"`
	Login      bool     `json:"login"`
	Super      bool     `json:"super"`
	CreateRole bool     `json:"createrole"`
	Verifier   string   `json:"verifier"`
	MemberOf   []string `json:"member_of"`
}

// Session is one that is kept open.
type Session struct {
	PID        int64     `json:"pid"`
	Role       string    `json:"role"`
	Began      time.Time `json:"began"`
	Credential string    `json:"credential"`
	Stolen     bool      `json:"stolen"`
}

// Credential is a value that worked once, by the verifier it had.
type Credential struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	Verifier string `json:"verifier"`
	Dead     bool   `json:"dead"`
}

// State is all that is kept.
type State struct {
	System      string       `json:"system"`
	DSNEnv      string       `json:"dsn_env"`
	Responder   string       `json:"responder"` // the responder's password
	Roles       []Role       `json:"roles"`
	Sessions    []Session    `json:"sessions"`
	Credentials []Credential `json:"credentials"`
	Made        int          `json:"made"` // passwords set since the world began
}

// Server is the cluster.
type Server struct {
	core    world.Core
	st      State
	Values  map[string]string // of the seed's credentials
	matched map[[2]string]bool
}

const responder = "ir_responder"

// New makes the provider.
func New(core world.Core, seed Seed) (*Server, error) {
	s := &Server{core: core, Values: map[string]string{}, matched: map[[2]string]bool{}}
	s.st = State{System: strconv.FormatInt(7_000_000_000_000_000_000+core.ID(), 10), DSNEnv: cmp.Or(seed.DSNEnv, "IR_PG_DSN"), Responder: core.Text(24)}
	core.Derive(s.known)
	roles := append([]SeedRole{{Name: responder, Credential: "postgres-responder", Super: true}}, seed.Roles...)
	for _, r := range roles {
		x := Role{Name: r.Name, Super: r.Super, MemberOf: append([]string{}, r.MemberOf...)}
		if r.Credential != "" {
			password := core.Text(32)
			if r.Name == responder {
				password = s.st.Responder
			}
			v, err := verifierOf(password, []byte(core.Text(16)))
			if err != nil {
				return nil, fmt.Errorf("postgres world: %w", err)
			}
			x.Login, x.Verifier = true, v
			s.Values[r.Credential] = password
			if seed.URL != "" && r.Name != responder {
				s.Values[r.Credential] = strings.NewReplacer("{role}", r.Name, "{password}", password).Replace(seed.URL)
			}
			core.Born(r.Credential, v)
			s.st.Credentials = append(s.st.Credentials, Credential{Name: r.Credential, Role: r.Name, Verifier: v})
		}
		s.st.Roles = append(s.st.Roles, x)
		for n := range r.Sessions + r.Stolen {
			began := core.Now().Add(-time.Duration(n+1) * time.Minute).Truncate(time.Microsecond)
			s.st.Sessions = append(s.st.Sessions, Session{PID: core.ID(), Role: r.Name, Began: began, Credential: r.Credential, Stolen: n >= r.Sessions})
		}
	}
	slices.SortFunc(s.st.Roles, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// Name implements world.Provider.
func (*Server) Name() string { return "postgres" }

// State implements world.Provider.
func (s *Server) State() any { return &s.st }

// Restore implements world.Provider.
func (s *Server) Restore(b json.RawMessage) error {
	var st State
	if err := json.Unmarshal(b, &st); err != nil {
		return fmt.Errorf("postgres world: %w", err)
	}
	s.st = st
	return nil
}

// Environment implements world.Pointing.
func (s *Server) Environment(at, _ string) (map[string]string, error) {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(responder, s.st.Responder), Host: strings.TrimPrefix(at, "http://"), Path: "/postgres", RawQuery: "sslmode=disable"}
	return map[string]string{s.st.DSNEnv: u.String()}, nil
}

// Describe implements world.Provider.
func (s *Server) Describe(r *http.Request, body []byte) world.Request {
	q, _ := understand(string(body))
	return world.Request{Call: "postgres " + q.call, Object: q.object, Mutating: q.mutates, Value: r.Header.Get(secretHeader)}
}

func (s *Server) role(name string) *Role {
	for i := range s.st.Roles {
		if s.st.Roles[i].Name == name {
			return &s.st.Roles[i]
		}
	}
	return nil
}

// known is the verifier that a value's password fits: what it is registered by.
func (s *Server) known(value string) string {
	role, password := "", value
	if u, err := url.Parse(value); err == nil && u.User != nil && u.Host != "" {
		role = u.User.Username()
		password, _ = u.User.Password()
	}
	if len(password) > 200 || strings.ContainsAny(password, " \n") {
		return ""
	}
	for _, c := range s.st.Credentials {
		if (role == "" || role == c.Role) && s.matches(password, c.Verifier) {
			return c.Verifier
		}
	}
	return ""
}

// matches reports whether a verifier is of a password; it remembers, because it is slow.
func (s *Server) matches(password, verifier string) bool {
	key := [2]string{password, verifier}
	if was, done := s.matched[key]; done {
		return was
	}
	parts := strings.FieldsFunc(verifier, func(r rune) bool { return r == '$' || r == ':' })
	fits := false
	if len(parts) == 5 {
		if salt, err := base64.StdEncoding.DecodeString(parts[2]); err == nil {
			v, err := verifierOf(password, salt)
			fits = err == nil && v == verifier
		}
	}
	s.matched[key] = fits
	return fits
}

// verifierOf is what a server keeps of a password. Source: RFC 5802, section 3.
func verifierOf(password string, salt []byte) (string, error) {
	const iterations = 4096
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}

// judge tells of each credential whether it works now.
func (s *Server) judge(why string) {
	for i := range s.st.Credentials {
		c := &s.st.Credentials[i]
		r := s.role(c.Role)
		works := r != nil && r.Login && r.Verifier == c.Verifier || slices.ContainsFunc(s.st.Sessions, func(x Session) bool { return x.Stolen && x.Credential == c.Name })
		switch {
		case works && c.Dead:
			s.core.Born(c.Name, c.Verifier)
		case !works && !c.Dead:
			s.core.Dies(c.Name, s.core.Now(), why)
		}
		c.Dead = !works
	}
}

// Project implements world.Projecting.
func (s *Server) Project(time.Time) map[string]string {
	p := map[string]string{}
	for _, c := range s.st.Credentials {
		if !strings.HasPrefix(c.Name, made) {
			p["credential "+c.Name] = map[bool]string{true: "dead", false: "alive"}[c.Dead]
		}
	}
	login := map[string]bool{}
	for _, r := range s.st.Roles {
		login[r.Name] = r.Login
	}
	for _, name := range slices.Sorted(maps.Keys(login)) {
		p["postgres role "+name] = map[bool]string{true: "may log in", false: "may not log in"}[login[name]]
	}
	p["postgres sessions"] = strconv.Itoa(len(s.st.Sessions))
	return p
}

// made begins the name of a password that was set while the world ran.
const made = "postgres password "
