package workflow

import (
	"fmt"
	"strings"
	"testing"
)

// Files made to be slow or to break a parser end, in the time of an honest file of
// their size: a test that hangs here has found what once took minutes. What is asserted
// is what they reach.
func TestFilesMadeToBeSlowAreRead(t *testing.T) {
	const head = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          "
	diamond := "on: push\njobs:\n"
	for i := range 2000 { // every job needs the next two: as many ways as the Fibonacci numbers
		diamond += fmt.Sprintf("  j%d:\n    runs-on: x\n    needs: [j%d, j%d]\n    steps: [ { run: x } ]\n", i, i+1, i+2)
	}
	for name, c := range map[string]struct {
		src             string
		jobs, refs, ran int
	}{
		"as many commands as fit": {head + strings.Repeat("npm publish\n          ", 45_000), 1, 0, 45_000},
		"one line of references":  {head + strings.Repeat("${{ secrets.A }}", 60_000), 1, 60_000, 0},
		"substitutions all deep":  {head + strings.Repeat("$(", 400_000), 1, 0, 0},
		"and in quotes":           {head + strings.Repeat("\"$(", 300_000), 1, 0, 0},
		"jobs that need jobs":     {diamond, 2000, 0, 0},
		"a condition all deep":    {"on: push\njobs:\n  a:\n    runs-on: x\n    if: " + strings.Repeat("(", 900_000) + "secrets.A\n    steps: [ { run: x } ]\n", 1, 1, 0},
		"an expression all deep":  {head + "${{ " + strings.Repeat("(", 900_000) + "secrets.A }}", 1, 1, 0},
	} {
		f := Parse("x.yml", []byte(c.src+"\n"))
		if len(f.Jobs) != c.jobs || len(f.Jobs[0].Refs) != c.refs || len(f.Jobs[0].Steps[0].Commands()) != c.ran {
			t.Errorf("%s: %d jobs, %d references, %d commands", name, len(f.Jobs), len(f.Jobs[0].Refs), len(f.Jobs[0].Steps[0].Commands()))
		}
		for i := range f.Jobs {
			if len(f.Entries(&f.Jobs[i])) != 1 {
				t.Fatalf("%s: job %d does not start", name, i)
			}
		}
	}
}

// A parser that panics costs the structure of one file, and its secrets are found by their text.
func TestAPanicCostsOneFile(t *testing.T) {
	if got := survive(func() { panic("index out of range") }); !strings.Contains(got, "index out of range") {
		t.Errorf("%q", got)
	}
	if got := survive(func() {}); got != "" {
		t.Errorf("%q", got)
	}
}
