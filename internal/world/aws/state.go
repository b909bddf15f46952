package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

const (
	active   = "Active"
	inactive = "Inactive"
	deleted  = "Deleted" // kept for the projection; no API shows it

	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"

	githubHost   = "token.actions.githubusercontent.com"
	githubIssuer = "https://" + githubHost
)

// State is everything the provider keeps. It is plain data.
type State struct {
	Account   string
	Region    string
	Profile   string
	Responder string // id of the responder's access key
	Roles     map[string]*Role
	Users     map[string]*User
	Keys      map[string]*Key        // by access key id, deleted ones too
	Sessions  map[string]*Session    // by access key id
	Secrets   map[string]*Secret     // by name
	Policies  map[string]string      // documents of managed policies, by ARN
	Foreign   []string               // ARNs of roles in other accounts that let everybody in
	Trail     []*TrailEvent          // oldest first
	Lookups   map[string][]time.Time // calls of LookupEvents in the last second, by region
	// Parameters are those of the Parameter Store, by name.
	Parameters map[string]*Parameter
	// Providers are the identity providers, by ARN; what was removed has no URL.
	Providers map[string]*Lagged[OIDCProvider]
	// Tier is the account's default tier of parameters.
	Tier string
}

// Lagged is a value that IAM shows and enforces at different times.
type Lagged[T any] struct {
	Shown    world.Eventually[T]
	Enforced world.Eventually[T]
}

func always[T any](v T) Lagged[T] {
	return Lagged[T]{Shown: world.Always(v), Enforced: world.Always(v)}
}

func (l *Lagged[T]) set(c world.Core, v T) {
	l.Shown.Set(v, c.Now(), c.Delay("iam read"))
	l.Enforced.Set(v, c.Now(), c.Delay("iam"))
}

// latest is the newest value that was accepted.
func (l *Lagged[T]) latest() T { return l.Enforced.Is }

// Role is an IAM role.
type Role struct {
	Name       string
	Credential string
	Trust      Lagged[string]
	Inline     Lagged[map[string]string]
	Allows     []string
	Attached   []string       // ARNs of managed policies
	Boundary   Lagged[string] // ARN of its permissions boundary
	Created    time.Time
	Stolen     []string // OIDC tokens the attacker holds
	Dead       bool     // a death was logged and nothing undid it
	From       string   // the role whose stolen session assumed it
}

// User is an IAM user.
type User struct {
	Name    string
	Allows  []string
	Inline  Lagged[map[string]string]
	Created time.Time
}

// Key is a long-lived access key.
type Key struct {
	ID         string
	Secret     string
	User       string
	Credential string
	Status     Lagged[string]
	Created    time.Time
	Used       time.Time
}

// Session is a set of temporary credentials of a role, or of a user.
type Session struct {
	ID      string
	Secret  string
	Token   string
	Role    string
	User    string // "" for a role's
	Name    string
	Issued  time.Time
	Expires time.Time
}

// Secret is a Secrets Manager secret.
type Secret struct {
	Name      string
	ARN       string
	Consumers []string
	Order     []string // version ids, oldest first
	Versions  map[string]*Version
}

// Version is one version of a secret.
type Version struct {
	Value   string
	Stages  []string
	Created time.Time
}

func (x *Secret) staged(stage string) (id string, v *Version) {
	for _, id := range x.Order {
		if slices.Contains(x.Versions[id].Stages, stage) {
			return id, x.Versions[id]
		}
	}
	return "", nil
}

func (s *Server) roleARN(name string) string { return "arn:aws:iam::" + s.st.Account + ":role/" + name }

func (s *Server) userARN(name string) string { return "arn:aws:iam::" + s.st.Account + ":user/" + name }

// State gives the provider's state for the world's disk.
func (s *Server) State() any { return s.st }

// Restore replaces the state by one that was saved.
func (s *Server) Restore(b json.RawMessage) error {
	st := &State{}
	if err := json.Unmarshal(b, st); err != nil {
		return fmt.Errorf("restore aws: %w", err)
	}
	if st.Parameters == nil { // of a world that was begun before there were any
		st.Parameters = map[string]*Parameter{}
	}
	s.st = st
	if st.Providers == nil { // likewise
		s.plantProvider()
	}
	return nil
}

func (s *Server) newKey(user string) *Key {
	k := &Key{ID: "AKIA" + strings.ToUpper(s.core.Text(16)), Secret: s.core.Text(40), User: user, Created: s.core.Now().Truncate(time.Second)}
	k.Credential = "key:" + k.ID
	return k
}

func (s *Server) issue(r *Role, name string, span time.Duration) *Session {
	now := s.core.Now()
	x := &Session{
		ID: "ASIA" + strings.ToUpper(s.core.Text(16)), Secret: s.core.Text(40), Token: s.core.Text(120),
		Role: r.Name, Name: name, Issued: now, Expires: now.Add(span),
	}
	s.st.Sessions[x.ID] = x
	s.core.Born(r.Credential, x.Secret)
	return x
}

func (s *Server) uuid() string {
	t := strings.ToLower(s.core.Text(32))
	hex := strings.Map(func(r rune) rune { return rune("0123456789abcdef"[int(r)%16]) }, t)
	return hex[:8] + "-" + hex[8:12] + "-4" + hex[13:16] + "-8" + hex[17:20] + "-" + hex[20:]
}

func (s *Server) keysOf(user string) []*Key {
	var out []*Key
	for _, k := range s.st.Keys {
		if k.User == user && k.Status.Shown.Get(s.core.Now()) != deleted && k.Status.Shown.Get(s.core.Now()) != "" {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b *Key) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

func (s *Server) firstKey(user string) *Key {
	if k := s.keysOf(user); len(k) > 0 {
		return k[0]
	}
	return nil
}
