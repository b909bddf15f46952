package acceptance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// organizationScenario is a world with one repository and many made-up ones, of five workflows
// each, behind GitHub's hourly limit.
const organizationScenario = `version: 1
scenario: organization
title: An organization
source: made up
repository: ./repo
incident:
  workflow: .github/workflows/ci.yml
  since: 6m
world:
  begins: 2026-03-14T16:57:00Z
  limits:
    - { provider: github, calls: 5000, per: 1h, status: 403, primary: true }
  github:
    repository: acme/shop
    further_repositories: %d
`

// BenchmarkOrganization surveys a made-up organization and reads the survey, as whole
// processes, at 100 repositories and at FIREBREAK_BENCH_REPOSITORIES (1,000 where it is
// not set), with the waits of the rate limits in virtual time. It reports what one
// workflow costs at the larger size beside the smaller, the requests a repository takes,
// and the largest memory.
func BenchmarkOrganization(b *testing.B) {
	if os.Getenv("FIREBREAK_BENCH_BINARY") == "" {
		b.Skip("SKIPPED: make bench builds the binary")
	}
	many := 1000
	if text := os.Getenv("FIREBREAK_BENCH_REPOSITORIES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 200 {
			b.Fatalf("FIREBREAK_BENCH_REPOSITORIES is %q: give a number of at least 200", text)
		}
		many = n
	}
	for b.Loop() {
		few, lots := surveyed(b, 100), surveyed(b, many)
		b.ReportMetric(lots.survey.each(many)/few.survey.each(100), "survey-ratio")
		b.ReportMetric(lots.inventory.each(many)/few.inventory.each(100), "inventory-ratio")
		b.ReportMetric(lots.requests/float64(many), "requests/repository")
		b.ReportMetric(float64(max(lots.survey.memory, lots.inventory.memory))/(1<<20), "MiB-peak")
		b.ReportMetric(float64(many), "repositories")
	}
}

// cost is what a process took of the processors and of memory.
type cost struct {
	processor time.Duration
	memory    int64 // bytes
}

func (c cost) each(n int) float64 { return c.processor.Seconds() / float64(n) }

type organizationCost struct {
	survey, inventory cost
	requests          float64
}

func surveyed(b *testing.B, repositories int) organizationCost {
	b.Helper()
	dir := b.TempDir()
	for path, text := range map[string]string{
		"org.yaml": fmt.Sprintf(organizationScenario, repositories-1), "repo/main/.github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n",
	} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	environ := organizationWorld(b, dir)
	file := filepath.Join(dir, "snapshot.json")
	out := organizationCost{survey: spent(b, environ, crashBinary(b), "survey", "--org", "acme", "-o", file)}
	out.inventory = spent(b, environ, binary(b), "inventory", "--snapshot", file, "--output", "json")
	log, err := os.ReadFile(filepath.Join(dir, "world", "log.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	out.requests = float64(bytes.Count(log, []byte(`"kind":"request","provider":"github"`)))
	return out
}

// organizationWorld serves the world of dir until the benchmark ends and gives the environment that
// leads to it, with its clock.
func organizationWorld(b *testing.B, dir string) []string {
	b.Helper()
	cmd := exec.Command(binary(b), "world", filepath.Join(dir, "org.yaml"), "--no-attacker", "--output", "json", "--dir", filepath.Join(dir, "world"), "--speed", "20000")
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	var told struct {
		Environment map[string]string `json:"environment"`
	}
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&told); err != nil {
		b.Fatal(err)
	}
	environ := []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "XDG_STATE_HOME=" + filepath.Join(dir, "state"), "XDG_CONFIG_HOME=" + filepath.Join(dir, "config"), "FIREBREAK_CLOCK=" + filepath.Join(dir, "world"), "AWS_EC2_METADATA_DISABLED=true"}
	for k, v := range told.Environment {
		environ = append(environ, k+"="+v)
	}
	return environ
}

func spent(b *testing.B, environ []string, name string, args ...string) cost {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = environ
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, said.Bytes()[max(0, said.Len()-2000):])
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("this system does not tell a process's memory")
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10}
}
