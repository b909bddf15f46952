package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binaries is where this run of the tests builds; TestMain removes it.
var binaries string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "firebreak-acceptance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binaries = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

var (
	plainBinary = sync.OnceValues(func() (string, error) { return build("firebreak") })
	crashable   = sync.OnceValues(func() (string, error) { return build("firebreak-crash", "-tags", "crashpoints") })
)

// binary is the path of the program as users have it, built once in a run of the
// tests.
func binary(t testing.TB) string { return built(t, plainBinary) }

// crashBinary is the program with the fail points of the build tag crashpoints,
// set off by the variable FIREBREAK_CRASH.
func crashBinary(t testing.TB) string { return built(t, crashable) }

func built(t testing.TB, f func() (string, error)) string {
	t.Helper()
	path, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func build(name string, flags ...string) (string, error) {
	path := filepath.Join(binaries, name)
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), "./cmd/firebreak")...)
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}
