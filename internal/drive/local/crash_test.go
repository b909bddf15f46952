//go:build crashpoints

package local

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const childDir = "FIREBREAK_CRASH_TEST_DIR"

// TestCrashChild is the process that is killed; by itself it does nothing.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("run by TestCrashPoints")
	}
	s := sit(t, dir, newIssuer(), &clock{now: t0})
	s.run(t, start(t, s))
}

func TestCrashPoints(t *testing.T) {
	for _, c := range []struct {
		point             string
		outcomes, intents int // at least this many intents, exactly this many outcomes
		sealed            int
	}{
		{"before-seal:1", -1, 1, 0},
		{"after-answer:1", 0, 1, -1},
		{"after-answer:3", 2, 3, 1},
		{"after-fsync:1", 1, 1, -1},
		{"after-fsync:3", 3, 3, 1},
	} {
		t.Run(c.point, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "inc-1")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
			cmd.Env = append(os.Environ(), childDir+"="+dir, "FIREBREAK_CRASH="+c.point)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("it was not killed: %v\n%s", err, out)
			}
			kinds := kindsIn(t, dir)
			count := func(kind string) (n int) {
				for _, k := range kinds {
					if k == kind {
						n++
					}
				}
				return n
			}
			if count("intent") < c.intents || c.outcomes >= 0 && count("outcome") != c.outcomes || slices.Contains(kinds, "closed") {
				t.Errorf("journal: %s", strings.Join(kinds, " "))
			}
			sealed, err := filepath.Glob(filepath.Join(dir, "sealed", "*.age"))
			if err != nil || c.sealed >= 0 && len(sealed) != c.sealed {
				t.Errorf("sealed: %v, %v", sealed, err)
			}
		})
	}
}
