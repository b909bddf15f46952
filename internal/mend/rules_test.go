package mend

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// TestRules mends a file for every rule that can be: all findings of the rule are
// gone, the diff is the one beside the file, git applies it, and there is no second one.
func TestRules(t *testing.T) {
	known := map[string]bool{}
	for _, r := range boundary.Catalogue() {
		known[r.ID] = true
	}
	for _, rule := range slices.Sorted(maps.Keys(Ways())) {
		t.Run(rule, func(t *testing.T) {
			if !known[rule] {
				t.Fatal("there is no such rule")
			}
			content, err := os.ReadFile("testdata/rules/" + rule + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			r := ofRule(rule, content)
			if len(r.Wanted) == 0 {
				t.Fatal("the rule finds nothing in its own case")
			}
			done := Mend(r)
			if len(done.Declined) != 0 || len(done.Files) != 1 {
				t.Fatalf("left %+v", done.Declined)
			}
			diff, err := Diff(pathOfTests, done.Files[0])
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/rules/"+rule+".diff", diff)
			dir := filepath.Join(t.TempDir(), "shop")
			file := filepath.Join(dir, pathOfTests)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			gitApply(t, dir, diff)
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if again := ofRule(rule, after); len(again.Wanted) != 0 || len(Mend(again).Files) != 0 {
				t.Errorf("applied it leaves %+v", again.Wanted)
			}
		})
	}
}

// ofRule is the request to mend what a rule finds in one file.
func ofRule(rule string, content []byte) Request {
	r := Request{
		Sources: []inventory.Source{{DefaultPermissions: "write", Files: []inventory.SourceFile{{Path: pathOfTests, Content: content}}}},
		Ways:    Ways(), Judge: boundary.Check,
		Snapshot: &snapshot.Snapshot{Actions: []snapshot.ActionRef{
			{Uses: "acme/setup", Ref: "v1", SHA: strings.Repeat("a", 40)}, {Uses: "Acme/Shared", Ref: "v2", SHA: strings.Repeat("b", 40)},
		}},
	}
	models := inventory.Parse(r.Sources)
	inv := inventory.Build(models, r.Snapshot, nil)
	for _, f := range inv.WithFindings(boundary.Check(models, inv)).Findings {
		if f.Rule == rule {
			r.Wanted = append(r.Wanted, f)
		}
	}
	return r
}
