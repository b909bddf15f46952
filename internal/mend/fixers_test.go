package mend

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	udiff "github.com/aymanbagabas/go-udiff"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

var update = flag.Bool("update", false, "write the golden files")

// TestFixers asks each fixer to mend every step of testdata/FIXER/*.yaml, needed or
// not, and holds the change as a diff, and why what is declined is.
func TestFixers(t *testing.T) {
	for name, fix := range map[string]func(*target, inventory.Finding) ([]Edit, error){"persist": persist, "pin": pin, "inject": inject, "scoped": scoped, "least": least} {
		files, err := filepath.Glob("testdata/" + name + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", name, len(files), err)
		}
		for _, file := range files {
			t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, strings.TrimSuffix(file, ".yaml")+".out", every(t, content, fix))
			})
		}
	}
}

// every applies a fixer to all steps of a file.
func every(t *testing.T, content []byte, fix func(*target, inventory.Finding) ([]Edit, error)) string {
	t.Helper()
	x := parsed(t, content)
	var edits []Edit
	var out strings.Builder
	done := map[workflow.Pos]bool{}
	for _, j := range x.file.Jobs {
		places := []workflow.Pos{}
		for _, v := range append(slices.Clone(j.Env), x.file.Env...) {
			if strings.Contains(v.Value, "secrets.") {
				places = append(places, v.Pos)
			}
		}
		for _, s := range j.Steps {
			at := s.Pos
			if s.Uses != "" {
				at = s.UsesPos
			}
			places = append(places, at)
		}
		places = append(places, workflow.Pos{}) // of the workflow's own permissions
		if j.Permissions != nil {
			places = append(places, j.Permissions.Pos)
		}
		if j.Call != nil {
			places = append(places, j.Call.Pos)
		}
		for _, at := range places {
			if done[at] {
				continue
			}
			done[at] = true
			more, err := fix(x, inventory.Finding{Line: at.Line, Column: at.Column})
			if errors.Is(err, errGone) {
				continue
			}
			if err != nil {
				fmt.Fprintf(&out, "%d: %v\n", at.Line, err)
				continue
			}
			edits = append(edits, more...)
		}
	}
	edits = distinct(edits)
	after, err := udiff.Apply(x.text.src, edits)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := Diff("x.yml", File{Before: content, After: []byte(after)})
	if err != nil {
		t.Fatal(err)
	}
	if p := workflow.Parse("x", []byte(after)); len(p.Problems) > len(x.file.Problems) {
		t.Errorf("the file reads worse than before: %v\n%s", p.Problems, after)
	}
	return out.String() + diff
}

func parsed(t *testing.T, content []byte) *target {
	t.Helper()
	txt, err := read(content)
	if err != nil {
		t.Fatal(err)
	}
	path := ".github/workflows/x.yml"
	sources := []inventory.Source{{Files: []inventory.SourceFile{{Path: path, Content: content}}}}
	snap := &snapshot.Snapshot{Actions: []snapshot.ActionRef{
		{Uses: "actions/checkout", Ref: "v4", SHA: strings.Repeat("a", 40)}, {Uses: "actions/cache", Ref: "v4", SHA: strings.Repeat("b", 40)},
		{Uses: "acme/shared", Ref: "v1", SHA: strings.Repeat("c", 40)},
		{Uses: "two/faces", Ref: "v1", SHA: strings.Repeat("d", 40)}, {Uses: "Two/Faces", Ref: "v1", SHA: strings.Repeat("e", 40)},
		{Uses: "actions/setup-go", Ref: "main", SHA: "short"},
	}}
	models := inventory.Parse(sources)
	return &target{text: txt, file: models[0].Workflows[0].File, workflow: &models[0].Workflows[0], model: &models[0], refs: Known(snap, sources)}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
