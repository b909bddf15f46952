package acceptance

import (
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/world"
)

// containment is the contract of contain.
type containment struct {
	Schema, Incident, State, Next string
	FirstEffect                   float64 `json:"first_effect_seconds"`
	Workflows                     []string
	Scene                         struct {
		Live []struct {
			ID   int64
			Path string
			Jobs []struct{ Name, Status string }
		}
		Doors []struct {
			Workflow, Event, Who, When, State string
			Open, Secrets                     bool
			Branches                          []string
		}
		Identities []struct{ ID, Kind, Verdict string }
		Exposure   struct {
			Since      time.Time
			Why        string
			Candidates []struct{ Kind, Evidence string }
		}
		Uses          []struct{ Repository, Workflow, Path, Job, Uses string }
		AffectedRuns  []struct{ ID int64 } `json:"affected_runs"`
		Unconfigured  []struct{ Provider, Why string }
		Unknown       []string
		UsesOtherwise []struct{ Uses string } `json:"uses_otherwise"`
	}
	Status incident
}

// bare leaves nothing of a desk but a token and where GitHub is.
func (d *desk) bare() *desk {
	for k := range d.env {
		if !slices.Contains([]string{"HOME", "XDG_STATE_HOME", "PATH", "TMPDIR", "GITHUB_TOKEN", "GITHUB_API_URL"}, k) {
			delete(d.env, k)
		}
	}
	d.flags = nil
	return d
}

// The first five minutes with a token and nothing else: no configuration, recipients,
// approval, playbook or terminal.
func TestContainNeedsOnlyATokenAndShutsTheDoorFirst(t *testing.T) {
	t.Parallel()
	w := serve(t, scenario(t, quick()...))
	d := w.desk(t).bare()
	e := d.must(0, "contain", "acme/shop", "--workflow", "pr-checks.yml", "--output", "json")
	got := parse[containment](t, e.out)
	if got.Schema != "firebreak.contain/1" || got.State != "paused" || got.Next != "firebreak run compromised-workflow --incident "+got.Incident {
		t.Errorf("%s %s, next %q", got.Schema, got.State, got.Next)
	}
	if got.FirstEffect < 0 || got.FirstEffect > 10 {
		t.Errorf("the first effect came after %.1f s", got.FirstEffect)
	}
	first(t, w)
	for _, a := range got.Status.Actions {
		if a.Outcome != "done" {
			t.Errorf("%s is %s", a.ID, a.Outcome)
		}
	}

	// Is it live now, and who opens the door again?
	s := got.Scene
	if len(s.Live) != 1 || len(s.Live[0].Jobs) != 1 || s.Live[0].Jobs[0].Name != "checks" {
		t.Errorf("live: %+v", s.Live)
	}
	if len(s.Doors) != 1 || s.Doors[0].Event != "pull_request_target" || s.Doors[0].Who != "anybody" || s.Doors[0].When != "any time" || s.Doors[0].Open || !slices.Equal(s.Doors[0].Branches, []string{"legacy", "main"}) {
		t.Errorf("doors: %+v", s.Doors)
	}
	var roles, absent []string
	for _, i := range s.Identities {
		roles = append(roles, i.ID)
	}
	for _, a := range s.Unconfigured {
		absent = append(absent, a.Provider)
	}
	if !slices.Equal(roles, []string{"role:deploy", "vault:ci"}) || !slices.Equal(absent, []string{"aws", "vault"}) {
		t.Errorf("identities %v, not configured %v", roles, absent)
	}
	if s.Exposure.Since.IsZero() || !strings.Contains(s.Exposure.Why, "still alive") {
		t.Errorf("since: %+v", s.Exposure)
	}
	if len(got.Status.Open) == 0 {
		t.Error("what is left is not shown")
	}
	says(t, d.must(0, "report", "--output", "markdown").out, "not given: run ")

	// What an attacker meets now.
	if state := w.control(http.MethodGet, "/_world/state"); !strings.Contains(string(state), "disabled_manually") {
		t.Error("the workflow is not disabled in the world")
	}
}

// first holds the world's own log against what contain promises: the first effect is
// the disabling, within ten seconds of the first read, after a handful of reads that
// shutting needs, and the whole look comes after it.
func first(t *testing.T, w *served) {
	t.Helper()
	all, mutating := w.ours()
	if len(mutating) == 0 {
		t.Fatal("nothing was changed")
	}
	if mutating[0].Call != "PUT workflow disable" {
		t.Errorf("the first effect is %s", mutating[0].Call)
	}
	before := all[:slices.IndexFunc(all, func(e world.Entry) bool { return e.Mutating })]
	needed := []string{"GET user", "GET repository", "GET workflows", "GET runs", "GET workflow runs", "GET run", "GET workflow"}
	for _, e := range before {
		if e.Provider == "github" && !slices.Contains(needed, e.Call) {
			t.Errorf("before the first door was shut it read %s", e.Call)
		}
	}
	if took := mutating[0].Time.Sub(all[0].Time); took > 10*time.Second {
		t.Errorf("the first effect came %s after the first read", took)
	}
	if !slices.ContainsFunc(all[len(before):], func(e world.Entry) bool { return e.Call == "GET tree" }) {
		t.Error("nobody looked at the code at all")
	}
}

// The rest becomes the same incident: contained without a configuration, planned,
// approved and carried out with one.
func TestContainedIncidentsAreCarriedOn(t *testing.T) {
	if testing.Short() {
		t.Skip("two minutes of waiting; run without -short")
	}
	t.Parallel()
	w := serve(t, scenario(t, quick()...))
	d := furnished(t, w)
	home := d.env["HOME"]
	d.env["HOME"] = filepath.Join(d.dir, "nobody") // contain finds no configuration there
	begun := parse[containment](t, d.must(0, "contain", "acme/shop", "--workflow", "pr-checks.yml", "--output", "json").out)
	d.env["HOME"] = home
	if !slices.ContainsFunc(begun.Status.Actions, func(a struct{ ID, Action, Target, Outcome, Proof string }) bool {
		return a.Action == "aws.role.revoke_sessions" && a.Outcome == "done"
	}) {
		t.Errorf("the role's sessions live on: %+v", begun.Status.Actions)
	}

	// Another process sees it and adds to it.
	d.must(0, "plan", playbookName, "--incident", "--set", "package=acme-shop", "-o", "plan.json")
	d.must(0, "approve", "plan.json", "--key", "bob")
	refused := d.must(4, "run", "plan.json", "--incident", begun.Incident, "--approval", "plan.json.approval", "--non-interactive")
	says(t, refused.err, "it is for incident \"\"", begun.Incident)
	d.must(0, "approve", "plan.json", "--key", "bob", "--incident", begun.Incident, "-o", "further.approval")
	resumed := d.finish(d.command("run", "plan.json", "--incident", begun.Incident, "--approval", "further.approval", "--non-interactive", "--output", "json"), func(r *running) {
		r.await("workflow.dispatch .github/workflows/rebuild.yml: done")
		w.control(http.MethodPost, "/_world/team/push")
		w.control(http.MethodPost, "/_world/team/promote")
	})
	resumed.must(t, 0)
	end := parse[incident](t, resumed.out)
	if end.Incident != begun.Incident || end.State != "closed" || len(end.Open) > 0 {
		t.Errorf("%s is %s, open %v", end.Incident, end.State, end.Open)
	}
	// What contain did was not done again.
	_, mutating := w.ours()
	disabled := 0
	for _, e := range mutating {
		if e.Call == "PUT workflow disable" {
			disabled++
		}
	}
	if disabled != 1 {
		t.Errorf("the workflow was disabled %d times", disabled)
	}
	again := d.must(2, "run", playbookName, "--incident", begun.Incident, "--non-interactive")
	says(t, again.err, begun.Incident+" is closed")
}

// Every way to say what an incident is about leads to the workflows it means.
func TestEntryPoints(t *testing.T) {
	t.Parallel()
	w := serve(t, scenarioName, "--no-attacker")
	d := w.desk(t)
	planned := func(args ...string) []string {
		t.Helper()
		p := parse[struct{ Subjects []string }](t, d.must(0, append([]string{"plan", "contain", "--output", "json"}, args...)...).out)
		return p.Subjects
	}
	checks := []string{"acme/shop/.github/workflows/pr-checks.yml"}
	api := w.Env["GITHUB_API_URL"]
	run := ""
	d.must(0, "survey", "acme/shop", "-o", "snapshot.json")
	for _, r := range parse[struct {
		Repositories []struct {
			Runs []struct{ ID int64 }
		}
	}](t, read(t, d.dir, "snapshot.json")).Repositories[0].Runs {
		run = strconv.FormatInt(r.ID, 10)
	}
	for name, args := range map[string][]string{
		"a file":               {"--repo", "acme/shop", "--workflow", "pr-checks.yml"},
		"a file of its owner":  {"--repo", "shop", "--workflow", "acme/shop/.github/workflows/pr-checks.yml"},
		"a run in the API":     {"--run", api + "/repos/acme/shop/actions/runs/" + run},
		"a run on the web":     {"--run", api + "/acme/shop/actions/runs/" + run + "/attempts/1?pr=7"},
		"an action":            {"--action", "hashicorp/vault-action@v3", "--repo", "acme/shop"},
		"a secret":             {"--secret", "DEPLOY_AWS_ACCESS_KEY_ID", "--repo", "acme/shop"},
		"offline, an action":   {"--action", "hashicorp/vault-action@v3", "--snapshot", "snapshot.json", "--repo", "acme/shop"},
		"offline, by a secret": {"--secret", "deploy_aws_access_key_id", "--snapshot", "snapshot.json", "--repo", "acme/shop"},
	} {
		want := checks
		if slices.Contains(args, "--secret") {
			want = []string{"acme/shop/.github/workflows/deploy-preview.yml", checks[0]} // both reach it
		}
		if got := planned(args...); !slices.Equal(got, want) {
			t.Errorf("%s leads to %v", name, got)
		}
	}
	for _, wrong := range []struct {
		args []string
		says string
	}{
		{[]string{"--repo", "acme/shpo", "--workflow", "pr-checks.yml"}, "acme/shpo does not exist, or the token may not see it"},
		{[]string{"--repo", "acme/shop", "--workflow", "pr-check.yml"}, "did you mean .github/workflows/pr-checks.yml?"},
		{[]string{"--run", "https://github.com/acme/shop/actions/runs/1"}, "set GITHUB_API_URL"},
		{[]string{"--run", api + "/acme/shop/actions/runs/999999"}, "run 999999 of acme/shop does not exist"},
		{[]string{"--action", "hashicorp/vault-action@v99", "--repo", "acme/shop"}, "no workflow uses or reaches hashicorp/vault-action@v99"},
		{[]string{"--action", "vault-action", "--repo", "acme/shop"}, "is not an action"},
		{[]string{"--secret", "NO_SUCH", "--repo", "acme/shop"}, "no workflow uses or reaches NO_SUCH"},
		{[]string{"--run", api + "/acme/shop/actions/runs/" + run, "--snapshot", "snapshot.json"}, "a snapshot does not say what a run was"},
	} {
		for _, command := range [][]string{{"plan", "contain"}, {"contain", "--non-interactive"}, {"run", "contain", "--non-interactive"}} {
			if command[0] != "plan" && slices.Contains(wrong.args, "--snapshot") {
				continue
			}
			e := d.must(2, append(slices.Clone(command), wrong.args...)...)
			if !strings.Contains(strings.Join(strings.Fields(e.err), " "), wrong.says) {
				t.Errorf("%v %v does not say %q:\n%s", command, wrong.args, wrong.says, e.err)
			}
		}
	}
	says(t, d.must(2, "contain", "acme/shop").err, "which workflow of acme/shop", "pr-checks.yml (1 live runs)")
	if _, mutating := w.ours(); len(mutating) > 0 {
		t.Errorf("a mistake changed something: %+v", mutating[0])
	}
	if all, err := filepath.Glob(filepath.Join(d.env["XDG_STATE_HOME"], "firebreak", "incidents", "*")); err != nil || len(all) != 0 {
		t.Errorf("a mistake begins no incident: %v %v", all, err)
	}
}
