package scene

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/workflow"
)

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSchedulesOpenWhenGitHubOpensThem(t *testing.T) {
	now := moment(t, "2026-11-24T17:06:48Z") // a Tuesday
	for _, c := range []struct{ cron, zone, want string }{
		{"*/15 * * * *", "", "2026-11-24T17:15:00Z"},
		{"6 17 * * *", "", "2026-11-25T17:06:00Z"}, // this minute has begun
		{"0 3 * * 1", "", "2026-11-30T03:00:00Z"},
		{"0 0 13 * 5", "", "2026-11-27T00:00:00Z"}, // POSIX: either day
		{"0 0 29 2 *", "", "2028-02-29T00:00:00Z"},
		{"30 9 * * MON-FRI", "Europe/Berlin", "2026-11-25T08:30:00Z"},
		{"0 0 31 2 *", "", "0001-01-01T00:00:00Z"}, // there is no such day
	} {
		got, err := Next(workflow.Schedule{Cron: c.cron, Zone: c.zone}, now)
		if err != nil || !got.Equal(moment(t, c.want)) {
			t.Errorf("%s %s: %s %v, want %s", c.cron, c.zone, got, err, c.want)
		}
	}
	for _, odd := range []string{"* * * *", "@daily", "CRON_TZ=UTC 0 0 * * *", "0 0 0 0 0 0", "61 * * * *", ""} {
		if at, err := Next(workflow.Schedule{Cron: odd}, now); err == nil {
			t.Errorf("%q fires at %s", odd, at)
		}
	}
	if _, err := Next(workflow.Schedule{Cron: "0 0 * * *", Zone: "Mars/Olympus"}, now); err == nil {
		t.Error("a time zone nobody knows is a time")
	}
}

// shop is a repository with a file on main and another copy of it on legacy.
func shop(main, legacy string) ([]inventory.Model, *snapshot.Snapshot) {
	path := ".github/workflows/ci.yml"
	s := &snapshot.Snapshot{Repositories: []snapshot.Repository{{
		FullName: "acme/shop", DefaultBranch: "main", Workflows: []snapshot.Workflow{{ID: 1, Path: path, State: "active"}},
	}}}
	src := inventory.Source{Repository: "acme/shop", DefaultBranch: "main", Files: []inventory.SourceFile{{Path: path, Branches: []string{"main"}, Content: []byte(main)}}}
	if legacy != "" {
		src.Files = append(src.Files, inventory.SourceFile{Path: path, Branches: []string{"legacy"}, Content: []byte(legacy)})
	}
	return inventory.Parse([]inventory.Source{src}), s
}

const job = "\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{ run: make }]\n"

func TestDoorsSayWhoOpensThemAndWhen(t *testing.T) {
	models, s := shop(
		"on:\n  pull_request_target:\n  schedule: [{ cron: '*/5 * * * *' }]\n  workflow_dispatch:\n  push: { branches: [main] }"+job,
		"on:\n  schedule: [{ cron: '0 0 * * *' }]\n  issue_comment:\n  push:"+job)
	doors := Doors(s, models, []string{"acme/shop/.github/workflows/ci.yml"}, moment(t, "2026-11-24T17:06:48Z"))
	var got []string
	for _, d := range doors {
		if !d.Open {
			t.Errorf("%s counts as shut", d.Event)
		}
		got = append(got, d.Event+" on "+strings.Join(d.Branches, "+")+": "+d.Who+", "+d.When)
	}
	want := []string{
		"pull_request_target on main: anybody, any time", // the worst first
		"schedule on main: nobody: the clock, at 2026-11-24 17:10 UTC",
		"push on legacy: whoever may write here, any time, by a push",
		"push on main: whoever may write here, any time, by a push to main",
		"workflow_dispatch on main: whoever may write here, by hand or by a token, any time",
	}
	// Schedules and comments run the default branch's copy alone.
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestADisabledWorkflowsDoorsAreShut(t *testing.T) {
	models, s := shop("on: issue_comment"+job, "")
	s.Repositories[0].Workflows[0].State = "disabled_manually"
	doors := Doors(s, models, []string{"acme/shop/.github/workflows/ci.yml"}, time.Time{})
	if len(doors) != 1 || doors[0].Open || doors[0].State != "disabled_manually" {
		t.Errorf("%+v", doors)
	}
	if more := Doors(s, models, nil, time.Time{}); len(more) != 0 {
		t.Errorf("doors of a workflow nobody named: %+v", more)
	}
}

func TestAScheduleThatCannotBeReadIsNotNever(t *testing.T) {
	models, s := shop("on:\n  schedule: [{ cron: 'every day' }]"+job, "")
	doors := Doors(s, models, []string{"acme/shop/.github/workflows/ci.yml"}, time.Time{})
	if len(doors) != 1 || !strings.HasPrefix(doors[0].When, "not known") {
		t.Errorf("%+v", doors)
	}
}

func TestTheEarliestCandidateIsTaken(t *testing.T) {
	h := func(n int) time.Time { return time.Date(2026, 1, 1, n, 0, 0, 0, time.UTC) }
	all := Order([]plan.Candidate{{Time: h(5), Kind: LiveRun, Evidence: "run 5"}, {Time: h(3), Kind: Changed, Evidence: "run 3"}, {Time: h(2), Kind: LastClean, Evidence: "run 2"}, {Time: h(5), Kind: LiveRun, Evidence: "run 5"}})
	since, why := Earliest(all)
	if len(all) != 3 || !since.Equal(h(3)) || why != "not given: run 3, the earliest of 2 candidates" {
		t.Errorf("%s %q of %v", since, why, all)
	}
	if since, why = Earliest(append(all, plan.Candidate{Time: h(4), Kind: Given, Evidence: "--since"})); !since.Equal(h(4)) || why != "given" {
		t.Errorf("what a person says counts: %s %q", since, why)
	}
	if since, why = Earliest(nil); !since.IsZero() || !strings.Contains(why, "--since") {
		t.Errorf("%s %q", since, why)
	}
}

func TestWhenTheFileChanged(t *testing.T) {
	h := func(n int) time.Time { return time.Date(2026, 1, 1, n, 0, 0, 0, time.UTC) }
	run := func(n int, sha string) Version {
		return Version{Run: snapshot.Run{ID: int64(n), Path: ".github/workflows/ci.yml", SHA: "c0ffee" + sha, Conclusion: "success", Created: h(n)}, SHA: sha}
	}
	// Runs 4 and 2 have the file as now; 3 could not be read; 1 is older. A file that was
	// as now even before counts from its last change.
	got := Changes("acme/shop", []Version{run(4, "new"), run(1, "old"), run(2, "new"), {Run: run(3, "").Run}, run(0, "new")})
	if len(got) != 2 || got[0].Kind != Changed || !got[0].Time.Equal(h(2)) || got[1].Kind != LastClean || !got[1].Time.Equal(h(1)) {
		t.Errorf("%+v", got)
	}
	if got = Changes("acme/shop", []Version{run(4, "same"), run(2, "same")}); got != nil {
		t.Errorf("a file that did not change says nothing: %+v", got)
	}
}

func TestActionsAreComparedAsGitHubDoes(t *testing.T) {
	a, err := ParseAction("tj-actions/changed-files@v45")
	if err != nil {
		t.Fatal(err)
	}
	for uses, want := range map[string]Use{
		"tj-actions/changed-files@v45": ThisExact, "TJ-Actions/Changed-Files@v45": ThisExact, "tj-actions/changed-files/sub@v45": ThisExact,
		"tj-actions/changed-files@V45": OtherRef, "tj-actions/changed-files@0123456789012345678901234567890123456789": OtherRef,
		"tj-actions/changed-files-fork@v45": Other, "./tj-actions/changed-files": Other, "": Other,
	} {
		if got := a.Of(uses); got != want {
			t.Errorf("%s is %d, want %d", uses, got, want)
		}
	}
	for _, odd := range []string{"", "x", "a/b@", "a b/c@v1", "@v1", "a/b@v 1"} {
		if _, err := ParseAction(odd); err == nil {
			t.Errorf("%q is an action", odd)
		}
	}
}

func TestUsesAreFoundInCompositeActionsAndCalledWorkflows(t *testing.T) {
	file := func(path, text string, branches ...string) inventory.SourceFile {
		return inventory.SourceFile{Path: path, Branches: branches, Content: []byte(text)}
	}
	m := inventory.Parse([]inventory.Source{{Repository: "acme/shop", DefaultBranch: "main", Files: []inventory.SourceFile{
		file(".github/workflows/direct.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: bad/action@v1\n", "main"),
		file(".github/workflows/composite.yml", "on: push\njobs:\n  b:\n    runs-on: x\n    steps:\n      - uses: ./setup\n", "main"),
		file("setup/action.yml", "runs:\n  using: composite\n  steps:\n    - uses: Bad/Action@v1\n", "main"),
		file(".github/workflows/calls.yml", "on: push\njobs:\n  c:\n    uses: ./.github/workflows/called.yml\n  d:\n    uses: other/repo/.github/workflows/x.yml@v2\n", "main"),
		file(".github/workflows/called.yml", "on: workflow_call\njobs:\n  e:\n    runs-on: x\n    steps:\n      - uses: bad/action/sub@v1\n", "main"),
		file(".github/workflows/pinned.yml", "on: push\njobs:\n  f:\n    runs-on: x\n    steps:\n      - uses: bad/action@0123456789012345678901234567890123456789\n", "main"),
		file(".github/workflows/stale.yml", "on: push\njobs:\n  g:\n    runs-on: x\n    steps:\n      - uses: bad/action@v1\n", "old"),
		file(".github/workflows/clean.yml", "on: push\njobs:\n  h:\n    runs-on: x\n    steps:\n      - run: echo bad/action@v1\n", "main"),
	}}})
	found, others, foreign := UsesOf(Action{"bad/action", "v1"}, &m[0])
	names := func(all []Site) (out []string) {
		for _, s := range all {
			out = append(out, strings.TrimSuffix(strings.TrimPrefix(s.Workflow, ".github/workflows/"), ".yml")+"/"+s.Job)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	if got := names(found); !slices.Equal(got, []string{"called/e", "calls/c", "composite/b", "direct/a", "stale/g"}) {
		t.Errorf("found %v", got)
	}
	if got := names(others); !slices.Equal(got, []string{"pinned/f"}) {
		t.Errorf("at another ref %v", got)
	}
	if got := names(foreign); !slices.Equal(got, []string{"calls/d"}) {
		t.Errorf("not known %v", got)
	}
	found, _, _ = UsesOf(Action{"other/repo", ""}, &m[0])
	if got := names(found); !slices.Equal(got, []string{"calls/d"}) {
		t.Errorf("a called workflow is a use: %v", got)
	}
}
