package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An approval may come after the incident has begun; it is held to what one before
// would be, and brought twice it is no mistake.
func TestApprovalIsBroughtLater(t *testing.T) {
	t.Parallel()
	s := openTriggers(t, crashBinary(t), stage{scenarioName, crashSpeed, settings})
	begun := heard(s.command("run", s.file("plan.json"), "--non-interactive", "--output", "json"))
	if begun.code != 4 {
		t.Fatalf("exit %d\n%s", begun.code, begun.said)
	}
	id := parse[incident](t, begun.out).Incident
	says(t, begun.said, "firebreak show "+id, "--plan prints what to approve")
	printed := heard(s.command("show", id, "--plan"))
	if printed.code != 0 || printed.out != read(t, s.file("plan.json")) {
		t.Errorf("the plan of %s is not that it was begun with: exit %d\n%s", id, printed.code, printed.said)
	}

	bring := func(approval string) answer {
		return heard(s.command("resume", id, "--approval", approval, "--non-interactive", "--output", "json"))
	}
	refused := func(approval, why string) {
		t.Helper()
		a := bring(approval)
		if a.code != 4 || a.out != "" || !strings.Contains(a.said, why) {
			t.Errorf("%s: exit %d\n%s%s", approval, a.code, a.out, a.said)
		}
	}
	other := write(t, strings.Replace(read(t, s.file("plan.json")), `"closings": [`, `"closings":  [`, 1), s.dir, "other.json")
	if err := s.must("approve", other, "--key", s.file("key"), "--valid", "240h"); err != nil {
		t.Fatal(err)
	}
	refused(other+".approval", "is for another plan than those of incident "+id)
	good := s.file("plan.json.approval")
	refused(write(t, strings.Replace(read(t, good), `"irreversible"`, `"read"`, 1), s.dir, "forged.approval"), "the approval does not hold")
	if n, err := s.calls(); err != nil || len(n) > 0 {
		t.Errorf("without an approval that holds something was sent: %v %v", n, err)
	}

	for range 2 {
		if a := bring(good); a.code != 0 || parse[incident](t, a.out).State != "closed" {
			t.Fatalf("exit %d\n%s%s", a.code, a.out, a.said)
		}
	}
	s.verdict(t)
	if all, err := filepath.Glob(s.file("state", "incidents", id, "approvals", "*")); err != nil || len(all) != 1 {
		t.Errorf("approvals kept: %v %v", all, err)
	}
	// Another incident of the same plan cannot have it.
	again := heard(s.command("run", s.file("plan.json"), "--non-interactive", "--output", "json"))
	next := parse[incident](t, again.out).Incident
	if a := heard(s.command("resume", next, "--approval", good, "--non-interactive")); a.code != 4 || !strings.Contains(a.said, "incident "+id+" used this approval already") {
		t.Errorf("exit %d\n%s", a.code, a.said)
	}
	if _, err := os.Stat(s.file("state", "incidents", next, "approvals")); err == nil {
		t.Error("an approval that does not hold is kept")
	}
}
