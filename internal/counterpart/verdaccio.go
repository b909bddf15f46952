package counterpart

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Registry is an npm registry, Verdaccio 6.10.4, on a loopback port, empty. It keeps
// its packages in a folder of the test and knows no other registry.
type Registry struct {
	URL string // http://127.0.0.1:PORT, without a slash at its end
}

// Verdaccio's name in claims.
const Verdaccio6 = "Verdaccio 6.10.4"

// leastNode is what Verdaccio and the npm client of its recipe need.
const leastNode = 22

const registryConfig = `storage: ./storage
auth: {htpasswd: {file: ./htpasswd, max_users: 10000, algorithm: bcrypt, rounds: 4}}
uplinks: {}
packages: {'**': {access: $all, publish: $authenticated, unpublish: $authenticated}}
flags: {token: true}
security: {api: {legacy: false, jwt: {sign: {expiresIn: 7d}}}}
userRateLimit: {windowMs: 1000, max: 100000}
log: {type: file, path: ./verdaccio.log, level: warn}
`

// node gives a Node that is new enough: the one on PATH, else the one of the recipe.
func node(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("node"); err == nil {
		out, err := exec.CommandContext(t.Context(), path, "--version").Output()
		major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), ".")
		if n, aerr := strconv.Atoi(major); err == nil && aerr == nil && n >= leastNode {
			return path
		}
	}
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	path := filepath.Join(Installed("npm"), "node_modules", "node-"+runtime.GOOS+"-"+arch, "bin", "node")
	if _, err := os.Stat(path); err != nil {
		Missing(t, "Node "+strconv.Itoa(leastNode), err.Error())
	}
	return path
}

// Verdaccio starts a registry, which ends with the test.
func Verdaccio(t testing.TB) Registry {
	t.Helper()
	script := filepath.Join(Installed("npm"), "serve.js")
	if _, err := os.Stat(script); err != nil {
		Missing(t, "Verdaccio", err.Error())
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte(registryConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node(t), script, config) //nolint:noctx // the end of its standard input ends it, whatever became of us
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir}
	var hello struct{ Port int }
	launch(t, "verdaccio", cmd, &hello)
	return Registry{URL: fmt.Sprintf("http://127.0.0.1:%d", hello.Port)}
}

// Answer is what a registry said. Body is nil where there was none, or no JSON object.
type Answer struct {
	Status int
	Header http.Header
	Body   map[string]any
	Text   string
}

// Call sends one request; an empty token and a nil body are left out.
func (r Registry) Call(t testing.TB, token, method, path string, body any) Answer {
	t.Helper()
	var b io.Reader
	if body != nil {
		j, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL+path, b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header, Text: string(text)}
	if json.Unmarshal(text, &a.Body) != nil {
		a.Body = nil
	}
	return a
}

// User makes a user and gives the token of its login, which no list shows and no
// revocation ends.
func (r Registry) User(t testing.TB, name, password string) string {
	t.Helper()
	a := r.Call(t, "", http.MethodPut, "/-/user/org.couchdb.user:"+name, map[string]string{"name": name, "password": password})
	token, _ := a.Body["token"].(string)
	if a.Status != http.StatusCreated || token == "" {
		t.Fatalf("make user %s: %d %s", name, a.Status, a.Text)
	}
	return token
}

// Token makes a token of the user that the login is of.
func (r Registry) Token(t testing.TB, login, password string, readonly bool) (value, key string) {
	t.Helper()
	a := r.Call(t, login, http.MethodPost, "/-/npm/v1/tokens", map[string]any{"password": password, "readonly": readonly, "cidr_whitelist": []string{}})
	value, _ = a.Body["token"].(string)
	key, _ = a.Body["key"].(string)
	if a.Status >= 300 || value == "" || key == "" {
		t.Fatalf("make a token: %d %s", a.Status, a.Text)
	}
	return value, key
}
