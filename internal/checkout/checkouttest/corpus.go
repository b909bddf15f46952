// Package checkouttest gives tests the real workflow files they are held against.
package checkouttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/checkout"
	"github.com/firebreak/firebreak/internal/inventory"
)

// Corpus reads every repository below FIREBREAK_CORPUS, whose folders are named
// OWNER__NAME, as a checkout of OWNER/NAME; its Folder is OWNER__NAME. Without the
// variable the test is skipped, and says so. A file that cannot be read fails it.
func Corpus(t testing.TB) []inventory.Source {
	t.Helper()
	root := os.Getenv("FIREBREAK_CORPUS")
	if root == "" {
		t.Skip("SKIPPED: set FIREBREAK_CORPUS to a folder of real workflow files (OWNER__NAME/.github/...) to run this")
	}
	dirs, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var out []inventory.Source
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		src, skipped, err := checkout.Read(filepath.Join(root, d.Name()), strings.Replace(d.Name(), "__", "/", 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range skipped {
			t.Errorf("%s: %s: %s", d.Name(), s.Path, s.Why)
		}
		src.Folder = d.Name()
		out = append(out, src)
	}
	if len(out) == 0 {
		t.Fatalf("there is no repository below %s", root)
	}
	return out
}
