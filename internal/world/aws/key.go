package aws

import (
	"net/http"
	"strconv"
)

const mostKeys = 2 // per user. Source: IAM user guide, "IAM and AWS STS quotas".

func itoa(n int) string { return strconv.Itoa(n) }

// user is the named user, or the caller's own when none is named.
func (s *Server) user(c *call) (*User, *fault) {
	name := c.form.Get("UserName")
	if name == "" && c.caller.key != nil {
		name = c.caller.key.User
	}
	if u := s.st.Users[name]; u != nil {
		return u, nil
	}
	return nil, noSuchEntity("The user with name " + name)
}

func (s *Server) getUser(c *call) (reply, *fault) {
	u, f := s.user(c)
	if f != nil {
		return nil, f
	}
	return []node{tree("User", leaf("Path", "/"), leaf("UserName", u.Name), leaf("UserId", "AIDA"+u.Name), leaf("Arn", s.userARN(u.Name)), leaf("CreateDate", stamp(u.Created)))}, nil
}

func (s *Server) getUserPolicy(c *call) (reply, *fault) {
	u, f := s.user(c)
	if f != nil {
		return nil, f
	}
	name := c.form.Get("PolicyName")
	doc, ok := u.Inline.Shown.Get(s.core.Now())[name]
	if !ok {
		return nil, noSuchEntity("The user policy with name " + name)
	}
	return []node{leaf("UserName", u.Name), leaf("PolicyName", name), leaf("PolicyDocument", encoded(doc))}, nil
}

func (s *Server) putUserPolicy(c *call) (reply, *fault) {
	u, f := s.user(c)
	if f != nil {
		return nil, f
	}
	doc := c.form.Get("PolicyDocument")
	if _, err := parsePolicy(doc); err != nil {
		return nil, &fault{http.StatusBadRequest, "MalformedPolicyDocument", err.Error()}
	}
	all := map[string]string{}
	for k, v := range u.Inline.latest() {
		all[k] = v
	}
	all[c.form.Get("PolicyName")] = doc
	u.Inline.set(s.core, all)
	return nil, nil
}

func (s *Server) listAccessKeys(c *call) (reply, *fault) {
	u, f := s.user(c)
	if f != nil {
		return nil, f
	}
	var keys []node
	for _, k := range s.keysOf(u.Name) {
		keys = append(keys, tree("member", leaf("UserName", u.Name), leaf("AccessKeyId", k.ID),
			leaf("Status", k.Status.Shown.Get(s.core.Now())), leaf("CreateDate", stamp(k.Created))))
	}
	return []node{tree("AccessKeyMetadata", keys...), leaf("IsTruncated", "false")}, nil
}

func (s *Server) getAccessKeyLastUsed(c *call) (reply, *fault) {
	k := s.st.Keys[c.form.Get("AccessKeyId")]
	if k == nil || k.Status.latest() == deleted {
		return nil, denied("not authorized to perform: iam:GetAccessKeyLastUsed on this key")
	}
	used := tree("AccessKeyLastUsed", leaf("Region", "N/A"), leaf("ServiceName", "N/A"))
	if !k.Used.IsZero() {
		used = tree("AccessKeyLastUsed", leaf("LastUsedDate", stamp(k.Used)), leaf("Region", s.st.Region), leaf("ServiceName", "sts"))
	}
	return []node{leaf("UserName", k.User), used}, nil
}

// createAccessKey answers the secret once. The key authenticates only after the
// world's delay "iam".
func (s *Server) createAccessKey(c *call) (reply, *fault) {
	u, f := s.user(c)
	if f != nil {
		return nil, f
	}
	live := 0
	for _, k := range s.st.Keys {
		if k.User == u.Name && k.Status.latest() != deleted {
			live++
		}
	}
	if live >= mostKeys {
		return nil, &fault{http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: " + itoa(mostKeys)}
	}
	k := s.newKey(u.Name)
	k.Status.set(s.core, active)
	s.st.Keys[k.ID] = k
	s.core.Born(k.Credential, k.Secret)
	return []node{tree("AccessKey", leaf("UserName", u.Name), leaf("AccessKeyId", k.ID), leaf("Status", active),
		leaf("SecretAccessKey", k.Secret), leaf("CreateDate", stamp(k.Created)))}, nil
}

func (s *Server) key(c *call) (*Key, *fault) {
	u, f := s.user(c)
	if f != nil {
		return nil, f
	}
	k := s.st.Keys[c.form.Get("AccessKeyId")]
	if k == nil || k.User != u.Name || k.Status.latest() == deleted {
		return nil, noSuchEntity("The Access Key with id " + c.form.Get("AccessKeyId"))
	}
	return k, nil
}

func (s *Server) updateAccessKey(c *call) (reply, *fault) {
	k, f := s.key(c)
	if f != nil {
		return nil, f
	}
	status := c.form.Get("Status")
	if status != active && status != inactive {
		return nil, &fault{http.StatusBadRequest, "ValidationError", "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"}
	}
	s.change(k, status)
	return nil, nil
}

func (s *Server) deleteAccessKey(c *call) (reply, *fault) {
	k, f := s.key(c)
	if f != nil {
		return nil, f
	}
	s.change(k, deleted)
	return nil, nil
}
