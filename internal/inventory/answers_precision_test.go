package inventory_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/checkout/checkouttest"
	"github.com/firebreak/firebreak/internal/inventory"
)

// asked is a question about a workflow and the line with which it is answered.
type asked struct {
	repository, path, question string
	line                       int
}

// answered is what the inventory of the corpus says to the five questions.
func answered(t *testing.T) (inventory.Inventory, map[asked]bool) {
	t.Helper()
	inv := inventory.Build(inventory.Parse(checkouttest.Corpus(t)), nil, nil)
	out := map[asked]bool{}
	for _, r := range inv.Repositories {
		for _, w := range r.Workflows {
			for question, list := range questions(w.Answers) {
				for _, a := range list {
					out[asked{r.Repository, w.Path, question, a.Line}] = true
				}
			}
		}
	}
	return inv, out
}

func questions(a inventory.Answers) map[string][]inventory.Answer {
	return map[string][]inventory.Answer{"deploy": a.Deploy, "publish": a.Publish, "rotate": a.Rotate, "read": a.Read, "exfiltrate": a.Exfiltrate}
}

// TestAnswersAgreeWithAReader holds the five answers on ten workflows, drawn by a
// fixed seed, to what a reader said who had not seen them: testdata/precision/answers.tsv
// has repository, path, line, question and verdict a row, one for each credential. "yes"
// is an answer of ours he gave too, "no" one he did not, "missed" one that he gave alone.
// Nine in ten of ours must be agreed to. What he gave alone is mostly what he thought
// plausible of a secret of which the files do not tell what it opens; six in ten of all
// that he gave must be ours. FIREBREAK_SAMPLE names a folder into which the list of the
// ten is written.
func TestAnswersAgreeWithAReader(t *testing.T) {
	inv, given := answered(t)
	if into := os.Getenv("FIREBREAK_SAMPLE"); into != "" {
		if err := os.WriteFile(filepath.Join(into, "answers.txt"), []byte(ten(inv)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile("testdata/precision/answers.tsv")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("SKIPPED: no reader has answered yet: testdata/precision/answers.tsv is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	var agreed, refused, missed int
	seen := map[string]bool{}
	for n, row := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
		f := strings.Split(string(row), "\t")
		if len(f) != 5 {
			t.Fatalf("answers.tsv:%d: want repository, path, line, question and verdict, with tabs between", n+1)
		}
		line, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatalf("answers.tsv:%d: %v", n+1, err)
		}
		stands := given[asked{f[0], f[1], f[3], line}]
		seen[f[0]+"/"+f[1]] = true
		switch {
		case f[4] != "no" && stands:
			agreed++
			continue
		case f[4] == "no" && stands:
			refused++
		case f[4] == "no": // not said any more
			continue
		case f[4] == "yes", f[4] == "missed":
			missed++
		default:
			t.Fatalf("answers.tsv:%d: %q is no verdict", n+1, f[4])
		}
		t.Logf("not agreed: %s", row)
	}
	t.Logf("%d of %d of our answers agreed to, %d of his %d given, on %d workflows", agreed, agreed+refused, agreed, agreed+missed, len(seen))
	if len(seen) < 8 || agreed*10 < (agreed+refused)*9 { // a workflow without an answer has no row
		t.Errorf("%d of %d answers agreed to on %d workflows, want nine in ten on ten", agreed, agreed+refused, len(seen))
	}
	if agreed*10 < (agreed+missed)*6 {
		t.Errorf("%d of the %d answers he gave are ours, want six in ten", agreed, agreed+missed)
	}
}

// ten draws eight workflows that reach a secret or an identity and two that do not.
func ten(inv inventory.Inventory) string {
	var with, without []string
	for _, r := range inv.Repositories {
		for _, w := range r.Workflows {
			at := fmt.Sprintf("%s\t%s\n", r.Repository, w.Path)
			if len(w.Answers.MustRotate) > 0 {
				with = append(with, at)
			} else {
				without = append(without, at)
			}
		}
	}
	r := rand.New(rand.NewPCG(4, 10))
	var b strings.Builder
	for _, i := range r.Perm(len(with))[:min(8, len(with))] {
		b.WriteString(with[i])
	}
	for _, i := range r.Perm(len(without))[:min(2, len(without))] {
		b.WriteString(without[i])
	}
	return b.String()
}
