package playbook

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/firebreak/firebreak/internal/diag"
)

// FuzzParse: never a panic, never a playbook beside an error, and every error is a
// diagnostic that names the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(shippedText(f)))
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	c := known()
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse("f.yaml", b, c)
		if (p == nil) == (err == nil) {
			t.Fatalf("playbook %v, error %v", p, err)
		}
		var l diag.List
		if err != nil && !errors.As(err, &l) {
			t.Fatalf("not a diagnostic: %v", err)
		}
		for _, d := range l {
			if d.File != "f.yaml" || d.Message == "" {
				t.Fatalf("%+v", d)
			}
		}
	})
}
