package main

import (
	"os"
	"os/exec"
	"testing"
)

// BenchmarkStartUp runs the binary make bench has built, from exec to exit.
func BenchmarkStartUp(b *testing.B) {
	bin := os.Getenv("FIREBREAK_BENCH_BINARY")
	if bin == "" {
		b.Skip("run make bench, which builds the binary first")
	}
	for b.Loop() {
		if out, err := exec.Command(bin, "version").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1e3, "ms/start")
	info, err := os.Stat(bin)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
}
