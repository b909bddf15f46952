package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is an example of a page: its text and the line it begins on.
type block struct {
	line int
	text string
}

// examples are the shell blocks of a page, in their order.
func examples(t *testing.T, page string) []block {
	t.Helper()
	var out []block
	in := false
	for i, line := range strings.Split(read(t, page), "\n") {
		switch {
		case in && line == "```":
			in = false
		case in:
			out[len(out)-1].text += line + "\n"
		case line == "```sh":
			in = true
			out = append(out, block{line: i + 2})
		case strings.HasPrefix(line, "```"):
			t.Errorf("%s:%d: a block that is not carried out", page, i+1)
		}
	}
	return out
}

// docs/automation.md works: its blocks, one after another, as a shell reads them, with
// the world in place of the providers, a team that mends the workflow meanwhile, and
// nobody at a terminal.
func TestAutomationPageWorks(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("NOT TESTED: the examples of docs/automation.md; there is no POSIX shell here")
	}
	t.Parallel()
	page := filepath.Join("..", "..", "docs", "automation.md")
	all := examples(t, page)
	if len(all) < 9 {
		t.Fatalf("only %d examples", len(all))
	}
	s := openTriggers(t, crashBinary(t), stage{scenarioName, crashSpeed, settings})
	write(t, read(t, s.file("key")), s.dir, ".ssh", "id_ed25519")
	write(t, read(t, s.file("firebreak.yaml")), s.dir, ".config", "firebreak", "firebreak.yaml")
	for _, made := range []string{"plan.json", "plan.json.approval"} {
		if err := os.Remove(s.file(made)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(crashBinary(t), filepath.Join(s.dir, "firebreak")); err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, b := range all {
		fmt.Fprintf(&script, "echo 'docs/automation.md:%d' >&2\n%s", b.line, b.text)
	}
	cmd := exec.CommandContext(s.ctx, sh, "-eu", "-c", script.String())
	cmd.Dir = t.TempDir()
	cmd.Env = append(append([]string{}, s.env...), "PATH="+s.dir+":"+os.Getenv("PATH"), "XDG_STATE_HOME="+s.file("state"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, tail(string(out), 30))
	} else if !strings.Contains(string(out), "closed after") || !strings.Contains(string(out), "OPS-4711 is done") {
		t.Errorf("%s", tail(string(out), 30))
	}
	if report := read(t, cmd.Dir, "report.md"); !strings.HasPrefix(report, "# Incident inc-") {
		t.Errorf("report.md: %.80q", report)
	}
}

// A bot is told of every exit code there is.
func TestAutomationPageNamesEveryExitCode(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`(?m)^\| (\d+) \|`)
	codes := func(page string) string {
		var out []string
		for _, m := range row.FindAllStringSubmatch(read(t, "..", "..", "docs", page), -1) {
			out = append(out, m[1])
		}
		return strings.Join(out, " ")
	}
	if got, want := codes("automation.md"), codes("exit-codes.md"); got != want || want == "" {
		t.Errorf("docs/automation.md tells of %s, the codes are %s", got, want)
	}
}
