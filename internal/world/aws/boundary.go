package aws

import (
	"net/http"
	"strings"
)

// putRolePermissionsBoundary knows the managed policies of the seed.
// Source: IAM API reference, PutRolePermissionsBoundary.
func (s *Server) putRolePermissionsBoundary(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	arn := c.form.Get("PermissionsBoundary")
	switch {
	case !strings.HasPrefix(arn, "arn:"):
		return nil, &fault{http.StatusBadRequest, "InvalidInput", "ARN " + arn + " is not valid."}
	case s.st.Policies[arn] == "":
		return nil, noSuchEntity("Scope ARN: " + arn + " does not exist or is not attachable: it")
	}
	r.Boundary.set(s.core, arn)
	return nil, nil
}

func (s *Server) deleteRolePermissionsBoundary(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	if r.Boundary.latest() == "" {
		return nil, noSuchEntity("The permissions boundary of role " + r.Name)
	}
	r.Boundary.set(s.core, "")
	return nil, nil
}

// bound is the document of a role's permissions boundary as it is enforced now; "" for
// none.
// Source: IAM user guide, "Permissions boundaries for IAM entities": what a session may
// do is what both allow.
func (s *Server) bound(who caller) string {
	if who.session == nil || who.session.User != "" {
		return ""
	}
	return s.st.Policies[s.st.Roles[who.session.Role].Boundary.Enforced.Get(s.core.Now())]
}
