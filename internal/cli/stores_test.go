package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// variant writes a copy of the shipped scenario, changed, and gives its file.
func variant(t *testing.T, scenario, configuration *strings.Replacer) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "playbooks", "scenarios"))); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]*strings.Replacer{"publish-token-theft.yaml": scenario, "publish-token-theft/firebreak.yaml": configuration} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		changed := change.Replace(string(b))
		if changed == string(b) {
			t.Fatalf("nothing was changed in %s", name)
		}
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "publish-token-theft.yaml")
}

// A copy of a stolen value in the organization's, Dependabot's and Codespaces' stores:
// each that the configuration names gets the new value; one of which nobody said what
// it is holds minting.
func TestEveryStoreOfAStolenValue(t *testing.T) {
	scattered := strings.NewReplacer("    secrets:\n      NPM_TOKEN: { credential: NPM_TOKEN }\n",
		"    organization:\n      NPM_TOKEN: { credential: NPM_TOKEN }\n    dependabot:\n      NPM_TOKEN: { credential: NPM_TOKEN }\n    codespaces:\n      NPM_TOKEN: { credential: NPM_TOKEN }\n")
	for name, x := range map[string]struct {
		stores    string
		want, say string
	}{
		"one is not named": {"{ github.secret: { scope: dependabot } }, ", `"outcome": "breached"`, "the codespaces store of acme/shop has a secret NPM_TOKEN, which may be a copy"},
		"all are named":    {"{ github.secret: { scope: dependabot } }, { github.secret: { scope: codespaces } }, ", `"outcome": "contained"`, "put acme/shop/organization/NPM_TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			file := variant(t, scattered, strings.NewReplacer("stores: [ { vault.kv", "stores: [ "+x.stores+"{ vault.kv"))
			cmd := exec.Command("firebreak", "rehearse", file, "--auto", "--speed", "200", "--output", "json")
			cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "XDG_STATE_HOME=" + t.TempDir()}
			var progress strings.Builder
			cmd.Stderr = &progress
			out, err := cmd.Output()
			if _, ended := err.(*exec.ExitError); err != nil && !ended { //nolint:errorlint // it is this type or nothing
				t.Fatal(err)
			}
			status := exec.Command("firebreak", "status")
			status.Env = cmd.Env
			stands, err := status.Output()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(out), x.want) || !strings.Contains(progress.String()+strings.Join(strings.Fields(string(stands)), " "), x.say) {
				t.Errorf("want %s and %q, got\n%s\n%s\n%s", x.want, x.say, out, progress.String(), stands)
			}
			if strings.Contains(x.want, "contained") && !strings.Contains(string(out), `"violations": []`) {
				t.Errorf("violations:\n%s", out)
			}
		})
	}
}
