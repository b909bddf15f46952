package aws

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const longestSession = "3600"

func (s *Server) role(c *call) (*Role, *fault) {
	r := s.st.Roles[c.form.Get("RoleName")]
	if r == nil {
		return nil, noSuchEntity("The role with name " + c.form.Get("RoleName"))
	}
	return r, nil
}

// getRole answers the trust policy URL-encoded, as IAM does.
// Source: IAM API reference, GetRole.
func (s *Server) getRole(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	out := s.shown(r)
	if b := r.Boundary.Shown.Get(s.core.Now()); b != "" {
		out = append(out, tree("PermissionsBoundary", leaf("PermissionsBoundaryType", "PermissionsBoundaryPolicy"), leaf("PermissionsBoundaryArn", b)))
	}
	return []node{tree("Role", out...)}, nil
}

func (s *Server) shown(r *Role) []node {
	return []node{
		leaf("Path", "/"), leaf("RoleName", r.Name), leaf("RoleId", "AROA"+strings.ToUpper(r.Name)), leaf("Arn", s.roleARN(r.Name)),
		leaf("CreateDate", stamp(r.Created)), leaf("MaxSessionDuration", longestSession),
		leaf("AssumeRolePolicyDocument", encoded(r.Trust.Shown.Get(s.core.Now()))),
	}
}

// listRoles gives a page of them in the order of their names.
// Source: IAM API reference, ListRoles: a hundred where MaxItems does not say.
func (s *Server) listRoles(c *call) (reply, *fault) {
	most := 100
	if n, err := strconv.Atoi(c.form.Get("MaxItems")); err == nil && n > 0 {
		most = min(n, 1000)
	}
	var roles []node
	for _, name := range slices.Sorted(maps.Keys(s.st.Roles)) {
		if name < c.form.Get("Marker") {
			continue
		}
		if len(roles) == most {
			return []node{tree("Roles", roles...), leaf("IsTruncated", "true"), leaf("Marker", name)}, nil
		}
		roles = append(roles, tree("member", s.shown(s.st.Roles[name])...))
	}
	return []node{tree("Roles", roles...), leaf("IsTruncated", "false")}, nil
}

func (s *Server) updateAssumeRolePolicy(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	doc := c.form.Get("PolicyDocument")
	if _, err := parsePolicy(doc); err != nil {
		return nil, &fault{http.StatusBadRequest, "MalformedPolicyDocument", err.Error()}
	}
	r.Trust.set(s.core, doc)
	s.judge(r, "trust policy changed")
	return nil, nil
}

func (s *Server) listRolePolicies(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	var names []node
	for _, n := range slices.Sorted(maps.Keys(r.Inline.Shown.Get(s.core.Now()))) {
		names = append(names, leaf("member", n))
	}
	return []node{tree("PolicyNames", names...), leaf("IsTruncated", "false")}, nil
}

func (s *Server) getRolePolicy(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	name := c.form.Get("PolicyName")
	doc, ok := r.Inline.Shown.Get(s.core.Now())[name]
	if !ok {
		return nil, noSuchEntity("The role policy with name " + name)
	}
	return []node{leaf("RoleName", r.Name), leaf("PolicyName", name), leaf("PolicyDocument", encoded(doc))}, nil
}

// listAttachedRolePolicies leaves out what the seed's Allows stand for.
func (s *Server) listAttachedRolePolicies(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	var all []node
	for _, arn := range r.Attached {
		all = append(all, tree("member", leaf("PolicyName", arn[strings.LastIndexByte(arn, '/')+1:]), leaf("PolicyArn", arn)))
	}
	return []node{tree("AttachedPolicies", all...), leaf("IsTruncated", "false")}, nil
}

func (s *Server) putRolePolicy(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	doc := c.form.Get("PolicyDocument")
	if _, err := parsePolicy(doc); err != nil {
		return nil, &fault{http.StatusBadRequest, "MalformedPolicyDocument", err.Error()}
	}
	all := maps.Clone(r.Inline.latest())
	all[c.form.Get("PolicyName")] = doc
	r.Inline.set(s.core, all)
	s.judge(r, "inline policy "+c.form.Get("PolicyName")+" put")
	return nil, nil
}

func (s *Server) deleteRolePolicy(c *call) (reply, *fault) {
	r, f := s.role(c)
	if f != nil {
		return nil, f
	}
	all := maps.Clone(r.Inline.latest())
	if _, ok := all[c.form.Get("PolicyName")]; !ok {
		return nil, noSuchEntity("The role policy with name " + c.form.Get("PolicyName"))
	}
	delete(all, c.form.Get("PolicyName"))
	r.Inline.set(s.core, all)
	s.judge(r, "inline policy deleted")
	return nil, nil
}

func encoded(doc string) string { return strings.ReplaceAll(url.QueryEscape(doc), "+", "%20") }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
