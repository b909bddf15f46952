// Package counterpart starts servers that other people wrote, for tests: what an
// adapter believes of a provider is held against software nobody here had a hand in.
//
// Each is installed below .cache/counterpart by `make counterparts` and is in a file of
// its own here. Where one is missing its tests are skipped loudly: make test prints
// the skips at its end. With FIREBREAK_COUNTERPARTS=required a missing one fails.
package counterpart

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/firebreak/firebreak/internal/tally"
)

// Required reports whether a missing counterpart is a failure here.
func Required() bool { return os.Getenv("FIREBREAK_COUNTERPARTS") == "required" }

// Installed gives the folder a counterpart is installed in.
func Installed(name string) string { return filepath.Join(root(), ".cache", "counterpart", name) }

// Source gives the folder its recipe lies in.
func Source(name string) string { return filepath.Join(root(), "testdata", "counterpart", name) }

// Missing ends a test whose counterpart cannot be had.
func Missing(t testing.TB, name, why string) {
	t.Helper()
	if Required() {
		t.Fatalf("%s is required here and cannot be had: %s; run make counterparts", name, why)
	}
	tally.Note(t, "SKIPPED: %s: %s cannot be had: %s", t.Name(), name, why)
	t.Skipf("%s cannot be had: %s; run make counterparts", name, why)
}

func root() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "."
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}
