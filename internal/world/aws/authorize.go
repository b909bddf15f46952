package aws

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

const issueTime = "aws:TokenIssueTime"

// authorize evaluates the caller's own policies, as enforced now.
// GetCallerIdentity needs no permission and succeeds under an explicit deny;
// GetSessionToken needs none either.
// Source: STS API reference, GetCallerIdentity, GetSessionToken ("Permissions").
func (s *Server) authorize(c *call) *fault {
	action := c.service + ":" + c.action
	if action == "sts:GetCallerIdentity" || action == "sts:GetSessionToken" {
		return nil
	}
	now := s.core.Now()
	allows, inline, keys := s.policies(c.caller, now)
	allowed, deny := decide(inline, asked{action: action, keys: keys})
	arn := s.arn(c.caller)
	if b := s.bound(c.caller); b != "" {
		if within, against := decide([]string{b}, asked{action: action, keys: keys}); against || !within {
			return denied(fmt.Sprintf("User: %s is not authorized to perform: %s because no permissions boundary allows the %s action", arn, action, action))
		}
	}
	switch {
	case deny:
		return denied(fmt.Sprintf("User: %s is not authorized to perform: %s with an explicit deny in an identity-based policy", arn, action))
	case !allowed && !anyLike(allows, action, true) && !s.named(c):
		return denied(fmt.Sprintf("User: %s is not authorized to perform: %s because no identity-based policy allows the %s action", arn, action, action))
	}
	return nil
}

func (s *Server) policies(who caller, now time.Time) (allows, inline []string, keys map[string]words) {
	if who.session != nil && who.session.User != "" {
		u := s.st.Users[who.session.User]
		return u.Allows, sorted(u.Inline.Enforced.Get(now)), sessionKeys(who.session)
	}
	if who.session != nil {
		r := s.st.Roles[who.session.Role]
		return r.Allows, append(sorted(r.Inline.Enforced.Get(now)), s.managed(r)...), sessionKeys(who.session)
	}
	u := s.st.Users[who.key.User]
	// A long-lived key has no aws:TokenIssueTime: date conditions on it never hold.
	return u.Allows, sorted(u.Inline.Enforced.Get(now)), nil
}

func sessionKeys(x *Session) map[string]words {
	return map[string]words{issueTime: {x.Issued.UTC().Format(time.RFC3339)}}
}

func sorted(m map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

func (s *Server) arn(who caller) string {
	if who.session != nil && who.session.User != "" {
		return s.userARN(who.session.User)
	}
	if who.session != nil {
		return fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", s.st.Account, who.session.Role, who.session.Name)
	}
	return s.userARN(who.key.User)
}
