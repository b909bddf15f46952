package boundary

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

func finding() inventory.Finding {
	return inventory.Finding{Rule: "untrusted-checkout-with-secrets", Severity: Critical, Repository: "acme/shop", Path: ".github/workflows/pr-checks.yml", Branches: []string{"main"}, Fires: []string{"main"}, Gate: true}
}

func survey() *snapshot.Snapshot {
	return &snapshot.Snapshot{Repositories: []snapshot.Repository{{FullName: "acme/shop", DefaultBranch: "main", Branches: []snapshot.Branch{{Name: "main"}}}}}
}

func TestGateAcceptsOnlyWithReasonOwnerAndAnEndToCome(t *testing.T) {
	good := config.AcceptedFinding{Rule: finding().Rule, Repository: "acme/shop", Path: finding().Path, Reason: "the job is offline", Owner: "alice", Expires: now.Add(time.Hour)}
	with := func(change func(*config.AcceptedFinding)) config.AcceptedFinding { a := good; change(&a); return a }
	for _, c := range []struct {
		name string
		a    config.AcceptedFinding
		open bool
	}{
		{"complete", good, false},
		{"any repository and path", with(func(a *config.AcceptedFinding) { a.Repository, a.Path = "", "" }), false},
		{"no reason", with(func(a *config.AcceptedFinding) { a.Reason = " " }), true},
		{"no owner", with(func(a *config.AcceptedFinding) { a.Owner = "" }), true},
		{"no end", with(func(a *config.AcceptedFinding) { a.Expires = time.Time{} }), true},
		{"ends now", with(func(a *config.AcceptedFinding) { a.Expires = now }), true},
		{"other rule", with(func(a *config.AcceptedFinding) { a.Rule = "id-token-beside-untrusted-code" }), true},
		{"other repository", with(func(a *config.AcceptedFinding) { a.Repository = "acme/web" }), true},
		{"other path", with(func(a *config.AcceptedFinding) { a.Path = ".github/workflows/x.yml" }), true},
	} {
		v := Gate([]inventory.Finding{finding()}, survey(), []string{subjectPath}, []config.AcceptedFinding{c.a}, now)
		if (len(v.Open) == 1) != c.open || (len(v.Accepted) == 0) != c.open {
			t.Errorf("%s: open %v, accepted %v", c.name, v.Open, v.Accepted)
		}
	}
}

func TestGateCountsWhatCanFire(t *testing.T) {
	stale := finding()
	stale.Fires = nil
	elsewhere := finding()
	elsewhere.Path = ".github/workflows/other.yml"
	called := elsewhere
	called.Workflow = finding().Path
	note := finding()
	note.Gate = false
	for name, c := range map[string]struct {
		f    inventory.Finding
		open int
	}{
		"fires": {finding(), 1}, "cannot fire": {stale, 0}, "another workflow's": {elsewhere, 0}, "in a called workflow": {called, 1}, "no gate rule": {note, 0},
	} {
		v := Gate([]inventory.Finding{c.f}, survey(), []string{subjectPath}, nil, now)
		if len(v.Open) != c.open || len(v.Unknown) != 0 {
			t.Errorf("%s: open %d, want %d; unknown %v", name, len(v.Open), c.open, v.Unknown)
		}
	}
}

func TestGateNeverTakesUnknownForGood(t *testing.T) {
	unknown := finding()
	unknown.Severity = Unknown
	unreadable := finding()
	unreadable.Rule, unreadable.Gate = inventory.RuleUnreadable, false
	gap := survey()
	gap.Gaps = []snapshot.Gap{{Provider: "github", What: "branches of acme/shop", Why: "403"}, {Provider: "aws", What: "roles", Why: "403"}}
	noDefault := survey()
	noDefault.Repositories[0].DefaultBranch = ""
	noBranches := survey()
	noBranches.Repositories[0].Branches = nil
	for name, c := range map[string]struct {
		f    []inventory.Finding
		s    *snapshot.Snapshot
		want string
	}{
		"severity":       {[]inventory.Finding{unknown}, survey(), "pr-checks.yml on branch main"},
		"unreadable":     {[]inventory.Finding{unreadable}, survey(), "could not be read as a workflow"},
		"gap":            {nil, gap, "branches of acme/shop could not be listed"},
		"not surveyed":   {nil, &snapshot.Snapshot{}, "is not in the survey"},
		"no default":     {nil, noDefault, "default branch"},
		"no branch list": {nil, noBranches, "branches of acme/shop"},
	} {
		v := Gate(c.f, c.s, []string{subjectPath}, nil, now)
		if len(v.Unknown) != 1 || !strings.Contains(v.Unknown[0], c.want) {
			t.Errorf("%s: unknown %q, want one with %q", name, v.Unknown, c.want)
		}
	}
}
