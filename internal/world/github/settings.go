package github

import (
	"encoding/json"
	"net/http"
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

func (s *Server) subject(*http.Request) answer {
	if len(s.state.Subject) > 0 {
		return ok(json.RawMessage(s.state.Subject))
	}
	return ok(map[string]any{"use_default": true})
}
