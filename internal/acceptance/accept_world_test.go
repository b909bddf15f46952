package acceptance

import (
	"bufio"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What `firebreak world` prints is all a shell needs: sourced over an environment
// that leads elsewhere, every client of firebreak meets the world and nothing else.
func TestPrintedEnvironmentPointsAtTheWorld(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("NOT TESTED: the printed environment; there is no POSIX shell here")
	}
	keeper := newDesk(t)
	cmd := keeper.command("world", scenarioName, "--no-attacker", "--dir", filepath.Join(keeper.dir, "it's a world"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
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
	var printed strings.Builder
	config, control := "", ""
	for lines := bufio.NewScanner(out); control == "" && lines.Scan(); {
		line := lines.Text()
		printed.WriteString(line + "\n")
		if rest, ok := strings.CutPrefix(line, "# configuration: firebreak "); ok {
			config = rest
		}
		if rest, ok := strings.CutPrefix(line, "# control: "); ok {
			control = strings.TrimSuffix(rest, "/_world/id")
		}
	}

	x, d := newTrap(t), newDesk(t)
	d.poison(x)
	for name, value := range d.env { // other people's clients follow it too
		if strings.Contains(value, x.url) && !strings.Contains(printed.String(), "unset "+name+"\n") && !strings.Contains(printed.String(), "export "+name+"=") {
			t.Errorf("%s still leads elsewhere", name)
		}
	}
	env := write(t, printed.String(), d.dir, "world.env")
	shell := exec.Command(sh, "-ec", `. "$1"; "$2" survey acme/shop -o snapshot.json `+config+`; exec "$2" plan `+playbookName+
		` --repo acme/shop --workflow pr-checks.yml --set package=acme-shop --output json `+config, "sh", env, binary(t))
	shell.Dir = d.dir
	for _, k := range slices.Sorted(maps.Keys(d.env)) {
		shell.Env = append(shell.Env, k+"="+d.env[k])
	}
	e := d.finish(shell, nil)
	e.must(t, 0)
	if n := x.caught(); n > 0 {
		t.Errorf("%d connections went where the old environment led", n)
	}
	if strings.Contains(strings.ToLower(e.out+e.err+read(t, d.dir, "snapshot.json")), "poisoned") {
		t.Errorf("something of the old environment came through:\n%s", e.err)
	}
	w := &served{t: t, Control: control}
	all, mutating := w.ours()
	seen := map[string]bool{}
	for _, r := range all {
		if r.Status >= http.StatusBadRequest && r.Status != http.StatusNotFound {
			t.Errorf("refused: %+v", r)
		}
		seen[r.Provider] = true
	}
	if len(mutating) > 0 || !seen["github"] || !seen["aws"] || !seen["vault"] || !seen["npm"] {
		t.Errorf("the world saw %v, mutating %v", seen, mutating)
	}
}
