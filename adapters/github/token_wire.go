package github

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/firebreak/firebreak/internal/secret"
)

// present puts a token on a request that is made with it instead of ours.
func present(r *http.Request, token secret.Text) {
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
}

func hasPrefix(value secret.Text, prefix string) bool {
	return strings.HasPrefix(value.Reveal(), prefix)
}

// revocation is the body that names the tokens to be revoked.
func revocation(token secret.Text) map[string]any {
	return map[string]any{"credentials": []string{token.Reveal()}}
}

// decodeProbe reads an answer to a token that was tried; only a success is looked into.
func decodeProbe(resp *http.Response, v any) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	return json.Unmarshal(b, v)
}
