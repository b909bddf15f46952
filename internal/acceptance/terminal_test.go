package acceptance

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/journal"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
)

// rehearsed are the flags of a rehearsal that a test sits at.
func rehearsed(more ...string) []string {
	return append([]string{"rehearse", "--speed", hurry}, more...)
}

// Handed over in a prompt: recorded with a number and a checkpoint, resumed by nobody
// but whom it was handed to, or with a reason; shown wherever somebody looks.
func TestHandOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.env["FIREBREAK_OPERATOR"] = "alice"
	e := d.atTerminal(func(text string, choices []string) string {
		switch {
		case strings.Contains(text, "To whom?"):
			return "carol"
		case strings.Contains(text, "What should they know?"):
			return "the keys are next\x1b[31m"
		}
		return pick(choices, "Hand over")
	}, rehearsed()...)
	e.must(t, 130)
	says(t, e.out, "---- message to carol ----", "you are owner number 2", "firebreak resume inc-", "firebreak.journal/inc-", "carol goes on with")
	_, note, _ := strings.Cut(e.out, "with this in FILE:\n")
	note, _, _ = strings.Cut(note, "----\n")
	write(t, note, d.dir, "ticket")

	says(t, d.must(2, "resume", "--auto").err, "handed over to carol", "you are alice", "--take-over REASON")
	says(t, d.must(2, "handover", "--to", "dave").err, "handed over to carol")
	says(t, d.must(0, "status").out, "carol (owner number 2), handed over by alice: the keys are next")
	says(t, d.must(0, "verify", "--checkpoint", "ticket").out, "hand-over from alice to carol", "verified")

	// carol gives it on from the command line; what dave does is fenced by number 3.
	d.env["FIREBREAK_OPERATOR"] = "carol"
	says(t, d.must(2, "handover", "--to", "carol").err, "is carol's already")
	says(t, d.must(2, "handover").err, "name them with --to")
	says(t, d.must(0, "handover", "--to", "dave", "--note", "good night").out, "---- message to dave ----", "you are owner number 3", "Note: good night")
	d.must(2, "resume", "--auto")
	e = d.must(0, "resume", "--auto", "--take-over", "dave is asleep", "--output", "json")
	if s := parse[score](t, e.out); s.Outcome != "contained" {
		t.Errorf("%s %v", s.Outcome, s.Why)
	}
	report := strings.ReplaceAll(d.must(0, "report").out, `\`, "")
	says(t, report, "from alice to carol, owner number 2", "from carol to dave, owner number 3", "from dave to carol, owner number 4 (dave is asleep)", "handed-over")
	if strings.Contains(report, "\x1b") {
		t.Error("a note reaches the report unescaped")
	}
	says(t, d.must(0, "verify", "--checkpoint", "ticket").out, "hand-over from dave to carol", "verified")
	says(t, d.must(2, "handover", "--to", "erin").err, "closed")
}

// doubtful writes the journal of an incident whose process died while two calls were
// under way, and gives its id.
func doubtful(t *testing.T, d *desk) string {
	t.Helper()
	const id = "inc-20260301-0000dead"
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	act := func(name string, role plan.Role) plan.Action {
		return plan.Action{
			ID: "rotate/" + name, Step: plan.Rotate, Use: name, Role: role, Effect: plan.Reversible, Lost: plan.Detectable, Proof: plan.P1,
			Target: plan.Target{Provider: "vault", Kind: "kv", ID: name, Name: "secret/" + name + "\x1b[2J"},
		}
	}
	p := &plan.Plan{Schema: plan.Schema, Inputs: map[string]any{}, Actions: []plan.Action{act("vault.kv.put", plan.Deliver), act("aws.access_key.mint", plan.Mint)}}
	b, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(d.env["XDG_STATE_HOME"], "firebreak", "incidents", id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	j, _, err := journal.Create(dir, journal.Owner{}, at, respond.Opened{Incident: id, Mode: "real", Began: at, Operator: "alice", Endpoints: map[string]string{}, Accounts: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	var events []respond.Event
	for _, x := range []respond.Data{
		respond.Planned{Digest: plan.Digest(b), Bytes: b},
		respond.Intended{Action: "rotate/vault.kv.put", Number: 1, Call: plan.Call{Key: "put", Verb: "put", Object: "secret/ci"}},
		respond.Intended{Action: "rotate/aws.access_key.mint", Number: 1, Call: plan.Call{Key: "mint", Verb: "mint", Object: "deployer"}},
	} {
		events = append(events, respond.Event{Time: at.Add(time.Minute), Data: x})
	}
	if _, err := j.Append(events); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return id
}

// What a person says of a call in doubt is taken with a reason alone, and is called a
// word wherever it is shown.
func TestSettle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := doubtful(t, d)
	says(t, d.must(0, "status", id).out, "UNKNOWN", "firebreak settle "+id)
	says(t, d.must(2, "settle").err, "settle needs an incident")
	says(t, d.must(2, "settle", id, "vault.kv.put").err, "UNKNOWN vault.kv.put", "put secret/ci (call 1)", "none: firebreak ended before it came", "resume reads kv", "give --happened yes or no, and --reason TEXT")
	says(t, d.must(2, "settle", id, "--happened", "yes", "--reason", "x").err, "2 calls are in doubt")
	says(t, d.must(2, "settle", id, "vault.kv.put", "--happened", "yes").err, "--reason")
	says(t, d.must(2, "settle", id, "--happened", "maybe", "--reason", "x").err, "neither yes nor no")
	says(t, d.must(2, "settle", id, "nothing.of.that.name", "--happened", "yes", "--reason", "x").err, "is not in doubt")
	says(t, d.must(2, "settle", id, "aws.access_key.mint", "--happened", "yes", "--reason", "x").err, "name it with --id")

	asked := 0
	e := d.atTerminal(func(text string, choices []string) string {
		asked++
		if choices == nil {
			return "vault's audit log shows it"
		}
		return pick(choices, "vault.kv.put", "It happened")
	}, "settle", id)
	e.must(t, 0)
	says(t, flat(e.out), "it happened, by your word", "1 call left in doubt", "next: firebreak resume "+id)
	if asked != 3 || strings.Contains(e.out, "ci\x1b[2J") {
		t.Errorf("asked %d times:\n%s", asked, e.out)
	}
	e = d.must(0, "settle", id, "--happened", "yes", "--id", "AKIA1", "--reason", "IAM lists it")
	says(t, flat(e.out), "aws.access_key.mint on secret/aws.access_key.mint", "0 calls left in doubt")
	says(t, d.must(2, "settle", id, "--happened", "no", "--reason", "x").err, "nothing in incident "+id+" is in doubt")
	says(t, flat(d.must(0, "verify", id).out), "not judged", "not a proof: vault's audit log shows it", "verified")
	says(t, strings.ReplaceAll(d.must(0, "report", id).out, `\`, ""), "A PERSON'S WORD, NOT A PROOF", "happened: vault's audit log shows it", "a person's word: IAM lists it")
	if b := read(t, filepath.Join(d.env["XDG_STATE_HOME"], "firebreak", "incidents", id, "journal")); !strings.Contains(b, `"AKIA1"`) {
		t.Error("the id is not kept")
	}
}

// flat is text without the terminal's line breaks.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// only gives the one entry of a folder.
func only(t *testing.T, dir string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(all) != 1 {
		t.Fatalf("%s holds %v (%v)", dir, all, err)
	}
	return all[0]
}

// A person who watches sees the incident close, from the journal alone, and the
// watching ends by itself.
func TestStatusWatch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.finish(d.command(rehearsed("--auto")...), func(r *running) {
		r.await("opened, rehearsal")
		r.await("github.workflow.disable .github/workflows/pr-checks.yml: disable")
		e := d.finish(d.command("status", "--watch"), nil)
		e.must(t, 0)
		if n := strings.Count(e.out, "Incident inc-"); n < 2 || strings.Contains(e.out, "\x1b") {
			t.Errorf("%d pictures:\n%s", n, e.out)
		}
		says(t, e.out, "open, in step", "closed", "next     firebreak report inc-")
	}).must(t, 0)
	d.must(0, "status", "--watch", "--output", "ndjson")
	d.must(2, "status", "--watch", "--output", "json")

}

// What can be taken back is, and opening a door again waits for the boundary.
func TestRollback(t *testing.T) {
	t.Parallel()
	w := serve(t, scenario(t, quick()...), "--no-attacker")
	d := w.desk(t)
	disabled := false
	begun := d.atTerminal(func(text string, choices []string) string {
		if disabled = disabled || strings.Contains(flat(text), "github.workflow.disable .github/workflows/pr-checks.yml: done"); disabled {
			return pick(choices, "Pause")
		}
		if choices == nil {
			return agreeing(text, choices)
		}
		return pick(choices, "Go ahead", "Nobody has it", "Try again", "Pause")
	}, "run", playbookName, "--repo", "acme/shop", "--workflow", "pr-checks.yml", "--set", "package=acme-shop")
	if begun.code != 130 && begun.code != 5 { // paused at a question, or at a gate
		begun.must(t, 130)
	}
	id := filepath.Base(only(t, filepath.Join(d.env["XDG_STATE_HOME"], "firebreak", "incidents")))

	says(t, d.must(2, "rollback", id, "github.caches.purge").err, "was not done")
	gate := ""
	answer := func(text string, choices []string) string {
		switch {
		case strings.Contains(text, "Make this a further plan"):
			return pick(choices, "Yes")
		case strings.Contains(text, "Gate boundary-before-restore does not hold"):
			gate = text
			return pick(choices, "Override")
		case strings.Contains(text, "override boundary-before-restore to confirm"):
			return "override boundary-before-restore"
		case choices == nil:
			return "a false alarm"
		}
		return pick(choices, "Go ahead", "Try again", "Pause")
	}
	e := d.atTerminal(answer, "rollback", id, "github.workflow.disable")
	says(t, flat(e.out), "Can be taken back", "github.workflow.disable on .github/workflows/pr-checks.yml: github.workflow.enable", "amendment", "github.workflow.enable .github/workflows/pr-checks.yml: done")
	if !strings.Contains(gate, "github.workflow.enable") {
		t.Errorf("nothing waited for the boundary:\n%s", e.out)
	}
	enabled := false
	_, mutating := w.ours()
	for _, x := range mutating {
		enabled = enabled || strings.Contains(x.Call, "enable") && x.Status < http.StatusBadRequest
	}
	if !enabled {
		t.Errorf("the world saw no enable: %+v", mutating)
	}
	says(t, strings.ReplaceAll(d.must(0, "report", id).out, `\`, ""), "amendment", "gate boundary-before-restore OVERRIDDEN", "for github.workflow.enable on .github/workflows/pr-checks.yml", "a false alarm")
	e = d.run("rollback", id, "github.workflow.disable")
	e.must(t, 2)
	says(t, flat(e.err), "taken back already by github.workflow.enable", "nothing that was done is left")
}
