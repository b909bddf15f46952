package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/tally"
	"github.com/firebreak/firebreak/internal/world"
)

// triggers is how many equal ones come at once.
const triggers = 50

// patience bounds a test of triggers: one that waits for ever is told by it.
const patience = 8 * time.Minute

// trigger is a command that a machine repeats blindly.
func (s *scene) trigger(more ...string) *exec.Cmd {
	return s.command(append([]string{
		"run", s.file("plan.json"), "--approval", s.file("plan.json.approval"), "--non-interactive",
		"--idempotency-key", "OPS-4711", "--new-state", "--output", "json",
	}, more...)...)
}

// answer is what a trigger said and how it ended.
type answer struct {
	out, said string
	code      int
	killed    bool
	err       error // it could not even be started
}

func heard(cmd *exec.Cmd) answer {
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); cmd.ProcessState == nil {
		return answer{err: err}
	}
	a := answer{out: out.String(), said: said.String()}
	a.code, a.killed = exitCode(cmd)
	return a
}

// chorus triggers n times at once.
func (s *scene) chorus(n int, more ...string) []answer {
	all := make([]answer, n)
	var work sync.WaitGroup
	for i := range n {
		work.Go(func() { all[i] = heard(s.trigger(more...)) })
	}
	work.Wait()
	return all
}

// same holds answers against one that closed the incident.
func same(t *testing.T, all []answer) {
	t.Helper()
	if got := all[0]; got.err != nil || got.code != 0 || !strings.Contains(got.out, `"state": "closed"`) {
		t.Fatalf("exit %d %v\n%s%s", got.code, got.err, got.out, got.said)
	}
	for i, a := range all {
		if a.code != all[0].code || a.out != all[0].out {
			t.Errorf("trigger %d answers (exit %d)\n%s\nand trigger 0 (exit %d)\n%s\n%s", i, a.code, a.out, all[0].code, all[0].out, a.said)
		}
	}
}

// Fifty equal triggers of the program users get, at once and by the clock on the wall,
// are one incident and fifty equal answers. A fifty-first, later, is told the same; one
// that asks for something else is refused.
func TestFiftyTriggersAreOneIncident(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of waiting; run without -short")
	}
	t.Parallel()
	s := openTriggers(t, binary(t), stage{scenario(t, quick()...), 1, `
recipients: [ %q ]
confirm: { irreversible: { approvals: 1, allowed_signers: %q } }
waits: { aws: 2s, github: 1s, vault: 1s, npm: 3s, github.caches.purge: 3s }
`})
	began := time.Now()
	var hasty sync.WaitGroup
	hasty.Go(func() { s.hasty(t) })
	all := s.chorus(triggers, "--wait")
	hasty.Wait()
	took := time.Since(began)
	all = append(all, heard(s.trigger()))
	same(t, all)
	if got := parse[struct{ Key string }](t, all[0].out).Key; got != "OPS-4711" {
		t.Errorf("the answer is for the key %q", got)
	}
	f := s.verdict(t)
	if begun, err := filepath.Glob(s.file("state", "incidents", "*")); err != nil || len(begun) != 1 {
		t.Errorf("incidents: %v %v", begun, err)
	}
	other := heard(s.command("run", s.file("plan.json"), "--non-interactive", "--idempotency-key", "OPS-4711", "--set", "package=acme-other"))
	if other.code != 2 || other.out != "" || !strings.Contains(other.said, "which was begun with other inputs") || !strings.Contains(other.said, "firebreak status inc-") {
		t.Errorf("other inputs: exit %d\n%s%s", other.code, other.out, other.said)
	}
	tally.Note(t, "%d equal triggers at once: one incident with %d mutating calls, %d equal answers, in %s", triggers, f.calls, len(all), took.Round(time.Second))
}

// hasty triggers without --wait while the incident is being carried out: it is told
// where it stands, and that it is not over.
func (s *scene) hasty(t *testing.T) {
	for dir := ""; dir == ""; {
		var err error
		if dir, err = s.incident(); err != nil || s.ctx.Err() != nil {
			t.Error(err, s.ctx.Err())
			return
		}
	}
	a := heard(s.trigger())
	if a.code != 9 || !strings.Contains(a.out, `"state": "open"`) || !strings.Contains(a.said, "is being carried out by") {
		t.Errorf("under way: exit %d\n%s%s", a.code, a.out, a.said)
	}
}

// Containment is triggered in the same way. Killed before its second look, it is taken
// up, and says that nobody has looked what else there is.
func TestContainmentIsTriggeredOnce(t *testing.T) {
	t.Parallel()
	s := openTriggers(t, crashBinary(t), stage{scenarioName, crashSpeed, settings})
	shut := func(key string, more ...string) *exec.Cmd {
		return s.command(append([]string{"contain", "acme/shop", "--workflow", "pr-checks.yml", "--idempotency-key", key, "--new-state", "--output", "json"}, more...)...)
	}
	killed := shut("OPS-1")
	killed.Env = append(slices.Clone(killed.Env), "FIREBREAK_CRASH=after-answer:1")
	if a := heard(killed); !a.killed {
		t.Fatalf("exit %d\n%s", a.code, a.said)
	}
	for _, c := range []struct {
		key  string
		code int
		says string
	}{
		{"OPS-1", 8, "it was not looked what they reach"},
		{"OPS-2", 0, ""},
	} {
		all := make([]answer, 5)
		var work sync.WaitGroup
		for i := range all {
			work.Go(func() { all[i] = heard(shut(c.key, "--wait")) })
		}
		work.Wait()
		all = append(all, heard(shut(c.key)))
		for i, a := range all {
			if a.code != c.code || a.out != all[0].out || !strings.Contains(a.said, c.says) || !strings.Contains(a.out, `"state": "paused"`) {
				t.Errorf("%s, trigger %d: exit %d\n%s%s", c.key, i, a.code, a.out, a.said)
			}
		}
		// Who resumes it by hand is told the same.
		_, id, _ := strings.Cut(all[0].out, `"incident": "`)
		id, _, _ = strings.Cut(id, `"`)
		if a := heard(s.command("resume", id, "--non-interactive")); a.code != c.code || !strings.Contains(a.said, c.says) {
			t.Errorf("%s resumed: exit %d\n%s", c.key, a.code, a.said)
		}
	}
	if begun, err := filepath.Glob(s.file("state", "incidents", "*")); err != nil || len(begun) != 2 {
		t.Errorf("incidents: %v %v", begun, err)
	}
	n, err := s.calls()
	if err != nil || len(n) < 3 {
		t.Error(n, err)
	}
	for call, times := range n {
		if times > 1 {
			t.Errorf("%s was sent %d times", call, times)
		}
	}
}

// calls counts the mutating calls the world took from us, by what they are and on what.
func (s *scene) calls() (map[string]int, error) {
	var log []world.Entry
	n := map[string]int{}
	err := s.ask(s.ctx, "log", &log)
	for _, e := range log {
		if e.Kind == "request" && e.Mutating && strings.HasPrefix(e.Agent, "firebreak/") {
			n[e.Call+" "+e.Object]++
		}
	}
	return n, err
}

// lost is how the answer to a trigger was lost.
type lost struct {
	name  string
	crash string     // fail point
	hold  world.Hold // mutating call at which the process is killed
}

// losses lists every kind, from before the key is held to after the incident's end.
func losses() []lost {
	return []lost{
		{name: "the key is held", crash: "claimed:1"},
		{name: "the key points to an incident that is not there", crash: "meant:1"},
		{name: "the incident has no plan yet", crash: "opened:1"},
		{name: "before the first call", hold: world.Hold{Number: 1, When: world.Before}},
		{name: "after a call's effect", hold: world.Hold{Number: 8, When: world.After}},
		{name: "after a call's answer", crash: "after-answer:12"},
		{name: "after an outcome's fsync", crash: "after-fsync:20"},
		{name: "between mint and sealing", crash: "before-seal:1"},
		{name: "after the end"},
	}
}

// Whatever a trigger's answer was lost to, it is repeated blindly until there is one.
// That is one incident, nothing is done twice, and the end is that of an incident
// never killed.
func TestTriggersAreRepeatedAfterEveryLostAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("nine incidents with processes of their own; run without -short")
	}
	t.Parallel()
	straight, err := play(t.Context(), crashBinary(t), t.TempDir(), point{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range losses() { // one by one: the crash tests run beside them
		t.Run(l.name, func(t *testing.T) {
			s := openTriggers(t, crashBinary(t), stage{scenarioName, crashSpeed, settings})
			s.lose(t, l)
			all := s.chorus(3, "--wait")
			all = append(all, heard(s.trigger()))
			same(t, all)
			f := s.verdict(t)
			if err := deviates(f.end, straight.end); err != nil {
				t.Error(err)
			}
		})
	}
}

// lose triggers once and loses the answer.
func (s *scene) lose(t *testing.T, l lost) {
	t.Helper()
	cmd := s.trigger()
	if l.crash != "" {
		cmd.Env = append(slices.Clone(cmd.Env), "FIREBREAK_CRASH="+l.crash)
	}
	var killed error
	if l.hold.Number > 0 {
		if err := s.tell("hold", l.hold); err != nil {
			t.Fatal(err)
		}
		var held sync.WaitGroup
		held.Go(func() { _, killed = s.killHeld(cmd, s.ctx.Done()) })
		defer held.Wait()
	}
	a := heard(cmd)
	if wanted := l.crash != "" || l.hold.Number > 0; a.killed != wanted {
		t.Fatalf("killed is %t, exit %d %v\n%s", a.killed, a.code, a.err, a.said)
	}
	if err := s.tell("release", nil); err != nil || killed != nil {
		t.Fatal(err, killed)
	}
	dir, err := s.incident()
	if err != nil {
		t.Fatal(err)
	}
	if dir == "" || !a.killed {
		return
	}
	// Without --wait nobody takes it up: that is told, and nothing is sent.
	if a := heard(s.trigger()); a.code != 130 || !strings.Contains(a.out, `"state": "open"`) || !strings.Contains(a.said, "next: firebreak resume inc-") {
		t.Errorf("nobody carries it out: exit %d\n%s%s", a.code, a.out, a.said)
	}
}

// verdict holds a scene against the invariants of the crash tests: the world and the
// journal tell of one incident and of nothing done twice.
func (s *scene) verdict(t *testing.T) *fall {
	t.Helper()
	f := &fall{}
	if err := s.judge(f); err != nil {
		t.Error(err)
	}
	return f
}

// openTriggers is a scene with a team in it, for one test.
func openTriggers(t *testing.T, bin string, on stage) *scene {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	s, err := openStage(ctx, bin, t.TempDir(), on)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	end := s.team()
	t.Cleanup(func() {
		defer cancel()
		if err := end(); err != nil {
			t.Error(err)
		}
		if err := s.close(); err != nil {
			t.Error(fmt.Errorf("%w\n%s", err, tail(s.said.String(), 20)))
		}
	})
	return s
}
