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

| rule | order | gate | why | how to mend |
|---|---|---|---|---|
`)
	for _, r := range Catalogue() {
		gate := ""
		if r.Gate {
			gate = "yes"
		}
		order := r.Order
		if order == 0 {
			order = OrderRest
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s |\n", r.ID, order, gate, r.Why, r.Fix)
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
