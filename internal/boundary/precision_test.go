package boundary

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/checkout/checkouttest"
	"github.com/firebreak/firebreak/internal/inventory"
)

// spot is a place of the corpus about which a rule says something.
type spot struct {
	Repository, Path string
	Line             int
}

func (s spot) compare(o spot) int {
	return cmp.Or(cmp.Compare(s.Repository, o.Repository), cmp.Compare(s.Path, o.Path), cmp.Compare(s.Line, o.Line))
}

func (s spot) String() string { return fmt.Sprintf("%s\t%s\t%d", s.Repository, s.Path, s.Line) }

// drawn is how many findings of a rule are judged; all where there are fewer.
const drawn = 30

// decoys are places the rule says nothing about, put among the others: who judges
// is not told which are which.
const decoys = 4

// TestPrecision holds the rules to what readers said who had not seen what the rules
// say: testdata/precision/RULE.tsv has a repository, path, line and verdict a row, of
// findings drawn by a fixed seed and of decoys among them. Nine in ten of the findings
// that were judged and still stand must have been agreed to. A rule that nobody has
// judged is skipped, and says so.
//
// FIREBREAK_SAMPLE names a folder into which sheets for such readers are written.
func TestPrecision(t *testing.T) {
	found, lines := judgedCorpus(t)
	if into := os.Getenv("FIREBREAK_SAMPLE"); into != "" {
		for _, rule := range slices.Sorted(maps.Keys(found)) {
			sample(t, into, rule, found[rule], lines)
		}
	}
	files, err := filepath.Glob("testdata/precision/*.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rules := slices.Collect(maps.Keys(found))
	for _, file := range files {
		rules = append(rules, strings.TrimSuffix(filepath.Base(file), ".tsv"))
	}
	slices.Sort(rules)
	for _, rule := range slices.Compact(rules) {
		t.Run(rule, func(t *testing.T) {
			file := filepath.Join("testdata/precision", rule+".tsv")
			if !slices.Contains(files, file) {
				t.Skipf("SKIPPED: no reader has judged any of its %d findings", len(found[rule]))
			}
			precise(t, rule, found[rule], readVerdicts(t, file))
		})
	}
}

// precise holds one rule's findings to a reader's verdicts.
func precise(t *testing.T, rule string, all []spot, verdicts map[spot]bool) {
	var agreed, judged, missed int
	for s, yes := range verdicts {
		_, stands := slices.BinarySearchFunc(all, s, spot.compare)
		switch {
		case stands && yes:
			agreed, judged = agreed+1, judged+1
		case stands:
			judged++
			t.Logf("refused: %s", s)
		case yes:
			missed++
		}
	}
	t.Logf("%d of %d agreed to, of %d findings; %d places agreed to that it does not report", agreed, judged, len(all), missed)
	if want := min(drawn, len(all)); judged*10 < want*8 {
		t.Errorf("only %d of its findings have been judged, want %d: draw again with FIREBREAK_SAMPLE", judged, want)
	}
	if agreed*10 < judged*9 {
		t.Errorf("%d of %d judged findings were agreed to, want nine in ten", agreed, judged)
	}
}

// judgedCorpus gives every rule's places in the corpus, sorted, and every place that
// could be a decoy.
func judgedCorpus(t *testing.T) (map[string][]spot, []spot) {
	t.Helper()
	models := inventory.Parse(checkouttest.Corpus(t))
	found := map[string][]spot{}
	for _, f := range Check(models, inventory.Build(models, nil, nil)) {
		found[f.Rule] = append(found[f.Rule], spot{f.Repository, f.Path, f.Line})
	}
	for rule, all := range found {
		slices.SortFunc(all, spot.compare)
		found[rule] = slices.Compact(all)
	}
	var places []spot
	for i := range models {
		for _, w := range models[i].Workflows {
			for _, j := range w.Jobs {
				places = append(places, spot{models[i].Repository, w.Path, j.Line})
				for _, s := range j.Steps {
					places = append(places, spot{models[i].Repository, w.Path, s.Line})
				}
			}
		}
	}
	return found, places
}

// sample writes a rule's sheet: places only, shuffled, decoys among them.
func sample(t *testing.T, into, rule string, all, places []spot) {
	t.Helper()
	h := fnv.New64a()
	if _, err := h.Write([]byte(rule)); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, h.Sum64()))
	var rows []spot
	for _, i := range r.Perm(len(all))[:min(drawn, len(all))] {
		rows = append(rows, all[i])
	}
	for _, i := range r.Perm(len(places)) {
		if len(rows) >= min(drawn, len(all))+decoys {
			break
		}
		if _, reported := slices.BinarySearchFunc(all, places[i], spot.compare); !reported {
			rows = append(rows, places[i])
		}
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var b strings.Builder
	for _, s := range rows {
		b.WriteString(s.String() + "\t\n")
	}
	if err := os.WriteFile(filepath.Join(into, rule+".tsv"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readVerdicts(t *testing.T, file string) map[spot]bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[spot]bool{}
	for n, row := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		fields := strings.Split(row, "\t")
		if len(fields) != 4 || fields[3] != "yes" && fields[3] != "no" {
			t.Fatalf("%s:%d: want repository, path, line and yes or no, with tabs between", file, n+1)
		}
		line, err := strconv.Atoi(fields[2])
		if err != nil {
			t.Fatalf("%s:%d: %v", file, n+1, err)
		}
		out[spot{fields[0], fields[1], line}] = fields[3] == "yes"
	}
	return out
}
