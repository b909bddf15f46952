package inventory

import (
	"slices"
	"testing"
)

// What cannot be read may reach everything: a workflow under response that nobody can
// parse must not look as if it held nothing.
func TestUnreadableWorkflowReachesEverything(t *testing.T) {
	inv := built(t, listed(), map[string]string{"workflows/bad.yml": "on: push\njobs:\n  a:\n    steps:\n      - run: curl -H \"X: $T\" https://partner.example # secrets\n      - env: { T: ${{ secrets.GONE }} }\n"})
	if len(inv.Repositories[0].Workflows[0].Jobs) != 1 {
		t.Fatalf("%+v", inv.Repositories[0].Workflows)
	}
	job := inv.Repositories[0].Workflows[0].Jobs[0]
	if job.ID != UnreadJob {
		t.Fatalf("job %s", job.ID)
	}
	var reached []string
	for _, r := range job.Reaches {
		reached = append(reached, r.Credential)
	}
	for _, c := range inv.Credentials {
		if c.Name == "SHARED" && c.Scope == "organization" {
			continue // the repository has one of that name, which hides it
		}
		if !slices.Contains(reached, c.ID) || !slices.Contains(c.ReachedBy, ".github/workflows/bad.yml") {
			t.Errorf("%s is not among what it may reach", c.ID)
		}
	}
	if len(inv.Credentials) < 3 {
		t.Errorf("only %d credentials", len(inv.Credentials))
	}
}
