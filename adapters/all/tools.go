package all

import (
	"context"
	"net/url"
	"os/exec"
	"strings"

	"github.com/firebreak/firebreak/internal/secret"
)

// Run starts a program in a folder and gives its standard output.
type Run func(ctx context.Context, dir, name string, args ...string) ([]byte, error)

// Exec runs programs of this machine.
func Exec(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	return c.Output()
}

// Ask fills in what is still missing by asking the tools a user already logged in
// with: `gh auth token`, and `npm config get registry`. They run in env's HOME and
// never in the working directory, whose configuration may be the attacker's. A tool
// that is not there, or fails, leaves the setting as it is: its absence is told
// when it is first needed. Not for a rehearsal, where there is nothing to ask.
func (s *Settings) Ask(ctx context.Context, env map[string]string, run Run) error {
	dir := env["HOME"]
	if dir == "" {
		return nil
	}
	if s.GitHub.Token.Empty() && s.GitHub.App == nil {
		args := []string{"auth", "token"}
		if u, err := url.Parse(s.GitHub.BaseURL); err == nil && u.Host != "" {
			args = append(args, "--hostname", strings.TrimPrefix(u.Hostname(), "api."))
		}
		if b, err := run(ctx, dir, "gh", args...); err == nil {
			s.GitHub.Token = secret.NewString(strings.TrimSpace(string(b)))
		}
	}
	if s.NPM.Registry != "" {
		return nil
	}
	b, err := run(ctx, dir, "npm", "config", "get", "registry")
	if err != nil {
		return nil //nolint:nilerr // see above: the absence is told when the registry is needed
	}
	rc, err := npmrc(env)
	if err != nil {
		return err
	}
	if at := strings.TrimSpace(string(b)); strings.HasPrefix(at, "http") {
		s.NPM.Registry, s.NPM.Token = at, tokenFor(at, rc)
	}
	return nil
}
