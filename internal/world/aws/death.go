package aws

import (
	"maps"
	"slices"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// change sets a key's status and logs its death, or that it works again.
func (s *Server) change(k *Key, status string) {
	was := k.Status.latest()
	if was == status {
		return
	}
	k.Status.set(s.core, status)
	switch {
	case was == active:
		s.core.Dies(k.Credential, k.Status.Enforced.At, "access key "+status)
	case status == active:
		s.revives(k.Credential, "access key switched on again")
	}
}

// judge looks whether anything still opens a role, with every accepted change in
// force, and logs its death or that it works again.
func (s *Server) judge(r *Role, why string) {
	open := s.open(r)
	switch {
	case !open && !r.Dead:
		at := s.core.Now()
		changed := []time.Time{r.Trust.Enforced.At, r.Inline.Enforced.At}
		if from := s.st.Roles[r.From]; from != nil {
			changed = append(changed, from.Trust.Enforced.At, from.Inline.Enforced.At)
		}
		for _, p := range s.st.Providers {
			if p.latest().URL == "" {
				changed = append(changed, p.Enforced.At)
			}
		}
		for _, x := range changed {
			if x.After(at) {
				at = x
			}
		}
		r.Dead = true
		s.core.Dies(r.Credential, at, why)
	case open && r.Dead:
		r.Dead = false
		s.revives(r.Credential, why)
	default:
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.st.Roles)) {
		if next := s.st.Roles[name]; next.From == r.Name && next != r {
			s.judge(next, why+" of role "+r.Name)
		}
	}
}

// open: a stolen token can still be traded for a session, or a session that was
// issued is not denied, or one of the role it was assumed from is not. Tokens count for longer than they last: an attacker who
// got one may get the next.
func (s *Server) open(r *Role) bool {
	if s.enters(r) {
		return true
	}
	for _, x := range s.st.Sessions {
		if x.Role != r.Name || !s.core.Now().Before(x.Expires) {
			continue
		}
		if _, deny := decide(sorted(r.Inline.latest()), asked{action: "sts:AssumeRole", keys: sessionKeys(x)}); !deny {
			return true
		}
	}
	return s.chained(r)
}

func (s *Server) revives(credential, why string) {
	s.core.Log(world.Entry{Kind: "born", Provider: "aws", Credential: credential, Detail: "works again: " + why})
}

// enters: a stolen token can still be traded for a session.
func (s *Server) enters(r *Role) bool {
	return slices.ContainsFunc(r.Stolen, func(t string) bool {
		claims, err := readToken(t)
		if err != nil {
			return false
		}
		p := s.st.Providers[s.providerARN(issuerHost(claims))]
		return p != nil && p.latest().URL != "" && s.trusts(r.Trust.latest(), claims)
	})
}
