package acceptance

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// quick is the shipped scenario with short delays, for a response by the clock on
// the wall: nothing of it is easier, all of it is sooner.
func quick() []string {
	return []string{
		"    iam: 8s", "    iam: 1s\n    github build: 2s",
		"npm token: 90s", "npm token: 2s",
		"ignores_cancel: true, lingers: 4s", "lingers: 1s",
		"after: 20s }", "after: 1s }",
		`password: correct-horse-battery-staple`, `password: '` + password + `'`,
	}
}

// password looks different in every encoding a leak could wear.
const password = `corr"ect/horse+batt & <staple> é`

// incident is the contract of run, status and resume.
type incident struct {
	Schema, Incident, State, Next string
	Actions                       []struct{ ID, Action, Target, Outcome, Proof string }
	Open                          []struct{ Kind, ID, Why string }
	Gates                         []struct {
		Gate, Reason string
		Holds        bool
	}
}

// furnished is a desk for a real response by configuration alone: the file
// where it is looked for, keys by ssh-keygen, who may sign.
func furnished(t *testing.T, w *served) *desk {
	t.Helper()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("NOT TESTED: approvals with keys of ssh-keygen; install OpenSSH's client to have this tested")
	}
	d := w.desk(t)
	d.flags = nil
	var signers, bob string
	for _, who := range []string{"alice", "bob"} {
		cmd := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", filepath.Join(d.dir, who))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
		bob = strings.TrimSpace(read(t, d.dir, who+".pub"))
		signers += who + "@acme.example " + bob + "\n"
	}
	write(t, bob+"\n", d.env["HOME"], ".ssh", "recipients.pub")
	folder := filepath.Join(d.env["HOME"], ".config", "firebreak")
	write(t, signers, folder, "allowed_signers")
	write(t, read(t, w.Config)+`
recipients: [ ~/.ssh/recipients.pub ]
confirm: { irreversible: { approvals: 1, allowed_signers: ~/.config/firebreak/allowed_signers } }
waits: { aws: 2s, github: 1s, vault: 1s, npm: 3s, github.caches.purge: 3s }
`, folder, "firebreak.yaml")
	return d
}

// A response of the real kind, by configuration alone, against a world in a process
// of its own and by the clock on the wall: refused without an approval and with the
// author's own, stopped by Ctrl-C, locked while it runs, resumed to its end, proven
// afterwards. It takes a minute, nearly all of it waiting.
func TestRealResponse(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of waiting; run without -short")
	}
	t.Parallel()
	w := serve(t, scenario(t, quick()...))
	d := furnished(t, w)
	canary := newScan(t)
	d.must(0, with("plan", playbookName, "-o", "plan.json")...)
	says(t, d.must(0, "show", "plan.json").out, "override: npm.token.revoke waits 3s", "No way back from")

	unapproved(t, w, d)

	d.must(0, "approve", "plan.json", "--key", "bob")
	begun := d.interrupted(canary, "run", "plan.json", "--approval", "plan.json.approval", "--non-interactive", "--output", "json")
	stopped := parse[incident](t, begun.out)
	if stopped.State != "paused" || stopped.Next != "firebreak resume "+stopped.Incident {
		t.Errorf("after Ctrl-C: %s, next %q", stopped.State, stopped.Next)
	}
	says(t, begun.err, "again to stop at once", "paused: interrupted", "firebreak: interrupted", "next: firebreak resume "+stopped.Incident)

	// An approval is for one incident.
	again := d.must(4, "run", "plan.json", "--approval", "plan.json.approval", "--non-interactive")
	says(t, again.err, "incident "+stopped.Incident+" used this approval already")

	resumed := d.finish(d.command("resume", stopped.Incident, "--non-interactive", "--output", "json"), func(r *running) {
		canary.process(r)
		r.await("workflow.dispatch .github/workflows/rebuild.yml: done")
		w.control(http.MethodPost, "/_world/team/push")
		w.control(http.MethodPost, "/_world/team/promote")
	})
	resumed.must(t, 0)
	checkClosed(t, d, w, stopped.Incident, resumed)

	canary.secrets(w.Folder)
	canary.streams(begun, again, resumed)
	canary.folder(filepath.Join(d.env["XDG_STATE_HOME"], "firebreak"))
	canary.verdict()
}

// interrupted runs a command that begins an incident, has a second process try the
// same incident meanwhile, and presses Ctrl-C.
func (d *desk) interrupted(canary *scan, args ...string) ended {
	d.t.Helper()
	e := d.finish(d.command(args...), func(r *running) {
		r.await("github.workflow.disable .github/workflows/pr-checks.yml: disable")
		canary.process(r)
		_, rest, _ := strings.Cut(r.text(), "incident ")
		id, _, _ := strings.Cut(rest, " ")
		second := d.must(9, "resume", id, "--non-interactive")
		says(d.t, second.err, strconv.Itoa(r.cmd.Process.Pid)) // whose it is
		if second.out != "" {
			d.t.Errorf("a locked incident has a result: %s", second.out)
		}
		r.interrupt()
	})
	e.must(d.t, 130)
	return e
}

// unapproved shows that without a person and a valid approval nothing is done.
func unapproved(t *testing.T, w *served, d *desk) {
	t.Helper()
	e := d.must(4, "run", "plan.json", "--non-interactive", "--output", "json")
	got := parse[incident](t, e.out)
	if got.Schema != "firebreak.incident/1" || got.State != "paused" {
		t.Errorf("%s %s", got.Schema, got.State)
	}
	for _, a := range got.Actions {
		if a.Outcome == "done" && a.Proof == "" {
			t.Errorf("%s is done without proof", a.ID)
		}
	}
	says(t, e.err, "approve")

	d.must(0, "approve", "plan.json", "--key", "alice", "-o", "own.approval")
	e = d.must(4, "run", "plan.json", "--approval", "own.approval", "--non-interactive")
	says(t, e.err, "whoever planned may not approve", "ask for a new one with firebreak approve")

	write(t, strings.Replace(read(t, d.dir, "own.approval"), "alice@acme.example", "carol@acme.example", 1), d.dir, "forged.approval")
	d.must(4, "run", "plan.json", "--approval", "forged.approval", "--non-interactive")
	if all, err := filepath.Glob(filepath.Join(d.env["XDG_STATE_HOME"], "firebreak", "incidents", "*")); err != nil || len(all) != 1 {
		t.Errorf("an approval that does not hold begins no incident: %v %v", all, err)
	}

	if _, mutating := w.ours(); len(mutating) > 0 {
		t.Errorf("without an approval %d mutating requests were sent, the first: %+v", len(mutating), mutating[0])
	}
}

// checkClosed holds what a closed incident says of itself against what it must.
func checkClosed(t *testing.T, d *desk, w *served, id string, end ended) {
	t.Helper()
	for _, text := range []string{end.out, d.must(0, "status", id, "--output", "json").out} {
		got := parse[incident](t, text)
		if got.Schema != "firebreak.incident/1" || got.Incident != id || got.State != "closed" || len(got.Open) > 0 || got.Next != "firebreak report "+id {
			t.Errorf("%s %s is %s, open %v, next %q", got.Schema, got.Incident, got.State, got.Open, got.Next)
		}
		if len(got.Actions) < 20 {
			t.Errorf("only %d actions", len(got.Actions))
		}
		for _, a := range got.Actions {
			if a.Outcome != "done" || a.Proof == "" {
				t.Errorf("%s: %q at %q", a.ID, a.Outcome, a.Proof)
			}
		}
	}
	report := d.must(0, "report", id, "--output", "markdown")
	if report.err != "" {
		t.Errorf("report says on stderr: %s", report.err)
	}
	says(t, strings.ReplaceAll(report.out, `\`, ""), "# Incident "+id, "bob@acme.example", "alice@acme.example", "npm.token.revoke", "3s", // waits overridden
		"## Disable", "## Revoke", "## Rotate", "## Invalidate", "## Rebuild", "## Review", "## Restore",
		"without the old value of NPM_TOKEN its death is shown by the object's id only", "in one unbroken chain")
	if strings.Contains(report.out, "rehearsal") {
		t.Error("a real response calls itself a rehearsal")
	}
	verified(t, d, id, end)

	// What the world says.
	state := parse[map[string]string](t, string(w.control(http.MethodGet, "/_world/state")))
	if len(state) == 0 {
		t.Error("the world tells nothing")
	}
	for _, e := range parse[[]entry](t, string(w.control(http.MethodGet, "/_world/log"))) {
		if e.Kind == "request" && e.Mutating && !strings.HasPrefix(e.Agent, "attacker/") && !strings.HasPrefix(e.Agent, "team/") && !strings.Contains(e.Agent, "incident "+id) {
			t.Errorf("a request that cannot be told from an attacker's: %+v", e)
		}
	}
}

type entry struct {
	Kind, Call, Agent string
	Mutating          bool
}

// verified: the folder verifies with signers and the checkpoint that was printed,
// and does not after any change.
func verified(t *testing.T, d *desk, id string, end ended) {
	t.Helper()
	_, note, ok := strings.Cut(end.err, "(firebreak verify --checkpoint FILE):\n")
	if !ok {
		t.Fatalf("no checkpoint was printed:\n%s", end.err)
	}
	write(t, note, d.dir, "ticket")
	signers := filepath.Join(d.env["HOME"], ".config", "firebreak", "allowed_signers")
	home := filepath.Join(d.env["XDG_STATE_HOME"], "firebreak", "incidents", id)
	checks := []string{"--checkpoint", "ticket", "--allowed-signers", signers}
	whole := d.must(0, append([]string{"verify", id}, checks...)...)
	says(t, whole.out, "one unbroken chain")
	for name, change := range map[string]func([]byte) []byte{
		"a byte flipped in the middle": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"a byte flipped in record 1":   func(b []byte) []byte { b[60] ^= 1; return b },
		"the last record cut off":      func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] },
	} {
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(home)); err != nil {
			t.Fatal(err)
		}
		journal := filepath.Join(copied, "journal")
		write(t, string(change(slices.Clone([]byte(read(t, journal))))), journal)
		e := d.run(append([]string{"verify", copied}, checks...)...)
		if e.code != 10 {
			t.Errorf("%s: verify ends with %d\n%s%s", name, e.code, e.out, e.err)
		}
	}
	for sub, change := range map[string]func(name, text string){
		"evidence":  func(name, text string) { write(t, text+" ", name) },
		"approvals": func(name, text string) { write(t, strings.Replace(text, "irreversible", "reversible", 1), name) },
		"sealed": func(name, _ string) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		},
	} {
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(home)); err != nil {
			t.Fatal(err)
		}
		all := files(t, filepath.Join(copied, sub))
		if len(all) == 0 {
			t.Errorf("nothing lies in %s", sub)
		}
		for name, text := range all {
			change(name, text)
		}
		if e := d.run(append([]string{"verify", copied}, checks...)...); e.code != 10 {
			t.Errorf("%s changed: verify ends with %d\n%s%s", sub, e.code, e.out, e.err)
		}
	}
	if key := filepath.Join(home, "key"); exists(key) {
		t.Errorf("%s is still there after close", key)
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
