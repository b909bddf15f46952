package all_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/all"
	"github.com/firebreak/firebreak/internal/config"
)

// vouched starts a TLS server that knows who it is as a Vault does, and gives its certificate.
func vouched(t *testing.T) (address, cert string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body := `{"initialized":true,"cluster_id":"c1"}`
		if strings.HasSuffix(r.URL.Path, "lookup-self") {
			body = `{"data":{"path":"auth/token/create","accessor":"a","policies":["ir"]}}`
		}
		w.Write([]byte(body)) //nolint:errcheck // the test sees what is missing
	}))
	t.Cleanup(s.Close)
	return s.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// stranger makes a certificate that vouches for nobody here.
func stranger(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	b, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b}))
}

// reaches reports whether the Vault of an environment can be talked to.
func reaches(t *testing.T, env map[string]string) bool {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	providers, err := all.Providers(from(t, env, config.Config{}), adapters.Wire{Transport: tr, Now: time.Now, Agent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range providers {
		if p.Name() == "vault" {
			_, err = p.Self(t.Context())
		}
	}
	if tr.TLSClientConfig != nil && tr.TLSClientConfig.RootCAs != nil {
		t.Error("what vouches for Vault vouches for everybody")
	}
	return err == nil
}

func TestVaultCertificates(t *testing.T) {
	address, cert := vouched(t)
	dir := t.TempDir()
	file := write(t, dir, "ca/vault.pem", cert)
	strangers := stranger(t)
	other := write(t, dir, "other/other.pem", strangers)
	env := func(more ...string) map[string]string {
		e := map[string]string{"VAULT_ADDR": address, "VAULT_TOKEN": "x", "HOME": dir}
		for i := 0; i < len(more); i += 2 {
			e[more[i]] = more[i+1]
		}
		return e
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"the system's": {env(), false}, "a file": {env("VAULT_CACERT", file), true}, "a file at home": {env("VAULT_CACERT", "~/ca/vault.pem"), true},
		"a folder": {env("VAULT_CAPATH", filepath.Join(dir, "ca")), true}, "the text": {env("VAULT_CACERT_BYTES", cert), true},
		"a stranger's": {env("VAULT_CACERT", other), false}, "the file goes before the folder": {env("VAULT_CACERT", other, "VAULT_CAPATH", filepath.Join(dir, "ca")), false},
		"the file goes before the text": {env("VAULT_CACERT", file, "VAULT_CACERT_BYTES", strangers), true}, "verification is on": {env("VAULT_CACERT", file, "VAULT_SKIP_VERIFY", "false"), true},
	} {
		if got := reaches(t, c.env); got != c.want {
			t.Errorf("%s: reached %v, want %v", name, got, c.want)
		}
	}
}

// A certificate that cannot be read is told at once, by the variable's name.
func TestVaultCertificatesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	text := write(t, dir, "ca/readme.txt", "no certificate\n")
	empty := t.TempDir()
	for name, value := range map[string]string{
		"VAULT_CACERT": filepath.Join(dir, "none.pem"), "VAULT_CACERT ": text, "VAULT_CAPATH": filepath.Join(dir, "nowhere"), "VAULT_CAPATH ": filepath.Dir(text), "VAULT_CAPATH  ": empty,
		"VAULT_CACERT_BYTES": "no certificate", "VAULT_SKIP_VERIFY": "1", "VAULT_SKIP_VERIFY ": "yes please",
	} {
		variable := strings.TrimSpace(name)
		_, err := all.FromEnvironment(map[string]string{"VAULT_ADDR": "https://127.0.0.1:1", variable: value}, config.Config{})
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("%s=%s: got %v", variable, value, err)
		}
		if variable == "VAULT_SKIP_VERIFY" && (err == nil || !strings.Contains(err.Error(), "VAULT_CACERT")) {
			t.Errorf("a refusal says what to do instead: %v", err)
		}
		if _, err := all.FromEnvironment(map[string]string{variable: value}, config.Config{}); err != nil {
			t.Errorf("%s without a Vault is nobody's concern: %v", variable, err)
		}
	}
}

// A rehearsal's environment is the world's: what the machine believes is not in it.
func TestAmbientCertificatesAreNotRead(t *testing.T) {
	_, cert := vouched(t)
	t.Setenv("VAULT_CACERT", write(t, t.TempDir(), "ca.pem", cert))
	t.Setenv("VAULT_SKIP_VERIFY", "true")
	if s := from(t, map[string]string{"VAULT_ADDR": "http://127.0.0.1:1"}, config.Config{}); s.Vault.Roots != nil {
		t.Error("certificates of the machine's own environment are believed")
	}
}
