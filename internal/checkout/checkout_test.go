package checkout

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadFindsWorkflowsAndActionsAndStaysInside(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "secret.yml", "on: push")
	dir := t.TempDir()
	write(t, dir, ".github/workflows/ci.yml", "on: push")
	write(t, dir, ".github/workflows/release.yaml", "on: release")
	write(t, dir, ".github/workflows/notes.txt", "no")
	write(t, dir, ".github/workflows/sub/deep.yml", "on: push")
	write(t, dir, ".github/actions/setup/action.yml", "runs: {using: composite}")
	write(t, dir, "node_modules/x/action.yml", "no")
	write(t, dir, ".github/workflows/big.yml", strings.Repeat("#", maxFile+1))
	if err := os.Symlink(filepath.Join(outside, "secret.yml"), filepath.Join(dir, ".github/workflows/link.yml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("ci.yml", filepath.Join(dir, ".github/workflows/inner.yml")); err != nil {
		t.Fatal(err)
	}

	src, skipped, err := Read(dir, "acme/shop")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range src.Files {
		got = append(got, f.Path)
	}
	want := ".github/actions/setup/action.yml .github/workflows/ci.yml .github/workflows/inner.yml .github/workflows/release.yaml"
	if strings.Join(got, " ") != want {
		t.Errorf("files %v, want %s", got, want)
	}
	var left []string
	for _, s := range skipped {
		left = append(left, s.Path)
	}
	if strings.Join(left, " ") != ".github/workflows/big.yml .github/workflows/link.yml" {
		t.Errorf("skipped %v", skipped)
	}
}

func TestReadOfNothing(t *testing.T) {
	src, skipped, err := Read(t.TempDir(), "")
	if err != nil || len(src.Files) != 0 || len(skipped) != 0 {
		t.Errorf("got %v, %v, %v", src, skipped, err)
	}
	if _, _, err := Read(filepath.Join(t.TempDir(), "gone"), ""); err == nil || !strings.Contains(err.Error(), "name a folder") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A repository of many actions does not take a file descriptor for each of them.
func TestFoldersAreNotKeptOpen(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		write(t, dir, filepath.Join("actions", strings.Repeat("x", i%7+1)+string(rune('a'+i%26)), strings.Repeat("y", i/26+1), "action.yml"), "runs: {using: composite}")
	}
	before := descriptors(t)
	w := walk{}
	var err error
	if w.top, err = os.OpenRoot(dir); err != nil {
		t.Fatal(err)
	}
	most := 0
	walked := fs.WalkDir(w.top.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		most = max(most, descriptors(t)-before)
		return w.visit(p, d, err)
	})
	if err := errors.Join(walked, w.close(), w.top.Close()); err != nil {
		t.Fatal(err)
	}
	if len(w.files) < 250 || most > 20 {
		t.Errorf("%d files, %d descriptors at once", len(w.files), most)
	}
}

func descriptors(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("SKIPPED: this system does not tell its open files: %v", err)
	}
	return len(all)
}
