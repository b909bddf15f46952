package acceptance

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkInventoryBesideActionlint runs the two programs in turn, as whole
// processes, over every workflow file of FIREBREAK_CORPUS laid flat in one
// repository: the inventory with its findings as JSON, and actionlint without the
// programs it starts. It reports the median of the pairs' ratios, which a busy
// machine disturbs less than a time, and the largest memory of ours.
func BenchmarkInventoryBesideActionlint(b *testing.B) {
	ours := os.Getenv("FIREBREAK_BENCH_BINARY")
	corpus := os.Getenv("FIREBREAK_CORPUS")
	if ours == "" || corpus == "" {
		b.Skip("SKIPPED: make bench builds the binary; FIREBREAK_CORPUS names a folder of real workflow files (OWNER__NAME/.github/...)")
	}
	flat := b.TempDir()
	files := layFlat(b, corpus, flat)
	theirs := filepath.Join(b.TempDir(), "actionlint")
	if out, err := exec.Command("go", "build", "-o", theirs, "github.com/rhysd/actionlint/cmd/actionlint").CombinedOutput(); err != nil {
		b.Fatalf("build actionlint: %v\n%s", err, out)
	}
	var ratios, walls []float64
	var peak int64
	for b.Loop() {
		a, memory := whole(b, flat, 0, ours, "inventory", ".", "--output", "json")
		c, _ := whole(b, flat, 1, theirs, "-shellcheck=", "-pyflakes=") // 1: it found something, as it must here
		ratios, walls, peak = append(ratios, a.Seconds()/c.Seconds()), append(walls, a.Seconds()*1e3), max(peak, memory)
	}
	b.ReportMetric(median(ratios), "of-actionlint")
	b.ReportMetric(median(walls), "ms/inventory")
	b.ReportMetric(float64(peak)/(1<<20), "MiB-peak")
	b.ReportMetric(float64(files), "files")
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// whole runs a program in a folder and gives its wall time and its largest resident set in bytes.
func whole(b *testing.B, dir string, code int, name string, args ...string) (time.Duration, int64) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != code {
		b.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("this system does not tell a process's memory")
	}
	return took, usage.Maxrss << 10 // KiB on Linux
}

// layFlat copies every workflow file below corpus into one repository's folder of workflows.
func layFlat(b *testing.B, corpus, into string) (files int) {
	b.Helper()
	place := filepath.Join(into, ".github", "workflows")
	if err := errors.Join(os.MkdirAll(place, 0o755), os.MkdirAll(filepath.Join(into, ".git"), 0o755)); err != nil {
		b.Fatal(err)
	}
	err := filepath.WalkDir(corpus, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(corpus, p)
		if err != nil {
			return err
		}
		repository, name, _ := strings.Cut(filepath.ToSlash(rel), "/")
		name, in := strings.CutPrefix(name, ".github/workflows/")
		if ext := filepath.Ext(name); !in || strings.Contains(name, "/") || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		files++
		return os.WriteFile(filepath.Join(place, repository+"__"+name), src, 0o644)
	})
	if err != nil {
		b.Fatal(err)
	}
	if files == 0 {
		b.Fatalf("no workflow file below %s", corpus)
	}
	return files
}
