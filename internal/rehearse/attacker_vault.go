package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/firebreak/firebreak/internal/world/vault"
)

// vaultToken gives the value of a held Vault token.
func (r *Rehearsal) vaultToken(name string) (value string, ok bool) {
	r.look(func() {
		if st, is := r.p.vault.State().(*vault.State); is {
			for _, t := range st.Tokens {
				if t.Name == name {
					value, ok = t.Value, true
				}
			}
		}
	})
	return value, ok
}

// secretID gives a held secret-id of a Vault AppRole, with the role's id.
func (r *Rehearsal) secretID(name string) (roleID, value string, ok bool) {
	r.look(func() {
		st, is := r.p.vault.State().(*vault.State)
		if !is {
			return
		}
		for _, role := range st.AppRoles {
			for _, s := range role.SecretIDs {
				if s.Name == name {
					roleID, value, ok = role.RoleID, s.Value, true
				}
			}
		}
	})
	return roleID, value, ok
}

// logIn shows a secret-id to Vault and gives the token, "" where it is refused. A session
// got while the secret-id worked is used as long as it works.
func (a *attacker) logIn(ctx context.Context, roleID, secretID string) (string, error) {
	body, err := json.Marshal(map[string]string{"role_id": roleID, "secret_id": secretID})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.r.World.URL("vault")+"/v1/auth/approle/login", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return "", err
	}
	var answer struct {
		Auth struct {
			Token string `json:"client_token"`
		} `json:"auth"`
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return "", err
	}
	if answer.Auth.Token == "" {
		return a.tokens[secretID], nil
	}
	a.tokens[secretID] = answer.Auth.Token
	return answer.Auth.Token, nil
}
