package boundary

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
)

func TestAcceptMarksWhatAnAcceptanceSpeaksOf(t *testing.T) {
	f := finding()
	f.Job, f.Fingerprint = "test", "00000000000000aa"
	good := Acceptance{Rule: f.Rule, Reason: "r", Owner: "o", Expires: now.Add(time.Hour)}
	with := func(change func(*Acceptance)) Acceptance { a := good; change(&a); return a }
	for name, c := range map[string]struct {
		a        Acceptance
		accepted bool
	}{
		"rule alone":        {good, true},
		"job":               {with(func(a *Acceptance) { a.Job = "TEST" }), true},
		"other job":         {with(func(a *Acceptance) { a.Job = "build" }), false},
		"fingerprint":       {with(func(a *Acceptance) { a.Fingerprint = f.Fingerprint }), true},
		"other fingerprint": {with(func(a *Acceptance) { a.Fingerprint = "00000000000000ab" }), false},
		"other repository":  {with(func(a *Acceptance) { a.Repository = "acme/web" }), false},
		"over":              {with(func(a *Acceptance) { a.Expires = now }), false},
		"no owner":          {with(func(a *Acceptance) { a.Owner = "" }), false},
	} {
		out, _ := Accept([]inventory.Finding{f}, []Acceptance{c.a}, []string{"acme/shop"}, now)
		if (out[0].Accepted != nil) != c.accepted {
			t.Errorf("%s: %+v", name, out[0].Accepted)
		}
		v := Gate([]inventory.Finding{f}, survey(), []string{subjectPath}, []Acceptance{c.a}, now)
		if (len(v.Accepted) == 1) != c.accepted {
			t.Errorf("%s: the gate sees it otherwise", name)
		}
	}
}

func TestAcceptTellsOfTheEnd(t *testing.T) {
	f := finding()
	a := func(rule string, repository string, ends time.Duration) Acceptance {
		return Acceptance{Rule: rule, Repository: repository, Reason: "r", Owner: "o", Expires: now.Add(ends)}
	}
	accepted := []Acceptance{
		a(f.Rule, "", -time.Hour), a(f.Rule, "", soon-time.Hour), a(f.Rule, "", soon+time.Hour), a("none", "", 2*soon), a("none", "acme/elsewhere", 2*soon), a("none", "acme/elsewhere", -soon), a("none", "", -soon),
	}
	for i := range accepted {
		accepted[i].Line = i
	}
	_, notes := Accept([]inventory.Finding{f}, accepted, []string{"acme/shop"}, now)
	lines := func(list []Acceptance) (out []int) {
		for _, x := range list {
			out = append(out, x.Line)
		}
		return out
	}
	if e, x, u := lines(notes.Expired), lines(notes.Expiring), lines(notes.Unused); len(e) != 2 || e[0] != 0 || e[1] != 6 || len(x) != 1 || x[0] != 1 || len(u) != 1 || u[0] != 3 {
		t.Errorf("expired %v, expiring %v, unused %v", e, x, u)
	}
}

// What is offered to be added accepts exactly the finding it was offered for.
func TestEntryAcceptsItsFindingAlone(t *testing.T) {
	for _, p := range []string{".github/workflows/ci.yml", ".github/workflows/it's: #1.yml", ".github/workflows/a\u202e\n.yml", "- x", "0x1f"} {
		for _, repository := range []string{"", "acme/shop"} {
			all := inventory.Inventory{}.WithFindings([]inventory.Finding{
				{Rule: "r", Repository: repository, Path: p, Line: 1, Message: "m"}, {Rule: "r", Repository: repository, Path: p, Line: 2, Message: "m"},
			}).Findings
			filled := strings.NewReplacer("reason: ''", "reason: known", "owner: ''", "owner: alice", "expires: ''", "expires: 2099-01-01").Replace(Entry(all[1]))
			accepted, err := config.ParseAccepted("accepted.yaml", []byte("version: 1\nfindings:\n"+filled))
			if err != nil {
				t.Fatalf("%q: %v\n%s", p, err, filled)
			}
			out, _ := Accept(all, accepted.Findings, []string{repository}, now)
			if out[0].Accepted != nil || out[1].Accepted == nil {
				t.Errorf("%q of %q: %v, %v", p, repository, out[0].Accepted, out[1].Accepted)
			}
		}
	}
	// As it stands it accepts nothing.
	if _, err := config.ParseAccepted("accepted.yaml", []byte("version: 1\nfindings:\n"+Entry(finding()))); err == nil {
		t.Error("an entry nobody filled in is taken")
	}
}
