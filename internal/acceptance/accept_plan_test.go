package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// subject is what the shipped scenario's responder was told, as flags.
var subject = []string{"--repo", "acme/shop", "--workflow", "pr-checks.yml", "--set", "package=acme-shop", "--since", "2026-03-14T16:51:00Z"}

func with(args ...string) []string { return append(args, subject...) }

// Invariants I2 and I14: looking and planning change nothing in the world, and the
// plan of a snapshot is the same to the byte, wherever and by whom it is made.
func TestPlanSendsNothingAndIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	w := serve(t, scenarioName, "--speed", hurry)
	d := w.desk(t)
	d.must(0, "survey", "acme/shop", "-o", "snapshot.json")
	d.must(0, with("plan", playbookName, "-o", "online.json")...)
	all, mutating := w.ours()
	if len(all) == 0 {
		t.Error("the world saw no request of firebreak")
	}
	if len(mutating) > 0 {
		t.Errorf("looking and planning sent %d mutating requests, the first: %+v", len(mutating), mutating[0])
	}
	seen := len(all)

	snapshot := filepath.Join(d.dir, "snapshot.json")
	d.must(0, with("plan", playbookName, "--snapshot", snapshot, "-o", "first.json")...)
	d.must(0, with("plan", playbookName, "--snapshot", snapshot, "-o", "second.json")...)
	want := read(t, d.dir, "first.json")
	if read(t, d.dir, "second.json") != want {
		t.Error("planned twice from one snapshot, the bytes differ")
	}
	if out := d.must(0, with("plan", playbookName, "--snapshot", snapshot, "--output", "json")...).out; out != want {
		t.Error("--output json is not the plan's bytes")
	}

	// Another person on another machine: nothing but snapshot, configuration and
	// playbook is the same, and no provider is known.
	other := newDesk(t)
	elsewhere := write(t, read(t, snapshot), other.dir, "elsewhere", "s.json")
	other.flags = []string{"--config", write(t, read(t, w.Config), other.dir, "c.yaml"), "--state-dir", filepath.Join(other.dir, "st")}
	other.env["TZ"], other.env["LANG"], other.env["USER"] = "Pacific/Auckland", "tr_TR.UTF-8", "mallory"
	other.must(0, with("plan", playbookName, "--snapshot", elsewhere, "-o", "plan.json")...)
	if read(t, other.dir, "plan.json") != want {
		t.Error("planned elsewhere from the same snapshot, the bytes differ")
	}
	if all, _ := w.ours(); len(all) != seen {
		t.Errorf("planning offline sent %d requests", len(all)-seen)
	}
	for _, desk := range []*desk{d, other} {
		if left := files(t, desk.env["XDG_STATE_HOME"]); len(left) > 0 {
			t.Errorf("planning left %v in the state folder", left)
		}
	}
}

const broken = `version: 1
playbook: broken
title: Every line below holds a mistake
inputs:
  repository: { type: repositry, required: true }
steps:
  disable:
    - use: github.workflow.disabel
      with: { workflow: x }
    - use: github.runs.cancel
      with: { workflw: x, workflow: "${{ inputs.nothing }}" }
  revoke:
    - for: role in inventory.identitys
      use: aws.role.deny_trust
      with: { role: "${{ role.arn }}" }
    - for: role of inventory.identities
      use: aws.role.deny_trust
  rotate:
    - rotate: "${{ 1 + true }}"
      gate: boundary-before-restor
  reveiw:
    - use: github.logs.export
`

// A broken playbook: every mistake at once with place, line and hint; nothing is
// asked of any provider and no incident begins.
func TestBrokenPlaybookRunsNothing(t *testing.T) {
	t.Parallel()
	w := serve(t, scenarioName, "--speed", hurry, "--no-attacker")
	d := w.desk(t)
	write(t, broken, d.dir, "broken.yaml")
	lines := strings.Split(broken, "\n")
	for _, args := range [][]string{
		with("run", "broken.yaml", "--non-interactive"), with("run", "broken.yaml"), with("plan", "broken.yaml", "-o", "plan.json"),
		{"playbook", "validate", "broken.yaml"},
	} {
		e := d.must(2, args...)
		if e.out != "" {
			t.Errorf("%s wrote on stdout: %s", args[0], e.out)
		}
		for _, mistake := range []string{"repositry", "disabel", "workflw", "identitys", "role of", "1 + true", "boundary-before-restor", "reveiw"} {
			n := 0
			for i, l := range lines {
				if strings.Contains(l, mistake) {
					n = i + 1
				}
			}
			place := regexp.MustCompile(`(?m)^broken\.yaml:` + strconv.Itoa(n) + `:[1-9][0-9]*: `)
			if !place.MatchString(e.err) {
				t.Errorf("%s: nothing is said of %q in line %d", args[0], mistake, n)
			}
			says(t, e.err, strings.TrimSpace(lines[n-1])) // the snippet
		}
		says(t, e.err, "did you mean github.workflow.disable?", `the playbook has no input "nothing"`, "mistakes; nothing was run")
	}
	if all, _ := w.ours(); len(all) > 0 {
		t.Errorf("a broken playbook sent %d requests, the first: %+v", len(all), all[0])
	}
	if left := files(t, d.env["XDG_STATE_HOME"]); len(left) > 0 {
		t.Errorf("a broken playbook left %v in the state folder", left)
	}
	if _, err := os.Stat(filepath.Join(d.dir, "plan.json")); err == nil {
		t.Error("a broken playbook has a plan")
	}
}

// files gives the contents of every file below a folder, by name; none when there
// is no such folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if os.IsNotExist(err) || err == nil && e.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		b, err := os.ReadFile(name)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
