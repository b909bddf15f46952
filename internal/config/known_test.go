package config

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

func TestWhatNobodyHasIsAMistake(t *testing.T) {
	k := Kinds{
		Issuers: map[string][]plan.Field{"npm.token": {{Name: "user", Type: plan.String, Required: true, Doc: "whose"}, {Name: "id", Type: plan.String}, {Name: "old", Type: plan.Secret, Required: true}}},
		Stores:  map[string][]plan.Field{"vault.kv": {{Name: "path", Type: plan.String, Required: true, Doc: "where"}}},
	}
	file := `version: 1
credentials:
  - secret: A
    issuer: { npm.tokn: { user: bot } }
    stores: [ { vault.kv: { pth: x } }, { vault.vk: {} } ]
  - secret: B
    issuer: { npm.token: { uesr: bot } }
  - secret: C
    issuer: { npm.token: { user: bot, id: x } }
    stores: [ { vault.kv: { path: x } } ]
`
	err := Check("f.yaml", []byte(file), k)
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{
		`4:15: firebreak knows no issuer "npm.tokn"`, "did you mean npm.token?",
		`5:29: unknown key "pth"`, `5:17: vault.kv needs the setting "path"`, `5:43: firebreak knows no store "vault.vk"`,
		`7:28: unknown key "uesr"`, `7:15: npm.token needs the setting "user"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	if strings.Contains(err.Error(), ":9:") || strings.Contains(err.Error(), ":10:") || strings.Contains(err.Error(), `"old"`) {
		t.Errorf("the right one is told: %v", err)
	}
}
