package github

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/secret"
	world "github.com/firebreak/firebreak/internal/world/github"
)

// Our own key is known however its file is written.
func TestOurOwnAppKeyIsKnown(t *testing.T) {
	key := world.AppPrivateKey("ours")
	p := &Provider{who: &installation{app: App{ID: 9, Key: secret.NewString(strings.ReplaceAll(strings.TrimSpace(key), "\n", "\r\n"))}}}
	if !p.ownAppKey(secret.NewString(key)) {
		t.Error("a person would be asked to delete the key that firebreak logs in with")
	}
	if p.ownAppKey(secret.NewString(world.AppPrivateKey("theirs"))) || (&Provider{who: fixed{}}).ownAppKey(secret.NewString(key)) {
		t.Error("another key is none of ours")
	}
}
