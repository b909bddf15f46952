package view

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
)

var update = flag.Bool("update", false, "write the golden files")

// article is the inventory of the article's repository.
func article(t *testing.T) inventory.Inventory {
	t.Helper()
	const root = "../inventory/testdata/article"
	b, err := os.ReadFile(root + "/firebreak.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("firebreak.yaml", b)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(root + "/.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	src := inventory.Source{Folder: "."}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		src.Files = append(src.Files, inventory.SourceFile{Path: ".github/workflows/" + filepath.Base(f), Content: b})
	}
	return inventory.Build(inventory.Parse([]inventory.Source{src}), nil, &cfg)
}

func findings(n int) []inventory.Finding {
	var out []inventory.Finding
	for i := range n {
		out = append(out, inventory.Finding{Rule: "some-rule", Severity: []string{"high", "medium", "low"}[i%3], Path: "a.yml", Line: i + 1, Column: 1, Message: "something is open", Fix: "mend it"})
	}
	out[0].Accepted = &inventory.Acceptance{Reason: "known", Owner: "alice", Expires: "2026-12-31T00:00:00Z"}
	return out
}

// What a responder sees of the article's repository, on a screen of 80 columns and in a file.
func TestInventoryIsTheArticlesTable(t *testing.T) {
	inv := article(t)
	inv.Findings = findings(11)
	narrow := Style{}.Fitted(80, func(s string) string { return s })
	for name, write := range map[string]func(io.Writer) error{
		"inventory":    func(w io.Writer) error { return Inventory(w, Style{}, inv) },
		"inventory-80": func(w io.Writer) error { return Inventory(w, narrow, inv) },
		"radius-80": func(w io.Writer) error {
			return Radius(w, narrow, inventory.ForWorkflow(inv, ".github/workflows/deploy-api.yml", ""))
		},
		"mermaid":  func(w io.Writer) error { return Mermaid(w, inv) },
		"markdown": func(w io.Writer) error { return InventoryMarkdown(w, inv) },
		"none":     func(w io.Writer) error { return Inventory(w, Style{}, inventory.Inventory{}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(want, b.Bytes()) {
			t.Errorf("%s: %v, got\n%s\nwant\n%s", name, err, b.Bytes(), want)
		}
	}
}
