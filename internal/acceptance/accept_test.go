package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/world"
)

const (
	scenarioName = "publish-token-theft"
	playbookName = "compromised-workflow"
	// hurry is world seconds per second: fast, and with room for a slow machine.
	hurry = "150"
)

// desk is where a responder works: a home, a state folder, a working folder and an
// environment of their own. Nothing of the machine's environment is in it.
type desk struct {
	t     *testing.T
	dir   string
	env   map[string]string
	flags []string // of every command
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{t: t, dir: dir, env: map[string]string{
		"HOME": filepath.Join(dir, "home"), "XDG_STATE_HOME": filepath.Join(dir, "state"), "PATH": os.Getenv("PATH"), "TMPDIR": dir,
	}}
	if err := os.MkdirAll(d.env["HOME"], 0o700); err != nil {
		t.Fatal(err)
	}
	return d
}

// ended is what a process left: what it said and how it ended.
type ended struct {
	out, err string
	code     int
	args     []string
}

func (d *desk) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary(d.t), append(slices.Clone(args), d.flags...)...)
	cmd.Dir = d.dir
	for _, k := range slices.Sorted(maps.Keys(d.env)) {
		cmd.Env = append(cmd.Env, k+"="+d.env[k])
	}
	return cmd
}

func (d *desk) run(args ...string) ended {
	d.t.Helper()
	return d.finish(d.command(args...), nil)
}

// finish starts a process, lets meanwhile happen, and waits for the end.
func (d *desk) finish(cmd *exec.Cmd, meanwhile func(*running)) ended {
	d.t.Helper()
	var out bytes.Buffer
	r := &running{t: d.t, cmd: cmd, grown: make(chan struct{}, 1)}
	cmd.Stdout, cmd.Stderr = &out, r
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	if meanwhile != nil {
		meanwhile(r)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return ended{out.String(), r.text(), cmd.ProcessState.ExitCode(), cmd.Args[1:]}
}

// must runs a command that has to end with code.
func (d *desk) must(code int, args ...string) ended {
	d.t.Helper()
	e := d.run(args...)
	e.must(d.t, code)
	return e
}

func (e ended) must(t *testing.T, code int) {
	t.Helper()
	if e.code != code {
		t.Fatalf("firebreak %s: exit %d, want %d\nstdout:\n%s\nstderr:\n%s", strings.Join(e.args, " "), e.code, code, e.out, e.err)
	}
}

// says holds the text of a stream against the parts it must have.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("it does not say %q:\n%s", p, text)
		}
	}
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return v
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, text string, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// shipped is a file below playbooks/ with passages replaced. Each must be there
// exactly once: a test that changes nothing would prove nothing.
func shipped(t *testing.T, name string, replace ...string) string {
	t.Helper()
	text := read(t, "..", "..", "playbooks", name)
	for i := 0; i < len(replace); i += 2 {
		if n := strings.Count(text, replace[i]); n != 1 {
			t.Fatalf("%s has this %d times, want once:\n%s", name, n, replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return text
}

// scenario writes the shipped scenario with passages replaced, with its trees
// beside it, and gives the file's name.
func scenario(t *testing.T, replace ...string) string {
	t.Helper()
	dir := t.TempDir()
	trees := filepath.Join("..", "..", "playbooks", "scenarios", scenarioName)
	if err := os.CopyFS(filepath.Join(dir, scenarioName), os.DirFS(trees)); err != nil {
		t.Fatal(err)
	}
	return write(t, shipped(t, filepath.Join("scenarios", scenarioName+".yaml"), replace...), dir, "scenario.yaml")
}

// served is a world in a process of its own.
type served struct {
	t       *testing.T
	Folder  string            `json:"folder"`
	Config  string            `json:"config"`
	Control string            `json:"control"`
	Env     map[string]string `json:"environment"`
	Unset   []string          `json:"unset"`
}

// serve starts `firebreak world` and ends it with the test.
func serve(t *testing.T, scenario string, flags ...string) *served {
	t.Helper()
	d := newDesk(t)
	cmd := d.command(append([]string{"world", scenario, "--output", "json", "--dir", filepath.Join(d.dir, "world")}, flags...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the world did not end in order: %v\n%s", err, said.String())
		}
	})
	w := &served{t: t}
	if err := json.NewDecoder(out).Decode(w); err != nil {
		t.Fatal(err)
	}
	return w
}

// desk is a responder's place pointed at the world by exactly what it printed.
func (w *served) desk(t *testing.T) *desk {
	d := newDesk(t)
	for _, k := range w.Unset {
		delete(d.env, k)
	}
	maps.Copy(d.env, w.Env)
	d.flags = []string{"--config", w.Config}
	return d
}

func (w *served) control(method, path string) []byte {
	w.t.Helper()
	q, err := http.NewRequestWithContext(w.t.Context(), method, w.Control+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s %v %s", path, resp.Status, err, b)
	}
	return b
}

// ours lists the requests the world got from firebreak.
func (w *served) ours() (all, mutating []world.Entry) {
	w.t.Helper()
	for _, e := range parse[[]world.Entry](w.t, string(w.control(http.MethodGet, "/_world/log"))) {
		if e.Kind != "request" || strings.HasPrefix(e.Agent, "attacker/") || strings.HasPrefix(e.Agent, "team/") {
			continue
		}
		all = append(all, e)
		if e.Mutating {
			mutating = append(mutating, e)
		}
	}
	return all, mutating
}
