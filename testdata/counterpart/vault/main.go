// Command vault is a real Vault core on a loopback port, for tests alone. It keeps
// everything in memory, initializes and unseals itself, prints one line of JSON with
// its address and root token, and ends when its standard input does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/audit/file"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/logical/database"
	"github.com/hashicorp/vault/builtin/logical/pki"
	"github.com/hashicorp/vault/builtin/logical/ssh"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vhttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/plugins/database/postgresql"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	log := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Error})
	store, err := inmem.NewInmem(nil, log)
	if err != nil {
		return err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical: store, DisableMlock: true, Logger: log, BuiltinRegistry: plugins{},
		AuditBackends:      map[string]audit.Factory{"file": file.Factory},
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory, "database": database.Factory, "transit": transit.Factory, "pki": pki.Factory, "ssh": ssh.Factory},
		CredentialBackends: map[string]logical.Factory{"jwt": jwt.Factory, "oidc": jwt.Factory, "approle": approle.Factory},
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: vhttp.Handler.Handler(&vault.HandlerProperties{Core: core, ListenerConfig: &configutil.Listener{}}), ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	address := "http://" + l.Addr().String()
	root, err := open(address)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"address": address, "root": root}); err != nil {
		return err
	}
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin) // whoever started us holds the other end
		failed <- err
	}()
	err = <-failed
	core.ShutdownWait() //nolint:errcheck // nothing of it is kept
	return err
}

// open initializes and unseals a fresh server and gives its root token once it is active.
func open(address string) (string, error) {
	c, err := api.NewClient(&api.Config{Address: address, HttpClient: http.DefaultClient})
	if err != nil {
		return "", err
	}
	made, err := c.Sys().Init(&api.InitRequest{SecretShares: 1, SecretThreshold: 1})
	if err != nil {
		return "", fmt.Errorf("initialize: %w", err)
	}
	if _, err := c.Sys().Unseal(made.KeysB64[0]); err != nil {
		return "", fmt.Errorf("unseal: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		h, err := c.Sys().HealthWithContext(ctx)
		if err != nil {
			return "", fmt.Errorf("wait until it is active: %w", err)
		}
		if h.Initialized && !h.Sealed && !h.Standby {
			return made.RootToken, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// plugins are the plugins that are part of the server.
type plugins struct{}

const postgres = "postgresql-database-plugin"

func (plugins) Contains(name string, kind consts.PluginType) bool {
	return name == postgres && kind == consts.PluginTypeDatabase
}

func (p plugins) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	return postgresql.New, p.Contains(name, kind)
}

func (plugins) Keys(kind consts.PluginType) []string {
	if kind == consts.PluginTypeDatabase {
		return []string{postgres}
	}
	return nil
}

func (p plugins) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, p.Contains(name, kind)
}

func (plugins) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
