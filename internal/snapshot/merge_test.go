package snapshot_test

import (
	"testing"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// A later look at something else of the same server forgets no AppRole.
func TestALaterLookForgetsNoAppRole(t *testing.T) {
	was := &snapshot.Snapshot{Vault: []snapshot.Vault{{Address: "https://vault.example", AppRoles: []snapshot.VaultAppRole{{Mount: "approle", Name: "deploy"}, {Mount: "approle", Name: "ci"}}}}}
	now := &snapshot.Snapshot{Vault: []snapshot.Vault{{Address: "https://vault.example", KV: []snapshot.VaultKV{{Mount: "secret", Path: "x"}}}}}
	got := snapshot.Merge(was, now)
	if len(got.Vault) != 1 || len(got.Vault[0].AppRoles) != 2 || len(got.Vault[0].KV) != 1 {
		t.Errorf("%+v", got.Vault)
	}
}
