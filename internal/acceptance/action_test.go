package acceptance

import (
	"slices"
	"strings"
	"testing"
)

// A tag that was moved and moved back: the workflow says v3, and only the log of a run
// says which commit that was when it ran.
func TestAnActionIsFoundByTheCommitItsTagStoodFor(t *testing.T) {
	t.Parallel()
	const bad, good = "0e58ed8671d6b60d0890c21b07f8835ace038e67", "4c06c5ccf5c0761b6029f56cfb1dcf5565918a3b"
	line := func(sha string) string {
		return `log: "Download action repository 'hashicorp/vault-action@v3' (SHA:` + sha + `)\n`
	}
	w := serve(t, scenario(t, append(quick(),
		`age: 6m, jobs: [lint, checks], log: "`, `age: 6m, jobs: [lint, checks], `+line(bad),
		`age: 72h, jobs: [publish], log: "`, `age: 72h, jobs: [publish], `+line(good),
	)...), "--no-attacker")
	d := w.desk(t).bare()
	got := parse[containment](t, d.must(0, "contain", "acme/shop", "--action", "hashicorp/vault-action@"+bad, "--output", "json").out)
	if !slices.Equal(got.Workflows, []string{"acme/shop/.github/workflows/pr-checks.yml"}) {
		t.Errorf("about %v", got.Workflows)
	}
	if len(got.Scene.AffectedRuns) != 1 || len(got.Scene.UsesOtherwise) == 0 || len(got.Scene.Uses) != 0 {
		t.Errorf("affected %v, at the commit %v, otherwise %v", got.Scene.AffectedRuns, got.Scene.Uses, got.Scene.UsesOtherwise)
	}
	if !strings.Contains(got.Scene.Exposure.Why, " used hashicorp/vault-action@v3,") {
		t.Errorf("since %+v", got.Scene.Exposure)
	}
	// The commit the tag stands for otherwise was in no run of a workflow that uses it.
	e := d.must(2, "contain", "acme/shop", "--action", "hashicorp/vault-action@"+good)
	says(t, strings.Join(strings.Fields(e.err), " "), "no workflow uses or reaches hashicorp/vault-action@"+good)
}
