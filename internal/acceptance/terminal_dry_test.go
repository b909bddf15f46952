package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// I2: an exercise on the real organization walks every question of the real plan,
// sends no mutating request and leaves nothing behind.
func TestDryRunWalksEveryPromptAndSendsNothing(t *testing.T) {
	t.Parallel()
	w := serve(t, scenarioName, "--no-attacker")
	d := w.desk(t)
	tmp := filepath.Join(d.dir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	d.env["TMPDIR"] = tmp
	questions, boundary := 0, false
	e := d.atTerminal(func(text string, choices []string) string {
		if choices != nil {
			questions++
		}
		boundary = boundary || strings.Contains(text, "trying again supposes that it has been mended")
		return agreeing(text, choices)
	}, "run", playbookName, "--dry-run", "--repo", "acme/shop", "--workflow", "pr-checks.yml", "--set", "package=acme-shop")
	e.must(t, 0)
	if questions < 10 || !boundary {
		t.Errorf("%d questions, of the boundary %v:\n%s", questions, boundary, e.out)
	}
	says(t, e.out, "Exercise: nothing was sent", "SECONDS", "questions,", "seconds to answer", "Would have been held back", "boundary-before-restore", "incident closed")
	if _, mutating := w.ours(); len(mutating) > 0 {
		t.Errorf("a dry run sent %d mutating requests, the first: %+v", len(mutating), mutating[0])
	}
	for _, dir := range []string{tmp, filepath.Join(d.env["XDG_STATE_HOME"], "firebreak")} {
		if left, err := os.ReadDir(dir); err == nil && len(left) > 0 {
			t.Errorf("%s holds %v", dir, left)
		}
	}
	if all, _ := w.ours(); len(all) == 0 {
		t.Error("nothing was read either")
	}
}

// Without a person nothing is assumed to be yes, in an exercise neither.
// It ends with 5: the preflight would have held it back besides.
func TestDryRunWithoutAPersonStopsAtTheFirstQuestion(t *testing.T) {
	t.Parallel()
	w := serve(t, scenarioName, "--no-attacker")
	d := w.desk(t)
	e := d.must(5, "run", playbookName, "--dry-run", "--repo", "acme/shop", "--workflow", "pr-checks.yml", "--set", "package=acme-shop", "--output", "json")
	told := parse[struct {
		Schema, Outcome string
		Asked           []struct{ Question, Choice string }
		Calls           int
	}](t, e.out)
	if told.Schema != "firebreak.exercise/1" || told.Outcome != "paused" || len(told.Asked) == 0 || told.Asked[0].Choice != "" {
		t.Errorf("%+v", told)
	}
	if _, mutating := w.ours(); len(mutating) > 0 {
		t.Errorf("it sent %+v", mutating[0])
	}
}
