package all

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/firebreak/firebreak/adapters/vault"
	"github.com/firebreak/firebreak/internal/secret"
)

// vaultServer says where Vault is, as whom to come, and which certificates it is
// believed by, in the variables of its own client.
// Source: Vault documentation, "Commands (CLI)", "Environment variables".
func vaultServer(env map[string]string) (vault.Config, error) {
	c := vault.Config{Address: env["VAULT_ADDR"], Namespace: env["VAULT_NAMESPACE"]}
	token, err := vaultToken(env)
	if err != nil {
		return c, err
	}
	c.Token = token
	if c.Address == "" {
		return c, nil // nothing to believe or not
	}
	if skip := env["VAULT_SKIP_VERIFY"]; skip != "" {
		if on, err := strconv.ParseBool(skip); err != nil || on {
			return c, errors.New("VAULT_SKIP_VERIFY is set: whoever stands between would get our token and every new secret; unset it and name the certificate of Vault's CA in VAULT_CACERT")
		}
	}
	c.Roots, err = vaultRoots(env)
	return c, err
}

func vaultToken(env map[string]string) (secret.Text, error) {
	if t := env["VAULT_TOKEN"]; t != "" {
		return secret.NewString(t), nil
	}
	b, err := optional(env, "~/.vault-token") // where `vault login` leaves it
	return secret.NewString(strings.TrimSpace(string(b))), err
}

// vaultRoots gives the certificates which alone vouch for Vault; nil for the system's.
// A file goes before certificates in the variable itself, these before a folder.
func vaultRoots(env map[string]string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	switch file, text, dir := env["VAULT_CACERT"], env["VAULT_CACERT_BYTES"], env["VAULT_CAPATH"]; {
	case file != "":
		return pool, certificates(pool, "VAULT_CACERT", home(env, file))
	case text != "":
		if !pool.AppendCertsFromPEM([]byte(text)) {
			return nil, errors.New("VAULT_CACERT_BYTES holds no certificate; put the PEM text of the CA's certificate there, or its file into VAULT_CACERT")
		}
		return pool, nil
	case dir != "":
		dir = home(env, dir)
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("read the folder of VAULT_CAPATH: %w", err)
		}
		found := false
		for _, e := range entries {
			if info, err := os.Stat(filepath.Join(dir, e.Name())); err != nil || !info.Mode().IsRegular() {
				continue
			}
			if err := certificates(pool, "VAULT_CAPATH", filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
			found = true
		}
		if !found {
			return nil, fmt.Errorf("VAULT_CAPATH: %s has no files; put the PEM files of the CAs' certificates there", dir)
		}
		return pool, nil
	}
	return nil, nil
}

// certificates adds a file's to pool.
func certificates(pool *x509.CertPool, variable, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the certificates of %s: %w", variable, err)
	}
	if !pool.AppendCertsFromPEM(b) {
		return fmt.Errorf("%s: %s holds no certificate; it must be a PEM file", variable, file)
	}
	return nil
}
