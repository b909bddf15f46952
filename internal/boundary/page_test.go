package boundary

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

//go:generate go test -count=1 -run TestGeneratedRulesPage -update .

// TestGeneratedRulesPage holds docs/rules.md to the rules.
func TestGeneratedRulesPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Rules

Every finding of ` + "`boundary` and `inventory`" + ` comes from one of these. The list is made from the program (` + "`make generate`" + `); ` + "`firebreak boundary --rules`" + ` prints it too. [Findings](findings.md) says how to accept and to mend one.

*Gate*: an open finding of it, at the severities critical, high or unknown, holds the gate before restore. The order is the one in which authority is taken away: what the job's token may write, registry tokens, deploy roles and keys, ` + "`id-token: write`" + `, the rest.

*Read*: of 48 real repositories, how many findings there are, how many of them whoever wrote the rule read in the files, and how many of those were right. That is a check of one's own work, not a measure: who judges there has seen what the rule says. Nothing stands where nobody has looked. A rule without findings there is only held by its cases; what needs a survey (` + "`deploy-outside-protected-environment`" + `) says nothing of files alone.

| rule | order | gate | read | why | how to mend |
|---|---|---|---|---|---|
`)
	seen := read(t)
	for _, r := range Catalogue() {
		gate := ""
		if r.Gate {
			gate = "yes"
		}
		order := r.Order
		if order == 0 {
			order = OrderRest
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s | %s |\n", r.ID, order, gate, seen[r.ID], r.Why, r.Fix)
	}
	const page = "../../docs/rules.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || string(got) != b.String() {
		t.Errorf("%v: docs/rules.md differs from what it is made from; run make generate", err)
	}
}

// figures are what testdata/read.tsv has of a rule: its findings in the corpus, those
// that were read, those that were right.
type figures struct{ findings, read, right int }

func (f figures) String() string {
	switch {
	case f == figures{}:
		return ""
	case f.findings == none:
		return "no finding"
	}
	return fmt.Sprintf("%d of %d read, %d right", f.read, f.findings, f.right)
}

// none tells a rule without findings from one nobody has looked at.
const none = -1

func read(t *testing.T) map[string]figures {
	t.Helper()
	b, err := os.ReadFile("testdata/read.tsv")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]figures{}
	for row := range strings.Lines(string(b)) {
		var id string
		var f figures
		if n, err := fmt.Sscanf(row, "%s\t%d\t%d\t%d", &id, &f.findings, &f.read, &f.right); err != nil || n != 4 || f.right > f.read || f.read > f.findings {
			t.Fatalf("testdata/read.tsv: %q: %v", row, err)
		}
		if f.findings == 0 {
			f.findings = none
		}
		out[id] = f
	}
	return out
}
