package github

import (
	"encoding/json"
	"net/http"
)

// revokeCredentials takes back the tokens it is shown, whosever they are. It is answered
// the same for what is no token.
// Source: GitHub REST reference, "Revoke a list of credentials".
func (s *Server) revokeCredentials(r *http.Request) answer {
	var in struct {
		Credentials []string `json:"credentials"`
	}
	switch {
	case presented(r) != "":
		return fail(http.StatusForbidden, "This endpoint does not accept authenticated requests")
	case json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Credentials) == 0 || len(in.Credentials) > 1000:
		return answer{status: http.StatusUnprocessableEntity, body: map[string]any{"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest", "errors": []string{"credentials"}}}
	}
	for _, t := range s.state.Tokens {
		for _, shown := range in.Credentials {
			if t.Value == shown && !t.Dead {
				t.Dead = true
				s.core.Dies(t.Name, s.core.Now(), "shown to GitHub and taken back")
			}
		}
	}
	return answer{status: http.StatusAccepted, body: map[string]any{}}
}

// issuedToken is the name of those that people make while the world runs.
const issuedToken = "github token made meanwhile"

// IssueToken makes a token of a login, as its owner does in the web page, and gives it.
func (s *Server) IssueToken(login string) string {
	value := "ghp_" + s.core.Text(36)
	s.state.Tokens = append(s.state.Tokens, &Token{Name: issuedToken, Value: value, Login: login})
	s.core.Born(issuedToken, value)
	return value
}

// Takes reports whether GitHub takes a token.
func (s *Server) Takes(value string) bool {
	for _, t := range s.state.Tokens {
		if t.Value == value {
			return !t.Dead
		}
	}
	return false
}
