package counterpart

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// NPM is the real npm client, of the version in its recipe.
type NPM struct {
	t        testing.TB
	node     string
	cli      string
	registry string
	home     string
}

// NPMClient gives the npm client for one registry. It has a home of its own and nothing
// of the ambient environment: whatever HOME, an .npmrc or a variable there says, it
// reaches this registry with the token it is given, and nobody else.
func NPMClient(t testing.TB, registry string) NPM {
	t.Helper()
	cli := filepath.Join(Installed("npm"), "node_modules", "npm", "bin", "npm-cli.js")
	if _, err := os.Stat(cli); err != nil {
		Missing(t, "the npm client", err.Error())
	}
	u, err := url.Parse(registry)
	if err != nil || u.Hostname() != "127.0.0.1" {
		t.Fatalf("the npm client is for registries on this machine, not for %q", registry)
	}
	return NPM{t: t, node: node(t), cli: cli, registry: registry, home: t.TempDir()}
}

// Run runs npm with a token, "" for none, in a folder, and gives what it said on both
// streams and its exit code.
func (n NPM) Run(token, dir string, args ...string) (said string, code int) {
	n.t.Helper()
	u, err := url.Parse(n.registry)
	if err != nil {
		n.t.Fatal(err)
	}
	rc := "registry=" + n.registry + "/\n"
	if token != "" {
		rc += "//" + u.Host + "/:_authToken=" + token + "\n"
	}
	userconfig := filepath.Join(n.home, "npmrc")
	if err := os.WriteFile(userconfig, []byte(rc), 0o600); err != nil {
		n.t.Fatal(err)
	}
	cmd := exec.CommandContext(n.t.Context(), n.node, append([]string{n.cli}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + n.home, "PATH=" + filepath.Dir(n.node), "NPM_CONFIG_USERCONFIG=" + userconfig,
		"NPM_CONFIG_GLOBALCONFIG=" + filepath.Join(n.home, "none"), "NPM_CONFIG_PREFIX=" + n.home, "NPM_CONFIG_CACHE=" + filepath.Join(n.home, "cache"),
		"NPM_CONFIG_UPDATE_NOTIFIER=false", "NPM_CONFIG_IGNORE_SCRIPTS=true", "NPM_CONFIG_FETCH_RETRIES=0", "NPM_CONFIG_LOGS_MAX=0", "NO_COLOR=1",
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		n.t.Fatalf("run npm: %v\n%s", err, out.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// Package writes a package of one file to publish, and gives its folder.
func (n NPM) Package(name, version string) string {
	n.t.Helper()
	dir := n.t.TempDir()
	manifest := fmt.Sprintf(`{"name":%q,"version":%q,"description":"","main":"index.js","license":"MIT"}`, name, version)
	for file, text := range map[string]string{"package.json": manifest, "index.js": "module.exports = " + fmt.Sprintf("%q", version) + ";\n"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			n.t.Fatal(err)
		}
	}
	return dir
}
