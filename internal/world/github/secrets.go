package github

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"

	"github.com/firebreak/firebreak/internal/world"
)

func (s *Server) publicKey(r *http.Request) answer {
	scope, there := s.scope(r)
	if !there {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(map[string]any{"key_id": s.keyID(scope), "key": base64.StdEncoding.EncodeToString(s.state.Public32)})
}

func (s *Server) secretShape(x *Secret) map[string]any {
	updated := x.Updated
	if s.core.Now().Before(x.Seen) {
		updated = x.Before
	}
	return with(times(x.Created, updated), map[string]any{"name": x.Name})
}

func (s *Server) secretsIn(scope string) []map[string]any {
	list := []map[string]any{}
	for _, x := range s.state.Secrets {
		if x.Scope == scope {
			list = append(list, with(s.secretShape(x), s.sharing(x)))
		}
	}
	return list
}

func (s *Server) listSecrets(r *http.Request) answer {
	scope, there := s.scope(r)
	if !there {
		return fail(http.StatusNotFound, "Not Found")
	}
	return listing(r, "secrets", s.secretsIn(scope))
}

func (s *Server) organizationSecrets(r *http.Request) answer {
	list := []map[string]any{}
	for _, x := range s.state.Secrets {
		if x.Scope == "organization" && s.reaches(x, s.state.ID) {
			list = append(list, s.secretShape(x)) // this view does not say with whom it is shared
		}
	}
	return listing(r, "secrets", list)
}

func (s *Server) getSecret(r *http.Request) answer {
	scope, _ := s.scope(r)
	x := s.state.secret(scope, strings.ToUpper(r.PathValue("name")))
	if x == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ok(with(s.secretShape(x), s.sharing(x)))
}

// putSecret opens the sealed box, so that the world knows what its consumers get.
// Source: GitHub REST reference, "Create or update a repository secret": 201 when
// new, 204 when replaced, 422 for another key.
func (s *Server) putSecret(r *http.Request) answer {
	scope, there := s.scope(r)
	if !there {
		return fail(http.StatusNotFound, "Not Found")
	}
	var in struct {
		Value string `json:"encrypted_value"`
		KeyID string `json:"key_id"`
		// Of an organization's secret.
		Visibility string   `json:"visibility"`
		Selected   *[]int64 `json:"selected_repository_ids"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON")
	}
	sealed, err := base64.StdEncoding.DecodeString(in.Value)
	if err != nil || in.KeyID != s.keyID(scope) {
		return fail(http.StatusUnprocessableEntity, "Bad request - key_id or encrypted_value is not valid")
	}
	if shared(scope) {
		if a := wrongSharing(in.Visibility, in.Selected); a != nil {
			return *a
		}
	}
	value, opened := box.OpenAnonymous(nil, sealed, (*[32]byte)(s.state.Public32), (*[32]byte)(s.state.Private32))
	if !opened {
		return fail(http.StatusUnprocessableEntity, "improperly encrypted secret")
	}
	if len(value) > 48<<10 {
		return fail(http.StatusUnprocessableEntity, "Value is too large")
	}
	name := strings.ToUpper(r.PathValue("name"))
	a := s.store(scope, name, string(value))
	if shared(scope) {
		share(s.state.secret(scope, name), in.Visibility, in.Selected)
	}
	return a
}

func (s *Server) store(scope, name, value string) answer {
	now := s.core.Now().Truncate(time.Second)
	known := s.core.Name(value)
	s.core.Log(world.Entry{Kind: "effect", Provider: "github", Call: "secret stored", Object: scope + "/" + name, Credential: known})
	x := s.state.secret(scope, name)
	if x == nil {
		s.state.Secrets = append(s.state.Secrets, &Secret{Name: name, Scope: scope, Value: value, Credential: known, Created: now, Updated: now, Before: now, Seen: now})
		return answer{status: http.StatusCreated, body: struct{}{}}
	}
	x.Before = x.Updated
	x.Value, x.Updated, x.Seen = value, now, s.core.Now().Add(s.core.Delay("github secret"))
	if known != "" {
		x.Credential = known
	}
	return empty(http.StatusNoContent)
}
