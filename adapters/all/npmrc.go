package all

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"github.com/firebreak/firebreak/adapters/npm"
	"github.com/firebreak/firebreak/internal/secret"
)

// registry reads the user's own npm configuration: variables, then the user-level
// .npmrc. A project's .npmrc is never read: it belongs to the repository under
// response. Source: npm docs, "npmrc", "config".
func registry(env map[string]string) (npm.Config, error) {
	c := npm.Config{Getenv: func(name string) string { return env[name] }}
	rc, err := npmrc(env)
	if err != nil {
		return c, err
	}
	c.Registry = cmp.Or(env["NPM_CONFIG_REGISTRY"], env["npm_config_registry"], rc["registry"])
	c.Token = tokenFor(c.Registry, rc)
	return c, nil
}

// npmrc is the user-level configuration file.
func npmrc(env map[string]string) (map[string]string, error) {
	b, err := optional(env, cmp.Or(env["NPM_CONFIG_USERCONFIG"], env["npm_config_userconfig"], "~/.npmrc"))
	return parseNpmrc(string(b), env), err
}

var variable = regexp.MustCompile(`\$\{([^}]+)\}`)

// parseNpmrc reads the lines "key = value"; ${NAME} stands for a variable of env.
func parseNpmrc(text string, env map[string]string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' || line[0] == '[' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		out[strings.TrimSpace(key)] = variable.ReplaceAllStringFunc(value, func(m string) string { return env[m[2:len(m)-1]] })
	}
	return out
}

// tokenFor finds the token for a registry: //host/path/:_authToken, from the whole
// path up to the host. A token of another host is never given to this one.
func tokenFor(address string, rc map[string]string) secret.Text {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return secret.Text{}
	}
	path := strings.Trim(u.Path, "/")
	for {
		at := "//" + u.Host + "/"
		if path != "" {
			at += path + "/"
		}
		for _, key := range []string{at, strings.TrimSuffix(at, "/")} {
			if v := rc[key+":_authToken"]; v != "" {
				return secret.NewString(v)
			}
		}
		if path == "" {
			return secret.Text{}
		}
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
}
