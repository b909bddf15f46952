package npm

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Environment implements world.Pointing: the registry's address, an .npmrc with
// the operator's token, and the variables which hold passwords.
func (r *Registry) Environment(address, dir string) (map[string]string, error) {
	env := map[string]string{"NPM_CONFIG_REGISTRY": address + "/"}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("npm environment: %w", err)
	}
	for _, t := range r.state.Tokens {
		if r.state.Operator == "" || t.Name != r.state.Operator {
			continue
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("npm environment: %w", err)
		}
		file := filepath.Join(dir, "npmrc")
		line := fmt.Sprintf("//%s/:_authToken=%s\n", u.Host, t.Value)
		if err := renameio.WriteFile(file, []byte(line), 0o600); err != nil {
			return nil, fmt.Errorf("write %s: %w", file, err)
		}
		env["NPM_CONFIG_USERCONFIG"] = file
	}
	for _, u := range r.state.Users {
		if u.PasswordEnv != "" {
			env[u.PasswordEnv] = u.Password
		}
		if u.OTPEnv != "" {
			env[u.OTPEnv] = u.OTP
		}
	}
	return env, nil
}
