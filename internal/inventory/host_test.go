package inventory

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/snapshot"
)

// A job runs on the runners that have all its labels, of the repository and of its
// organization; where none was listed, on a machine that nobody knows.
func TestWhichMachinesAJobRunsOn(t *testing.T) {
	s := &snapshot.Snapshot{
		Repositories: []snapshot.Repository{{FullName: "acme/shop", ID: 1, DefaultBranch: "main", Runners: []snapshot.Runner{
			{ID: 1, Name: "bench-1", Labels: []string{"self-hosted", "Linux", "bench"}}, {ID: 2, Name: "bench-2", Labels: []string{"self-hosted", "Linux"}},
		}}},
		Organizations: []snapshot.Organization{{Login: "Acme", Runners: []snapshot.Runner{{ID: 9, Name: "pool", Labels: []string{"self-hosted", "linux", "bench"}}}}},
	}
	for on, want := range map[string]string{
		"ubuntu-latest":                       "",
		"[self-hosted, linux, BENCH]":         "acme/shop:runner:bench-1 acme:runner:pool",
		"self-hosted":                         "acme/shop:runner:bench-1 acme/shop:runner:bench-2 acme:runner:pool",
		"gpu":                                 "acme/shop:runner:[gpu]",
		"[self-hosted, '${{ matrix.what }}']": "acme/shop:runner:bench-1 acme/shop:runner:bench-2 acme:runner:pool",
	} {
		src := Source{Repository: "acme/shop", DefaultBranch: "main", Files: []SourceFile{{
			Path: ".github/workflows/x.yml", Branches: []string{"main"}, Content: []byte("on: push\njobs:\n  a:\n    runs-on: " + on + "\n    steps: [ { run: make } ]\n"),
		}}}
		inv := Build(Parse([]Source{src}), s, nil)
		if got := strings.Join(inv.Repositories[0].Workflows[0].Jobs[0].Hosts, " "); got != want {
			t.Errorf("%s: %q, want %q", on, got, want)
		}
		for _, h := range inv.Hosts {
			known := h.Runner != 0 && h.Name != ""
			if h.ReachedBy[0] != "acme/shop/.github/workflows/x.yml" || known == strings.Contains(h.ID, "[") || (h.Organization != "") != strings.HasPrefix(h.ID, "acme:") {
				t.Errorf("%s: %+v", on, h)
			}
		}
	}
}
