package counterpart

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// VaultServer is a HashiCorp Vault core on a loopback port, unsealed and empty. It
// keeps everything in memory.
type VaultServer struct {
	Address string // http://127.0.0.1:PORT
	Root    string // root token
}

// VaultBinary is the server that `make counterparts` builds.
func VaultBinary() string { return filepath.Join(Installed("vault"), "vault") }

// Vault starts a server, which ends with the test.
func Vault(t testing.TB) VaultServer {
	t.Helper()
	if _, err := os.Stat(VaultBinary()); err != nil {
		Missing(t, "Vault", err.Error())
	}
	cmd := exec.Command(VaultBinary()) //nolint:noctx // the end of its standard input ends it, whatever became of us
	cmd.Env = []string{}               // nothing ambient: its client reads VAULT_ variables
	var hello struct{ Address, Root string }
	launch(t, "vault", cmd, &hello)
	return VaultServer{Address: hello.Address, Root: hello.Root}
}

// VaultAnswer is what the server said: Body is nil where there was none.
type VaultAnswer struct {
	Status int
	Body   map[string]any // numbers are json.Number
}

// Call sends one request to a path below /v1/. An empty token is left out, a nil body too.
func (v VaultServer) Call(t testing.TB, token, method, path string, body any) VaultAnswer {
	t.Helper()
	var b io.Reader
	if body != nil {
		j, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, v.Address+"/v1/"+path, b)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("X-Vault-Token", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	a := VaultAnswer{Status: resp.StatusCode}
	d := json.NewDecoder(resp.Body)
	d.UseNumber()
	if err := d.Decode(&a.Body); err != nil && err != io.EOF {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Must is Call as root for the preparation of a test: anything but success ends it.
func (v VaultServer) Must(t testing.TB, method, path string, body any) map[string]any {
	t.Helper()
	a := v.Call(t, v.Root, method, path, body)
	if a.Status >= 300 {
		t.Fatalf("%s %s answered %d: %v", method, path, a.Status, a.Body)
	}
	d, _ := a.Body["data"].(map[string]any)
	return d
}

// KV mounts a key-value engine, version 2. It upgrades itself in the background, and
// takes no writes before it has: this waits for the first.
func (v VaultServer) KV(t testing.TB, mount string) {
	t.Helper()
	v.Must(t, http.MethodPost, "sys/mounts/"+mount, map[string]any{"type": "kv", "options": map[string]string{"version": "2"}})
	probe := strings.TrimSuffix(mount, "/") + "/metadata/probe"
	late := time.After(time.Minute)
	for {
		a := v.Call(t, v.Root, http.MethodPost, probe, map[string]any{"max_versions": 0})
		if a.Status < 300 {
			v.Must(t, http.MethodDelete, probe, nil)
			return
		}
		select {
		case <-late:
			t.Fatalf("%s takes no writes: %d %v", mount, a.Status, a.Body)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
