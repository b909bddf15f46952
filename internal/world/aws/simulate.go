package aws

import (
	"net/http"
	"slices"
	"strings"
)

// stored are a principal's own policies as IAM shows them: those of a user or a role.
func (s *Server) stored(arn string) (allows, inline []string, f *fault) {
	now := s.core.Now()
	kind, name, _ := strings.Cut(arn[strings.LastIndexByte(arn, ':')+1:], "/")
	switch {
	case kind == "role" && arn == s.roleARN(name) && s.st.Roles[name] != nil:
		r := s.st.Roles[name]
		return r.Allows, append(sorted(r.Inline.Shown.Get(now)), s.managed(r)...), nil
	case kind == "user" && arn == s.userARN(name) && s.st.Users[name] != nil:
		u := s.st.Users[name]
		return u.Allows, sorted(u.Inline.Shown.Get(now)), nil
	case kind != "role" && kind != "user":
		return nil, nil, &fault{http.StatusBadRequest, "InvalidInput", "Invalid Entity Arn: " + arn}
	}
	return nil, nil, noSuchEntity("The principal " + arn)
}

// simulate evaluates a principal's stored policies for a context the caller gives, as
// authorize evaluates them when they are enforced: no policy of this world is about a
// resource, so that the answer is the same for each.
// Source: IAM API reference, SimulatePrincipalPolicy.
func (s *Server) simulate(c *call) (reply, *fault) {
	allows, inline, f := s.stored(c.form.Get("PolicySourceArn"))
	if f != nil {
		return nil, f
	}
	keys := c.context()
	boundary := s.storedBoundary(c.form.Get("PolicySourceArn"))
	resources := c.list("ResourceArns")
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	var results []node
	for _, action := range c.list("ActionNames") {
		decision := "implicitDeny"
		switch allowed, deny := decide(inline, asked{action: action, keys: keys}); {
		case deny:
			decision = "explicitDeny"
		case allowed || anyLike(allows, action, true):
			decision = "allowed"
		}
		if within, against := decide([]string{boundary}, asked{action: action, keys: keys}); boundary != "" && (against || !within) && decision == "allowed" {
			decision = "implicitDeny"
		}
		var missing []node
		for _, k := range lacking(inline, action, keys) {
			missing = append(missing, leaf("member", k))
		}
		for _, r := range resources {
			results = append(results, tree("member", leaf("EvalActionName", action), leaf("EvalResourceName", r), leaf("EvalDecision", decision), tree("MissingContextValues", missing...)))
		}
	}
	return []node{leaf("IsTruncated", "false"), tree("EvaluationResults", results...)}, nil
}

// storedBoundary is the document of a role's permissions boundary as IAM shows it.
func (s *Server) storedBoundary(arn string) string {
	if r := s.st.Roles[arn[strings.LastIndexByte(arn, '/')+1:]]; r != nil && arn == s.roleARN(r.Name) {
		return s.st.Policies[r.Boundary.Shown.Get(s.core.Now())]
	}
	return ""
}

// context is the condition context the caller gives.
func (c *call) context() map[string]words {
	keys := map[string]words{}
	for i := 1; ; i++ {
		entry := "ContextEntries.member." + itoa(i)
		key := c.form.Get(entry + ".ContextKeyName")
		if key == "" {
			return keys
		}
		keys[key] = c.list(entry + ".ContextKeyValues")
	}
}

// list is a list of the query protocol.
func (c *call) list(name string) []string {
	var out []string
	for i := 1; c.form.Has(name + ".member." + itoa(i)); i++ {
		out = append(out, c.form.Get(name+".member."+itoa(i)))
	}
	return out
}

// lacking are the condition keys that statements about an action test and the context
// does not have, sorted.
func lacking(docs []string, action string, keys map[string]words) []string {
	var out []string
	for _, d := range docs {
		p, err := parsePolicy(d)
		if err != nil {
			continue // it denies
		}
		for _, st := range p.Statement {
			if len(st.Action) > 0 && !anyLike(st.Action, action, true) {
				continue
			}
			for _, tests := range st.Condition {
				for key := range tests {
					if lookup(keys, key) == nil {
						out = append(out, key)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
