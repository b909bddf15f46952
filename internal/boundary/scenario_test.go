package boundary

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const scenario = "../../playbooks/scenarios/publish-token-theft"

const subjectPath = "acme/shop/.github/workflows/pr-checks.yml"

// surveyed gives a snapshot as a survey of the scenario's repository gives it, with the given trees on main and legacy.
func surveyed(t *testing.T, main, legacy string) *snapshot.Snapshot {
	t.Helper()
	r := snapshot.Repository{
		FullName: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read",
		Branches: []snapshot.Branch{{Name: "main", Protected: true}, {Name: "legacy"}},
		Secrets: []snapshot.Secret{
			{Name: "NPM_TOKEN", Scope: "repository"},
			{Name: "DEPLOY_AWS_ACCESS_KEY_ID", Scope: "environment/preview"},
			{Name: "DEPLOY_AWS_SECRET_ACCESS_KEY", Scope: "environment/preview"},
		},
		Environments: []snapshot.Environment{{Name: "preview"}, {Name: "release", Reviewers: []string{"alice", "carol"}}},
		Variables: []snapshot.Variable{
			{Name: "PROD_DEPLOY_ROLE", Scope: "repository", Value: "arn:aws:iam::111122223333:role/deploy"}, {Name: "VAULT_ROLE", Scope: "repository", Value: "ci"},
		},
	}
	for branch, tree := range map[string]string{"main": main, "legacy": legacy} {
		files, err := filepath.Glob(filepath.Join(scenario, tree, branch, ".github/workflows/*.yml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no workflows of %s in %s: %v", branch, tree, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			r.Files = append(r.Files, snapshot.File{Path: ".github/workflows/" + filepath.Base(f), Branches: []string{branch}, SHA: branch, Content: string(b)})
		}
	}
	s := &snapshot.Snapshot{Schema: snapshot.Schema, Repositories: []snapshot.Repository{r}}
	snapshot.Sort(s)
	return s
}

func configuration(t *testing.T) *config.Config {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(scenario, "firebreak.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("firebreak.yaml", b)
	if err != nil {
		t.Fatal(err)
	}
	return &cfg
}

func judge(t *testing.T, s *snapshot.Snapshot) ([]inventory.Finding, inventory.Inventory) {
	t.Helper()
	models := inventory.Parse(inventory.FromSnapshot(s))
	inv := inventory.Build(models, s, configuration(t))
	found := Check(models, inv)
	return found, inv.WithFindings(found)
}

var now = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestScenarioHoldsTheGateUntilBothBranchesAreMended(t *testing.T) {
	for _, c := range []struct {
		main, legacy string
		want         []string
	}{
		{"repo", "repo", []string{"main untrusted-checkout-with-secrets", "legacy untrusted-checkout-with-secrets", "main id-token-beside-untrusted-code", "legacy id-token-beside-untrusted-code", "main deploy-outside-protected-environment", "legacy deploy-outside-protected-environment"}},
		{"fixed", "repo", []string{"legacy untrusted-checkout-with-secrets", "legacy id-token-beside-untrusted-code", "legacy deploy-outside-protected-environment"}},
		{"fixed", "fixed", nil},
	} {
		s := surveyed(t, c.main, c.legacy)
		found, _ := judge(t, s)
		v := Gate(found, s, []string{subjectPath}, nil, now)
		if len(v.Unknown) > 0 || len(v.Accepted) > 0 {
			t.Errorf("%s, %s: unknown %v, accepted %v", c.main, c.legacy, v.Unknown, v.Accepted)
		}
		got := map[string]bool{}
		for _, f := range v.Open {
			got[strings.Join(f.Fires, " ")+" "+f.Rule] = true
		}
		for _, w := range c.want {
			if !got[w] {
				t.Errorf("main %s, legacy %s: %q does not hold the gate", c.main, c.legacy, w)
			}
			delete(got, w)
		}
		for g := range got {
			t.Errorf("main %s, legacy %s: %q holds the gate", c.main, c.legacy, g)
		}
	}
}
