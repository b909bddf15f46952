package mend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/firebreak/firebreak/internal/workflow"
)

// FuzzMend: the files are an attacker's. Whatever stands in them, mending ends, gives
// files that read no worse, and has nothing to do a second time.
func FuzzMend(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 4096 {
			t.Skip()
		}
		done := Mend(request(folder("a", string(content))))
		for _, x := range done.Files {
			was, is := workflow.Parse(x.Path, x.Before), workflow.Parse(x.Path, x.After)
			if is.Broken || len(is.Problems) > len(was.Problems) {
				t.Fatalf("reads worse: %v\n%s\n%s", is.Problems, x.Before, x.After)
			}
			if _, err := Diff(x.Path, x); err != nil {
				t.Fatal(err)
			}
			if again := Mend(request(folder("a", string(x.After)))); len(again.Files) != 0 {
				t.Fatalf("a second change\n%s\n%s\n%s", x.Before, x.After, again.Files[0].After)
			}
		}
	})
}
