package boundary

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/checkout"
	"github.com/firebreak/firebreak/internal/inventory"
)

// TestCorpus builds and judges every repository of the corpus as a checkout, twice,
// and lists what the rules say, for a person to judge. It holds testdata/read.tsv to it.
func TestCorpus(t *testing.T) {
	root := os.Getenv("FIREBREAK_CORPUS")
	if root == "" {
		t.Skip("SKIPPED: set FIREBREAK_CORPUS to a folder of real workflow files (OWNER__NAME/.github/...) to run this")
	}
	dirs, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	began, count, jobs := time.Now(), map[string]int{}, 0
	byRule := map[string]int{}
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		src, skipped, err := checkout.Read(filepath.Join(root, d.Name()), strings.Replace(d.Name(), "__", "/", 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range skipped {
			t.Errorf("%s: %s: %s", d.Name(), s.Path, s.Why)
		}
		build := func() ([]inventory.Finding, []byte) {
			models := inventory.Parse([]inventory.Source{src})
			inv := inventory.Build(models, nil, nil)
			found := Check(models, inv)
			b, err := inventory.Encode(inv.WithFindings(found))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range inv.Repositories[0].Workflows {
				jobs += len(w.Jobs)
			}
			return found, b
		}
		found, first := build()
		if _, second := build(); string(first) != string(second) {
			t.Errorf("%s: two builds of the same files differ", d.Name())
		}
		for _, f := range found {
			count[f.Rule+" "+f.Severity]++
			byRule[f.Rule]++
			t.Logf("%s/%s:%d:%d: %s (%s): %s", d.Name(), f.Path, f.Line, f.Column, f.Rule, f.Severity, f.Message)
		}
	}
	for rule, f := range read(t) {
		if got := byRule[rule]; got != max(f.findings, 0) {
			t.Errorf("%s: %d findings, testdata/read.tsv has %d: read them again", rule, got, max(f.findings, 0))
		}
	}
	t.Logf("%v, %d jobs twice, in %v", count, jobs, time.Since(began))
}
