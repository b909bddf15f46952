package boundary

import (
	"slices"
	"testing"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// openOn gives the branches from which the publish job of a workflow with these triggers
// can still be started, by gate 5's own eyes.
func openOn(t *testing.T, triggers string, sets ...snapshot.Ruleset) []string {
	t.Helper()
	content := "on:\n" + triggers + "jobs:\n  publish:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm publish\n        env:\n          NPM_TOKEN: ${{ secrets.NPM_TOKEN }}\n"
	s := survey()
	r := &s.Repositories[0]
	r.Branches = []snapshot.Branch{{Name: "legacy"}, {Name: "main"}}
	r.Rulesets = sets
	r.Files = []snapshot.File{{Path: ".github/workflows/pr-checks.yml", Branches: []string{"legacy", "main"}, Content: content}}
	models := inventory.Parse(inventory.FromSnapshot(s))
	findings := Check(models, inventory.Build(models, s, &config.Config{Credentials: []config.Credential{{Secret: []string{"NPM_TOKEN"}, Authority: []string{"publish"}}}}))
	v := Gate(findings, s, []string{subjectPath}, nil, now)
	var out []string
	for _, f := range v.Open {
		out = append(out, f.Fires...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func branchFreeze(change func(*snapshot.Ruleset)) snapshot.Ruleset {
	x := snapshot.Ruleset{
		ID: 1, Name: "freeze", Target: "branch", Enforcement: "active", Include: []string{"refs/heads/legacy"},
		Rules: []string{"creation", "deletion", "update"}, Bypass: "none",
	}
	if change != nil {
		change(&x)
	}
	return x
}

var tagFreeze = snapshot.Ruleset{ID: 2, Name: "tags", Target: "tag", Enforcement: "active", Include: []string{"~ALL"}, Rules: []string{"creation", "update"}, Bypass: "none"}

func TestAFrozenBranchDoesNotCountForPushes(t *testing.T) {
	const toBranches = "  push:\n    branches: ['**']\n"
	for name, c := range map[string]struct {
		triggers string
		sets     []snapshot.Ruleset
		want     []string
	}{
		"no freeze":                {toBranches, nil, []string{"legacy", "main"}},
		"frozen":                   {toBranches, []snapshot.Ruleset{branchFreeze(nil)}, []string{"main"}},
		"pattern":                  {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Include = []string{"refs/heads/leg*"} })}, []string{"main"}},
		"default branch":           {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Include = []string{"~DEFAULT_BRANCH"} })}, []string{"legacy"}},
		"not enforced":             {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Enforcement = "evaluate" })}, []string{"legacy", "main"}},
		"somebody passes it by":    {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Bypass = "some" })}, []string{"legacy", "main"}},
		"who passes is not shown":  {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Bypass = "unknown" })}, []string{"legacy", "main"}},
		"updates are allowed":      {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Rules = []string{"creation", "deletion"} })}, []string{"legacy", "main"}},
		"excluded":                 {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Exclude = []string{"refs/heads/legacy"} })}, []string{"legacy", "main"}},
		"pattern nobody can judge": {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Include = []string{"refs/heads/{legacy,old}"} })}, []string{"legacy", "main"}},
		"exclusion likewise":       {toBranches, []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Exclude = []string{"refs/heads/**/x"} })}, []string{"legacy", "main"}},
		"tags of a branch":         {"  push:\n    branches: ['**']\n", []snapshot.Ruleset{branchFreeze(func(x *snapshot.Ruleset) { x.Target = "tag" })}, []string{"legacy", "main"}},
		// A tag on the branch's head starts the branch's copy too.
		"tags still start it":    {"  push:\n", []snapshot.Ruleset{branchFreeze(nil)}, []string{"legacy", "main"}},
		"tags are frozen too":    {"  push:\n", []snapshot.Ruleset{branchFreeze(nil), tagFreeze}, []string{"main"}},
		"started by hand":        {toBranches + "  workflow_dispatch:\n", []snapshot.Ruleset{branchFreeze(nil)}, []string{"legacy", "main"}},
		"base of a pull request": {"  pull_request_target:\n", []snapshot.Ruleset{branchFreeze(nil), tagFreeze}, []string{"legacy", "main"}},
	} {
		if got := openOn(t, c.triggers, c.sets...); !slices.Equal(got, c.want) {
			t.Errorf("%s: open on %v, want %v", name, got, c.want)
		}
	}
}
