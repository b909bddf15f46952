package aws

import "strings"

// managed are the documents of the policies that are attached to a role.
func (s *Server) managed(r *Role) []string {
	var out []string
	for _, arn := range r.Attached {
		if doc := s.st.Policies[arn]; doc != "" {
			out = append(out, doc)
		}
	}
	return out
}

func (s *Server) policy(c *call) (arn string, f *fault) {
	arn = c.form.Get("PolicyArn")
	if s.st.Policies[arn] == "" {
		return arn, noSuchEntity("Policy " + arn + " does not exist or is not attachable: it")
	}
	return arn, nil
}

// getPolicy tells which version counts; each has one.
// Source: IAM API reference, GetPolicy.
func (s *Server) getPolicy(c *call) (reply, *fault) {
	arn, f := s.policy(c)
	if f != nil {
		return nil, f
	}
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	return []node{tree("Policy", leaf("PolicyName", name), leaf("PolicyId", "ANPA"+strings.ToUpper(name)), leaf("Arn", arn), leaf("Path", "/"), leaf("DefaultVersionId", "v1"))}, nil
}

// getPolicyVersion answers the document URL-encoded, as for roles.
// Source: IAM API reference, GetPolicyVersion.
func (s *Server) getPolicyVersion(c *call) (reply, *fault) {
	arn, f := s.policy(c)
	if f != nil {
		return nil, f
	}
	if v := c.form.Get("VersionId"); v != "v1" {
		return nil, noSuchEntity("Policy " + arn + " version " + v)
	}
	return []node{tree("PolicyVersion", leaf("Document", encoded(s.st.Policies[arn])), leaf("VersionId", "v1"), leaf("IsDefaultVersion", "true"))}, nil
}
