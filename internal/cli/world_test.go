package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/world"
)

// served is a world in a process of its own, and an environment that has nothing
// but what it printed.
type served struct {
	t       *testing.T
	Config  string            `json:"config"`
	Control string            `json:"control"`
	Env     map[string]string `json:"environment"`
	dir     string
}

func serve(t *testing.T) *served {
	t.Helper()
	w := &served{t: t, dir: t.TempDir()}
	cmd := exec.Command("firebreak", "world", "publish-token-theft", "--output", "json", "--speed", "200", "--no-attacker", "--dir", filepath.Join(w.dir, "world"))
	cmd.Env = []string{"HOME=" + w.dir}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the world did not end in order: %v", err)
		}
	})
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(w); err != nil {
		t.Fatal(err)
	}
	return w
}

// firebreak runs the command line in the world's environment.
func (w *served) firebreak(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	cmd := exec.Command("firebreak", append(args, "--config", w.Config, "--state-dir", filepath.Join(w.dir, "state"))...)
	cmd.Dir = w.dir
	cmd.Env = []string{"HOME=" + w.dir}
	for k, v := range w.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// mutating lists the requests of ours that could have changed something.
func (w *served) mutating() []world.Entry {
	w.t.Helper()
	resp, err := http.Get(w.Control + "/_world/log")
	if err != nil {
		w.t.Fatal(err)
	}
	var all, out []world.Entry
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		w.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		w.t.Fatal(err)
	}
	ours := 0
	for _, e := range all {
		if strings.HasPrefix(e.Agent, "firebreak/") {
			ours++
		}
		if e.Kind == "request" && e.Mutating && !strings.HasPrefix(e.Agent, "attacker/") {
			out = append(out, e)
		}
	}
	if ours == 0 {
		w.t.Error("the world saw no request of firebreak")
	}
	return out
}

// Invariants I2 and I14: planning changes nothing, and the same snapshot gives the
// same bytes.
func TestPlanAgainstAServedWorld(t *testing.T) {
	w := serve(t)
	about := []string{"--repo", "acme/shop", "--workflow", "pr-checks.yml", "--set", "package=acme-shop", "--since", "2025-03-14T16:51:00Z"}
	if _, errs, code := w.firebreak("survey", "acme/shop", "-o", "snapshot.json"); code != 0 {
		t.Fatalf("survey: exit %d: %s", code, errs)
	}
	for _, name := range []string{"a.json", "b.json"} {
		args := append([]string{"plan", "compromised-workflow", "--snapshot", "snapshot.json", "-o", name}, about...)
		if _, errs, code := w.firebreak(args...); code != 0 {
			t.Fatalf("plan offline: exit %d: %s", code, errs)
		}
	}
	if _, errs, code := w.firebreak(append([]string{"plan", "compromised-workflow", "-o", "online.json"}, about...)...); code != 0 {
		t.Fatalf("plan online: exit %d: %s", code, errs)
	}
	if a, b := w.read("a.json"), w.read("b.json"); a != b {
		t.Error("the same snapshot gave other bytes")
	}
	if m := w.mutating(); len(m) > 0 {
		t.Errorf("planning sent %d mutating requests, the first: %+v", len(m), m[0])
	}
}

func (w *served) read(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}
