package aws

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Held is a set of credentials as a client uses them. Session is "" for a key.
type Held struct{ ID, Secret, Session string }

// Responder gives the responder's own credentials.
func (s *Server) Responder() Held {
	k := s.st.Keys[s.st.Responder]
	return Held{ID: k.ID, Secret: k.Secret}
}

// Key gives the access key that the seed named so.
func (s *Server) Key(credential string) (Held, bool) {
	for _, id := range slices.Sorted(maps.Keys(s.st.Keys)) {
		if k := s.st.Keys[id]; k.Credential == credential {
			return Held{ID: k.ID, Secret: k.Secret}, true
		}
	}
	return Held{}, false
}

// Sessions gives the sessions of a role which were stolen before the world began,
// oldest first.
func (s *Server) Sessions(role string) []Held {
	var out []Held
	for _, id := range slices.Sorted(maps.Keys(s.st.Sessions)) {
		if x := s.st.Sessions[id]; x.Role == role && x.Name == "stolen" {
			out = append(out, Held{ID: x.ID, Secret: x.Secret, Session: x.Token})
		}
	}
	return out
}

// Tokens gives the stolen OIDC tokens for a role.
func (s *Server) Tokens(role string) []string {
	if r := s.st.Roles[role]; r != nil {
		return slices.Clone(r.Stolen)
	}
	return nil
}

// Trust gives a role's trust policy as last accepted, for the team and the
// attacker, who may put another one.
func (s *Server) Trust(role string) string {
	if r := s.st.Roles[role]; r != nil {
		return r.Trust.latest()
	}
	return ""
}

// PutTrust replaces a role's trust policy, as a pipeline that knows nothing of the
// incident would.
func (s *Server) PutTrust(role, doc string) error {
	r := s.st.Roles[role]
	if r == nil {
		return fmt.Errorf("the world has no role %s", role)
	}
	if _, err := parsePolicy(doc); err != nil {
		return err
	}
	r.Trust.set(s.core, doc)
	s.judge(r, "trust policy changed")
	return nil
}

// KeyWorks reports whether a key pair authenticates now: what a consumer that
// holds it would find.
func (s *Server) KeyWorks(id, secret string) bool {
	k := s.st.Keys[id]
	return k != nil && k.Secret == secret && k.Status.Enforced.Get(s.core.Now()) == active
}

// Secret gives the current value of a secret, as a consumer would read it.
func (s *Server) Secret(name string) string {
	if x := s.st.Secrets[name]; x != nil {
		if _, v := x.staged(current); v != nil {
			return v.Value
		}
	}
	return ""
}

// Parameter gives the newest value of a parameter, as a consumer would read it.
func (s *Server) Parameter(name string) string {
	if p := s.st.Parameters[name]; p != nil {
		return p.Versions[len(p.Versions)-1].Value
	}
	return ""
}

// Project implements world.Projecting.
func (s *Server) Project(time.Time) map[string]string {
	out := map[string]string{}
	minted := map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(s.st.Keys)) {
		k := s.st.Keys[id]
		state := k.Status.latest()
		if k.Credential == "key:"+k.ID {
			minted[k.User+" "+state]++
			continue
		}
		out["credential "+k.Credential] = map[bool]string{true: "alive", false: "dead"}[state == active]
		out["aws key "+k.Credential] = strings.ToLower(state)
	}
	for what, n := range minted {
		if !strings.HasSuffix(what, deleted) {
			out["aws new keys of "+what] = itoa(n)
		}
	}
	for name, r := range s.st.Roles {
		out["credential "+r.Credential] = map[bool]string{true: "alive", false: "dead"}[s.open(r)]
		out["aws role "+name+" inline"] = strings.Join(slices.Sorted(maps.Keys(r.Inline.latest())), ",")
	}
	for arn, p := range s.st.Providers {
		out["aws identity provider "+arn] = map[bool]string{true: "there", false: "removed"}[p.latest().URL != ""]
	}
	for name, x := range s.st.Secrets {
		state := map[bool]string{true: "working", false: "broken"}[s.usable(s.Secret(name))]
		for _, c := range x.Consumers {
			out["consumer "+c] = state
		}
		out["aws secret "+name] = state
	}
	for name, x := range s.st.Parameters {
		state := map[bool]string{true: "working", false: "broken"}[s.usable(s.Parameter(name))]
		for _, c := range x.Consumers {
			out["consumer "+c] = state
		}
		out["aws parameter "+name] = state
	}
	return out
}

// usable: the key pair in a value, if there is one, authenticates.
func (s *Server) usable(value string) bool {
	var pair map[string]string
	if json.Unmarshal([]byte(value), &pair) != nil {
		return value != ""
	}
	keys := 0
	for _, id := range pair {
		k := s.st.Keys[id]
		if k == nil {
			continue
		}
		keys++
		for _, secret := range pair {
			if k.Secret == secret && k.Status.latest() == active {
				return true
			}
		}
	}
	return keys == 0 && len(pair) > 0 && !slices.ContainsFunc(slices.Collect(maps.Values(pair)), func(v string) bool { return strings.HasPrefix(v, "AKIA") })
}

// Environment implements world.Pointing: it writes a profile for the responder.
func (s *Server) Environment(url, dir string) (map[string]string, error) {
	me := s.Responder()
	config := fmt.Sprintf("[profile %s]\nregion = %s\nendpoint_url = %s\n", s.st.Profile, s.st.Region, url)
	creds := fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", s.st.Profile, me.ID, me.Secret)
	files := map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": creds}
	env := map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_REGION": s.st.Region, "AWS_PROFILE": s.st.Profile,
		// Empty counts as not set: what the machine has must not win over the profile.
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_CA_BUNDLE": "",
	}
	for name, content := range files {
		path := filepath.Join(dir, strings.ToLower(name))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("write the responder's profile: %w", err)
		}
		env[name] = path
	}
	return env, nil
}
