package aws

import (
	"slices"
	"strings"
)

const principalARN = "aws:PrincipalArn"

// principals are the names by which a trust policy may mean a caller, and whether one
// that means the whole account does.
// Source: IAM user guide, "AWS JSON policy elements: Principal": a role's ARN stands for
// all its sessions.
func (s *Server) principals(who caller) (names []string, keys map[string]words) {
	arn := s.arn(who)
	names = []string{arn}
	if who.session != nil && who.session.User == "" {
		arn = s.roleARN(who.session.Role)
		names = append(names, arn)
	}
	return names, map[string]words{principalARN: {arn}}
}

// admits asks a trust policy about a caller: by his name, or as one of the account.
func (s *Server) admits(doc string, who caller) (byName, byAccount bool) {
	names, keys := s.principals(who)
	for i, n := range append(names, "arn:aws:iam::"+s.st.Account+":root") {
		ok, deny := decide([]string{doc}, asked{action: "sts:AssumeRole", kind: "AWS", who: n, keys: keys})
		if deny {
			return false, false
		}
		byName, byAccount = byName || ok && i < len(names), byAccount || ok
	}
	return byName, byAccount
}

// named reports whether a call of AssumeRole asks for a role whose trust policy names the
// caller himself: then he needs no permission of his own.
// Source: IAM user guide, "Policy evaluation logic", "Evaluating policies within a single account".
func (s *Server) named(c *call) bool {
	if c.service != "sts" || c.action != "AssumeRole" {
		return false
	}
	r, f := s.wanted(c)
	if f != nil {
		return false
	}
	byName, _ := s.admits(r.Trust.Enforced.Get(s.core.Now()), c.caller)
	return byName
}

// chained reports whether the attacker can become the role it was assumed from and, as
// that, this one, with every accepted change in force.
func (s *Server) chained(r *Role, seen ...*Role) bool {
	from := s.st.Roles[r.From]
	if from == nil || from == r || slices.Contains(seen, from) {
		return false
	}
	var held []*Session
	for _, x := range s.st.Sessions {
		if x.Role == from.Name && s.core.Now().Before(x.Expires) {
			held = append(held, x)
		}
	}
	if s.enters(from) || s.chained(from, append(seen, r)...) {
		held = append(held, &Session{Role: from.Name, Name: "next", Issued: s.core.Now()})
	}
	return slices.ContainsFunc(held, func(x *Session) bool {
		allowed, deny := decide(sorted(from.Inline.latest()), asked{action: "sts:AssumeRole", keys: sessionKeys(x)})
		byName, byAccount := s.admits(r.Trust.latest(), caller{session: x})
		return !deny && (byName || byAccount && (allowed || anyLike(from.Allows, "sts:AssumeRole", true)))
	})
}

// foreign reports whether an ARN is a role of another account that lets everybody in.
func (s *Server) foreign(arn string) bool {
	return accountIn(arn) != s.st.Account && strings.Contains(arn, ":role/") && slices.Contains(s.st.Foreign, arn)
}
