package playbook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/diag"
)

// TestMistakes holds what is said of each broken playbook in testdata/err: NAME.yaml
// beside NAME.out.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	messages := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(file), b, known())
			var l diag.List
			if !errors.As(err, &l) {
				t.Fatalf("want diagnostics, got %v", err)
			}
			var out strings.Builder
			if err := diag.Render(&out, l); err != nil {
				t.Fatal(err)
			}
			for _, d := range l {
				messages[d.Message] = true
				if d.Line < 1 || d.Column < 1 {
					t.Errorf("no place: %+v", d)
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".out", []byte(out.String()))
		})
	}
	if len(messages) < 60 {
		t.Errorf("%d distinct messages", len(messages))
	}
}
