package boundary

import (
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/checkout/checkouttest"
	"github.com/firebreak/firebreak/internal/inventory"
)

// TestCorpus builds and judges every repository of the corpus as a checkout, twice,
// and lists what the rules say, for a person to judge. It holds testdata/read.tsv to it.
func TestCorpus(t *testing.T) {
	began, count, jobs := time.Now(), map[string]int{}, 0
	byRule := map[string]int{}
	for _, src := range checkouttest.Corpus(t) {
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
			t.Errorf("%s: two builds of the same files differ", src.Folder)
		}
		for _, f := range found {
			count[f.Rule+" "+f.Severity]++
			byRule[f.Rule]++
			t.Logf("%s/%s:%d:%d: %s (%s): %s", src.Folder, f.Path, f.Line, f.Column, f.Rule, f.Severity, f.Message)
		}
	}
	for rule, f := range read(t) {
		if got := byRule[rule]; got != max(f.findings, 0) {
			t.Errorf("%s: %d findings, testdata/read.tsv has %d: read them again", rule, got, max(f.findings, 0))
		}
	}
	t.Logf("%v, %d jobs twice, in %v", count, jobs, time.Since(began))
}
