// Package npm is a simulated npm registry: enough of the registry API for npm's
// own token, publish and read calls.
//
// What it takes from the real one and what a rehearsal needs: a list of tokens
// shows them masked and in pages; creating one wants a password and, where the
// user has it, a one-time password; a deleted token leaves the list at once and
// goes on working until the delay "npm token" has passed.
// Source: npm docs, "Revoking access tokens"; npm CLI, npm-profile and libnpmpublish.
package npm

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// Delay is the kind of delay between deleting a token and its death.
const Delay = "npm token"

// Seed is what a registry begins with.
type Seed struct {
	Users    []User    `json:"users"`
	Tokens   []Token   `json:"tokens"`
	Packages []Package `json:"packages"`
	// Operator is the name of the token an .npmrc for the responder holds; "" for none.
	Operator string `json:"operator,omitempty"`
	// PageSize is how many tokens a page of the listing has; 0 means 10.
	PageSize int `json:"page_size,omitempty"`
}

// User is an account.
type User struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	OTP      string `json:"otp,omitempty"` // "" when the account has no second factor
	// PasswordEnv and OTPEnv are variables which Environment sets for the responder.
	PasswordEnv string `json:"password_env,omitempty"`
	OTPEnv      string `json:"otp_env,omitempty"`
}

// Token is an access token of a user.
type Token struct {
	Name     string    `json:"name"` // in the world's register of credentials
	Value    string    `json:"value"`
	Key      string    `json:"key"` // made when empty
	User     string    `json:"user"`
	Label    string    `json:"label,omitempty"` // what the user called it
	ReadOnly bool      `json:"readonly,omitempty"`
	Created  time.Time `json:"created"`
	// Deleted is when it left the listing, Dead when it stops working.
	Deleted time.Time `json:"deleted,omitzero"`
	Dead    time.Time `json:"dead,omitzero"`
}

func (t *Token) works(now time.Time) bool { return t.Dead.IsZero() || now.Before(t.Dead) }

// Package is a published package. Who may publish it are its maintainers.
type Package struct {
	Name        string            `json:"name"`
	Maintainers []string          `json:"maintainers"`
	Versions    []Version         `json:"versions"`
	Tags        map[string]string `json:"tags"`
}

// Version is one published version with its tarball.
type Version struct {
	Version  string          `json:"version"`
	Manifest json.RawMessage `json:"manifest,omitempty"`
	Tarball  []byte          `json:"tarball"`
	By       string          `json:"by"`    // user
	Token    string          `json:"token"` // name of the token that published it
	Time     time.Time       `json:"time"`
}

// State is everything the registry knows.
type State struct {
	Users     []User     `json:"users"`
	Tokens    []*Token   `json:"tokens"`
	Packages  []*Package `json:"packages"`
	Operator  string     `json:"operator"`
	PageSize  int        `json:"page_size"`
	Published []Publish  `json:"published"`
}

// Publish is a line of the publish log.
type Publish struct {
	Time    time.Time `json:"time"`
	Package string    `json:"package"`
	Version string    `json:"version"`
	Token   string    `json:"token"`
	Agent   string    `json:"agent"`
}

// Registry implements world.Provider.
type Registry struct {
	core  world.Core
	state State
}

// New makes a registry and registers its tokens' values with the world.
func New(core world.Core, s Seed) *Registry {
	r := &Registry{core: core, state: State{Users: s.Users, Operator: s.Operator, PageSize: s.PageSize}}
	if r.state.PageSize == 0 {
		r.state.PageSize = 10
	}
	for _, t := range s.Tokens {
		if t.Key == "" {
			t.Key = core.Text(36)
		}
		if t.Created.IsZero() {
			t.Created = core.Now().Add(-90 * 24 * time.Hour)
		}
		core.Born(t.Name, t.Value)
		r.state.Tokens = append(r.state.Tokens, &t)
	}
	for _, p := range s.Packages {
		if p.Tags == nil {
			p.Tags = map[string]string{}
		}
		r.state.Packages = append(r.state.Packages, &p)
	}
	return r
}

// Name implements world.Provider.
func (*Registry) Name() string { return "npm" }

// State implements world.Provider.
func (r *Registry) State() any { return &r.state }

// Restore implements world.Provider.
func (r *Registry) Restore(b json.RawMessage) error {
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	r.state = s
	return nil
}

// Live reports whether the named token works now. To be called with the world's
// lock held (inside World.Do).
func (r *Registry) Live(name string) bool {
	for _, t := range r.state.Tokens {
		if t.Name == name && t.works(r.core.Now()) {
			return true
		}
	}
	return false
}

// Published gives the publish log. To be called with the world's lock held.
func (r *Registry) Published() []Publish { return r.state.Published }

// Project implements world.Projecting.
func (r *Registry) Project(now time.Time) map[string]string {
	out, alive := map[string]string{}, map[string]int{}
	for _, t := range r.state.Tokens {
		switch {
		case strings.HasPrefix(t.Name, minted):
			if t.works(now) {
				alive[t.User]++
				out["npm minted tokens of "+t.User] = strconv.Itoa(alive[t.User]) + " alive"
			}
		case t.works(now):
			out["credential "+t.Name] = "alive"
		default:
			out["credential "+t.Name] = "dead"
		}
	}
	for _, p := range r.state.Packages {
		for tag, v := range p.Tags {
			out["npm "+p.Name+" "+tag] = v
		}
	}
	return out
}

// bearer is the token a request presents.
func bearer(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}

// caller is the working token a request presents; nil when there is none.
func (r *Registry) caller(req *http.Request) *Token {
	value := bearer(req)
	for _, t := range r.state.Tokens {
		if value != "" && t.Value == value && t.works(r.core.Now()) {
			return t
		}
	}
	return nil
}
