package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/firebreak/firebreak/internal/durable"
)

func TestWriteFileReplacesTheWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	for _, want := range []string{"a longer content", "short", ""} {
		if err := durable.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want 0600 whatever the umask", info, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestWriteFileLeavesTheOldWhereItCannotWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "key")
	if err := durable.WriteFile(path, []byte("x"), 0o600); err == nil {
		t.Error("wrote below a folder that is not there")
	}
}

func TestMkdir(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"a/b/c", "a/b/c", "a/b/d/", "e", filepath.Join(t.TempDir(), "f", "g")} {
		if err := durable.Mkdir(path, 0o700); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if err := durable.WriteFile("a/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.Mkdir("a/file/below", 0o700); err == nil {
		t.Error("made a folder below a file")
	}
}

func TestRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := durable.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is not there is no error
		if err := durable.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
