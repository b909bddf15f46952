package github

import (
	"encoding/json"
	"net/http"
	"net/url"
)

func (s *Server) variablesIn(scope string) []map[string]any {
	list := []map[string]any{}
	for _, v := range s.state.Variables {
		if v.Scope == scope || v.Scope == "" && scope == "repository" {
			list = append(list, map[string]any{"name": v.Name, "value": v.Value, "created_at": stamp(s.state.Began), "updated_at": stamp(s.state.Began)})
		}
	}
	return list
}

func (s *Server) variables(r *http.Request) answer {
	scope, there := s.scope(r)
	if !there {
		return fail(http.StatusNotFound, "Not Found")
	}
	return listing(r, "variables", s.variablesIn(scope))
}

func (s *Server) organizationVariables(r *http.Request) answer {
	return listing(r, "variables", s.variablesIn("organization"))
}

func (s *Server) environmentShape(e Environment) map[string]any {
	rules := []map[string]any{}
	if len(e.Reviewers) > 0 {
		who := []map[string]any{}
		for _, login := range e.Reviewers {
			who = append(who, map[string]any{"type": "User", "reviewer": s.account(login, "User")})
		}
		rules = append(rules, map[string]any{"id": 1, "node_id": node("GA", e.Name+"/1"), "type": "required_reviewers", "prevent_self_review": true, "reviewers": who})
	}
	var policy any
	if e.Protected || len(e.Branches) > 0 {
		rules = append(rules, map[string]any{"id": 2, "node_id": node("GA", e.Name+"/2"), "type": "branch_policy"})
		policy = map[string]any{"protected_branches": e.Protected, "custom_branch_policies": len(e.Branches) > 0}
	}
	return with(times(s.state.Began, s.state.Began), map[string]any{
		"id": numbered(e.Name), "node_id": node("EN", e.Name), "name": e.Name, "can_admins_bypass": e.CanBypass, "protection_rules": rules, "deployment_branch_policy": policy,
		"url": s.repo("environments", url.PathEscape(e.Name)), "html_url": s.page("deployments/activity_log?environments_filter=" + url.QueryEscape(e.Name)),
	})
}

func (s *Server) environments(r *http.Request) answer {
	list := []map[string]any{}
	for _, e := range s.state.Environments {
		list = append(list, s.environmentShape(e))
	}
	return listing(r, "environments", list)
}

func (s *Server) getEnvironment(r *http.Request) answer {
	e := s.state.environment(r.PathValue("environment"))
	if e == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(s.environmentShape(*e))
}

func (s *Server) branchPolicies(r *http.Request) answer {
	e := s.state.environment(r.PathValue("environment"))
	if e == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	list := []map[string]any{}
	for i, b := range e.Branches {
		list = append(list, map[string]any{"id": i + 1, "node_id": node("GABP", e.Name+b), "name": b, "type": "branch"})
	}
	return listing(r, "branch_policies", list)
}

func (s *Server) defaultPermissions(*http.Request) answer {
	return ok(map[string]any{"default_workflow_permissions": s.state.Permissions, "can_approve_pull_request_reviews": false})
}

func (s *Server) runners(r *http.Request) answer {
	list := []map[string]any{}
	for _, x := range s.state.Runners {
		labels := []map[string]any{}
		for _, l := range x.Labels {
			labels = append(labels, map[string]any{"name": l, "type": "custom"})
		}
		list = append(list, map[string]any{"id": x.ID, "name": x.Name, "os": "linux", "status": x.Status, "busy": x.Busy, "labels": labels})
	}
	return listing(r, "runners", list)
}

func (s *Server) keys(r *http.Request) answer {
	list := []map[string]any{}
	for _, k := range s.state.Keys {
		list = append(list, map[string]any{"id": k.ID, "url": s.repo("keys", k.ID), "key": "ssh-ed25519 AAAA", "title": k.Title, "read_only": k.ReadOnly, "created_at": stamp(k.Created), "added_by": k.AddedBy, "verified": true})
	}
	return bare(r, list)
}

func (s *Server) subject(*http.Request) answer {
	if len(s.state.Subject) > 0 {
		return ok(json.RawMessage(s.state.Subject))
	}
	return ok(map[string]any{"use_default": true})
}
