package inventory_test

import (
	"cmp"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/checkout"
	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
)

// TestTheTablesOfTheArticle holds the inventory of a repository built after the article
// this project began from to the article's own two tables. The order of the rows is the
// article's.
func TestTheTablesOfTheArticle(t *testing.T) {
	const folder = "testdata/article"
	src, skipped, err := checkout.Read(folder, "acme/shop")
	if err != nil || len(skipped) > 0 {
		t.Fatal(err, skipped)
	}
	b, err := os.ReadFile(folder + "/firebreak.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("firebreak.yaml", b)
	if err != nil {
		t.Fatal(err)
	}
	inv := inventory.Build(inventory.Parse([]inventory.Source{src}), nil, &cfg)
	want, err := os.ReadFile(folder + "/tables.out")
	if err != nil {
		t.Fatal(err)
	}
	order := []string{"ci.yml", "publish.yml", "deploy-api.yml", "migrate.yml"}
	if got := radius(inv, order) + "\n" + phases(inv, order); got != string(want) {
		t.Errorf("the tables are\n%s\nwant\n%s", got, want)
	}
	for _, f := range inv.Findings {
		t.Errorf("the article's own repository has a finding: %s: %s", f.Path, f.Message)
	}
}

func radius(inv inventory.Inventory, order []string) string {
	rows := inventory.Summary(inv)
	slices.SortFunc(rows, func(a, b inventory.SummaryRow) int {
		return cmp.Compare(slices.Index(order, path.Base(a.Workflow)), slices.Index(order, path.Base(b.Workflow)))
	})
	out := "| Workflow | Secrets or identities | External systems | Rotation owner |\n|---|---|---|---|\n"
	for _, r := range rows {
		out += "| " + strings.Join([]string{path.Base(r.Workflow), cmp.Or(strings.Join(r.Names, ", "), "none"), strings.Join(r.Systems, ", "), strings.Join(r.Owners, ", ")}, " | ") + " |\n"
	}
	return out
}

func phases(inv inventory.Inventory, order []string) string {
	jobs := map[string][]string{}
	for _, name := range order {
		for _, w := range inv.Repositories[0].Workflows {
			for _, j := range w.Jobs {
				if path.Base(w.Path) == name {
					jobs[j.Phase] = append(jobs[j.Phase], name+" "+j.ID)
				}
			}
		}
	}
	out := "| Phase | Trust level | Allowed authority | Jobs |\n|---|---|---|---|\n"
	for _, p := range inventory.Phases() {
		out += "| " + strings.Join([]string{p.Title, p.Trust, p.Authority, strings.Join(jobs[p.ID], ", ")}, " | ") + " |\n"
	}
	return out
}
