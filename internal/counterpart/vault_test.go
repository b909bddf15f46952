package counterpart

import (
	"debug/buildinfo"
	"net/url"
	"os"
	"testing"
)

// Another sdk than this one builds and then differs from what Vault 1.13.2 was
// released with.
func TestVaultIsBuiltWithItsOwnVersions(t *testing.T) {
	if _, err := os.Stat(VaultBinary()); err != nil {
		Missing(t, "Vault", err.Error())
	}
	info, err := buildinfo.ReadFile(VaultBinary())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"github.com/hashicorp/vault": "v1.13.2", "github.com/hashicorp/vault/sdk": "v0.8.1",
		"github.com/hashicorp/vault-plugin-auth-jwt": "v0.15.2", "github.com/hashicorp/vault-plugin-secrets-kv": "v0.14.2",
	}
	for _, d := range info.Deps {
		if d.Replace != nil {
			t.Errorf("%s is replaced: a patched server proves nothing of the real one", d.Path)
		}
		if v, ok := want[d.Path]; ok && v == d.Version {
			delete(want, d.Path)
		}
		if d.Path == "github.com/firebreak/firebreak" {
			t.Error("it is built from the product's own module")
		}
	}
	for path, v := range want {
		t.Errorf("%s %s is not in it", path, v)
	}
}

func TestVaultStartsUnsealedOnLoopback(t *testing.T) {
	v := Vault(t)
	u, err := url.Parse(v.Address)
	if err != nil || u.Hostname() != "127.0.0.1" || u.Port() == "" || u.Port() == "8200" {
		t.Errorf("address %q", v.Address)
	}
	h := v.Call(t, "", "GET", "sys/health", nil)
	if h.Status != 200 || h.Body["version"] != "1.13.2" || h.Body["sealed"] != false {
		t.Errorf("health: %d %v", h.Status, h.Body)
	}
	v.KV(t, "secret")
	if a := v.Call(t, v.Root, "PUT", "secret/data/x", map[string]any{"data": map[string]string{"a": "b"}}); a.Status != 200 {
		t.Errorf("a write to a mount that was waited for: %d %v", a.Status, a.Body)
	}
	if other := Vault(t); other.Call(t, v.Root, "GET", "auth/token/lookup-self", nil).Status != 403 {
		t.Error("one server's root token works at another")
	}
}
