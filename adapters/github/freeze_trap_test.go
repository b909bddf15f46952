package github_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// ask sends a request as somebody who may do everything, and gives the answer's body.
func ask(t *testing.T, w *worldtest.World, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(w.URL("github"), "/")+"/repos/"+shop+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	var raw json.RawMessage
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s answered %d", method, path, resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(&raw); err != nil && resp.StatusCode == http.StatusOK {
		t.Fatal(err)
	}
	return string(raw)
}

func shown(t *testing.T, w *worldtest.World) *snapshot.Snapshot {
	t.Helper()
	s := &snapshot.Snapshot{}
	if err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// frozenAndBack carries a freeze and its lift out.
func frozenAndBack(t *testing.T, w *worldtest.World, name string, in map[string]any) {
	t.Helper()
	was := drive(t, w, "github."+name+".freeze", in).until(t).Outputs["earlier"].Value
	in["earlier"] = was
	drive(t, w, "github."+name+".lift", in).until(t)
}

// Every environment comes back as it was, members nobody knows included; the answer
// of the API before and after is the same byte for byte.
func TestEnvironmentsComeBackExactly(t *testing.T) {
	for _, name := range []string{"open", "prod%2Feu", "protected", "closed"} {
		w, server := start(t, world.Options{}, func(s *fake.Seed) {
			deployments(s)
			s.Environments[0].Extra = map[string]any{"quiet_hours": map[string]any{"from": 22, "to": 6, "id": 12345678901234567}, "pinned": nil}
		})
		w.Around = nil // what nobody knows is not in GitHub's description either
		before := ask(t, w, "GET", "/environments/"+name, "")
		patterns := ask(t, w, "GET", "/environments/"+name+"/deployment-branch-policies", "")
		plain := strings.ReplaceAll(name, "%2F", "/")
		in := map[string]any{"repository": shop, "environment": plain}
		was := drive(t, w, "github.environment.freeze", in).until(t)
		if len(was.Found) > 0 {
			t.Errorf("%s: the freeze itself changed more than refs: %+v", name, was.Found)
		}
		if err := w.Do(func(world.Core) {
			if server.Deployable(plain, "main") {
				t.Errorf("%s: frozen, and main may deploy", name)
			}
		}); err != nil {
			t.Fatal(err)
		}
		in["earlier"] = was.Outputs["earlier"].Value
		drive(t, w, "github.environment.lift", in).until(t)
		if after := ask(t, w, "GET", "/environments/"+name, ""); after != before {
			t.Errorf("%s: it was\n%s\nand is\n%s", name, before, after)
		}
		if after := ask(t, w, "GET", "/environments/"+name+"/deployment-branch-policies", ""); after != patterns {
			t.Errorf("%s: patterns were\n%s\nand are\n%s", name, patterns, after)
		}
	}
}

// A frozen environment refuses the job: no run gets its secrets.
func TestAFrozenEnvironmentRefusesARun(t *testing.T) {
	w, server := start(t, world.Options{}, nil)
	drive(t, w, "github.environment.freeze", map[string]any{"repository": shop, "environment": "preview"}).until(t)
	ask(t, w, "POST", "/actions/workflows/pr-checks.yml/dispatches", `{"ref":"main"}`)
	w.Clock.Advance(time.Hour)
	runs := ask(t, w, "GET", "/actions/workflows/pr-checks.yml/runs?event=workflow_dispatch", "")
	if !strings.Contains(runs, `"conclusion":"failure"`) {
		t.Errorf("the run was not refused: %s", runs)
	}
	if err := w.Do(func(world.Core) { server.LiveJobs(checks) }); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(w.Entries(), func(e world.Entry) bool { return strings.Contains(e.Detail, "not allowed to deploy to preview") }) {
		t.Error("and not because of the environment")
	}
}

// Frozen tags cannot be pushed by anybody, a branch that is not named can; afterwards
// all is as it was and other rulesets stay.
func TestFrozenTagsRefusePushes(t *testing.T) {
	w, server := start(t, world.Options{}, func(s *fake.Seed) {
		s.Rulesets = []*fake.Ruleset{{Name: "theirs", Target: "branch", Enforcement: "active", Inherited: true, Include: []string{"~ALL"}, Rules: []fake.Rule{{Type: "deletion"}}}}
	})
	push := func(want bool) {
		t.Helper()
		if err := w.Do(func(world.Core) {
			for _, who := range []string{"team", "attacker"} {
				if got := server.PushTag(who, "v9", "main"); got != want {
					t.Errorf("a tag pushed by the %s: %v, want %v", who, got, want)
				}
			}
			if !server.PushTree("team", "fix", map[string]string{checks: checksFile}) {
				t.Error("the fix cannot be pushed")
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	push(true)
	in := map[string]any{"repository": shop}
	was := drive(t, w, "github.ruleset.freeze", in).until(t)
	push(false)
	s := shown(t, w).Repositories[0]
	if !s.TagsFrozen() || s.Frozen("main") || len(s.Rulesets) != 2 {
		t.Errorf("the survey shows %+v", s.Rulesets)
	}
	in["earlier"] = was.Outputs["earlier"].Value
	drive(t, w, "github.ruleset.lift", in).until(t)
	push(true)
	if s := shown(t, w).Repositories[0]; s.TagsFrozen() || len(s.Rulesets) != 1 || s.Rulesets[0].Name != "theirs" {
		t.Errorf("after the lift: %+v", s.Rulesets)
	}
}

// A ruleset that was there before is not ours to delete.
func TestALiftDeletesOnlyWhatTheFreezeMade(t *testing.T) {
	w, server := start(t, world.Options{}, made)
	frozenAndBack(t, w, "ruleset", map[string]any{"repository": shop})
	if err := w.Do(func(world.Core) {
		if got := server.Rulesets(); len(got) != 2 {
			t.Errorf("left are %v", got)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.Requests(true)); n > 0 {
		t.Errorf("%d requests changed something that needed no change", n)
	}
}

// What somebody made of our ruleset is mended while the freeze lasts, and left alone
// when it is lifted.
func TestAChangedRulesetIsMendedAndNotDeleted(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	in := map[string]any{"repository": shop}
	freeze := drive(t, w, "github.ruleset.freeze", in)
	was := freeze.until(t).Outputs["earlier"].Value
	var m struct {
		ID json.Number `json:"id"`
	}
	if err := json.Unmarshal([]byte(was), &m); err != nil || m.ID == "0" {
		t.Fatalf("%s %v", was, err)
	}
	loose := `{"name":"firebreak freeze of tags","target":"tag","enforcement":"disabled","bypass_actors":[],"conditions":{"ref_name":{"include":["~ALL"],"exclude":[]}},"rules":[{"type":"creation"},{"type":"update"},{"type":"deletion"}]}`
	ask(t, w, "PUT", "/rulesets/"+m.ID.String(), loose)
	lift := drive(t, w, "github.ruleset.lift", map[string]any{"repository": shop, "earlier": was})
	if r := lift.look(); r.State != plan.Broken || !r.Final || len(r.Next) > 0 {
		t.Errorf("a ruleset somebody changed is to be left alone: %+v", r)
	}
	if again := freeze.until(t).Outputs["earlier"].Value; again != was {
		t.Errorf("mending changed what the lift restores: %s, %s", was, again)
	}
	lift.until(t)
	other := strings.Replace(loose, `"disabled"`, `"active"`, 1)
	ask(t, w, "POST", "/rulesets", strings.Replace(other, `{"type":"update"},`, "", 1))
	if r := drive(t, w, "github.ruleset.freeze", in).look(); r.State != plan.Broken || !r.Final {
		t.Errorf("a weaker ruleset of the same name: %+v", r)
	}
}

// Nobody may pass a freeze by, and one whose bypass is not shown is not known to hold.
func TestABypassIsNoFreeze(t *testing.T) {
	admin := int64(5)
	for name, c := range map[string]struct {
		bypass []fake.Bypass
		may    map[string]string
		want   plan.State
	}{
		"nobody":    {nil, nil, plan.Held},
		"an admin":  {[]fake.Bypass{{ID: &admin, Type: "RepositoryRole", Mode: "always"}}, nil, plan.Broken},
		"not shown": {nil, map[string]string{"metadata": "read"}, plan.Unknown},
	} {
		w, _ := start(t, world.Options{}, func(s *fake.Seed) {
			made(s)
			s.Rulesets[1].Bypass = c.bypass
			s.Tokens[0].Permissions = c.may
		})
		if r := drive(t, w, "github.ruleset.freeze", map[string]any{"repository": shop}).look(); r.State != c.want {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// settingsOf are the freezes of a small setting, with a state between loose and strict.
var settingsOf = []struct{ freeze, lift, path, between, frozen string }{
	{"github.default_token.restrict", "github.default_token.lift", "/actions/permissions/workflow", `{"default_workflow_permissions":"read","can_approve_pull_request_reviews":true}`, strictToken},
	{"github.fork_approval.require", "github.fork_approval.lift", "/actions/permissions/fork-pr-contributor-approval", `{"approval_policy":"first_time_contributors_new_to_github"}`, `{"approval_policy":"all_external_contributors"}`},
}

// Somebody's own change is not overwritten, and a freeze of what was opened in between
// keeps the state before the first one.
func TestALiftNeverLoosens(t *testing.T) {
	for _, c := range settingsOf {
		w, _ := start(t, world.Options{}, writes)
		before := ask(t, w, "GET", c.path, "")
		in := map[string]any{"repository": shop}
		freeze := drive(t, w, c.freeze, in)
		was := freeze.until(t).Outputs["earlier"].Value
		ask(t, w, "PUT", c.path, c.between)
		lift := drive(t, w, c.lift, map[string]any{"repository": shop, "earlier": was})
		if r := lift.look(); r.State != plan.Broken || !r.Final || len(r.Next) > 0 || !strings.Contains(r.Detail, "changed meanwhile") {
			t.Errorf("%s: what somebody changed is to be left alone: %+v", c.lift, r)
		}
		w.Clock.Advance(time.Minute)
		if again := freeze.until(t).Outputs["earlier"].Value; again != was {
			t.Errorf("%s: the second freeze changed what the lift restores: %s, %s", c.freeze, was, again)
		}
		lift.until(t)
		if after := ask(t, w, "GET", c.path, ""); after != before {
			t.Errorf("%s: it was %s and is %s", c.lift, before, after)
		}
		// Strict from the beginning: nothing to do, and nothing to take back.
		ask(t, w, "PUT", c.path, c.frozen)
		n := len(w.Requests(true))
		strict := drive(t, w, c.freeze, in).until(t).Outputs["earlier"].Value
		drive(t, w, c.lift, map[string]any{"repository": shop, "earlier": strict}).until(t)
		if len(w.Requests(true)) != n {
			t.Errorf("%s: it was strict already, and something was sent", c.freeze)
		}
		ask(t, w, "PUT", c.path, c.between)
		if r := drive(t, w, c.lift, map[string]any{"repository": shop, "earlier": strict}).look(); r.State != plan.Broken || len(r.Next) > 0 {
			t.Errorf("%s: it was strict before, somebody loosened it: %+v", c.lift, r)
		}
	}
}

// Environments likewise: other reviewers, another pattern, or none left to restore.
func TestAnEnvironmentSomebodyChangedIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct{ environment, method, path, body string }{
		"other reviewers":  {"prod/eu", "PUT", "/environments/prod%2Feu", `{"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":true}}`},
		"another pattern":  {"prod/eu", "POST", "/environments/prod%2Feu/deployment-branch-policies", `{"name":"evil/*"}`},
		"opened to any":    {"prod/eu", "PUT", "/environments/prod%2Feu", `{"deployment_branch_policy":null}`},
		"opened by hand":   {"protected", "POST", "/environments/protected/deployment-branch-policies", `{"name":"main"}`},
		"closed from then": {"closed", "POST", "/environments/closed/deployment-branch-policies", `{"name":"main"}`},
	} {
		w, _ := start(t, world.Options{}, deployments)
		in := map[string]any{"repository": shop, "environment": c.environment}
		in["earlier"] = drive(t, w, "github.environment.freeze", in).until(t).Outputs["earlier"].Value
		ask(t, w, c.method, c.path, c.body)
		if r := drive(t, w, "github.environment.lift", in).look(); r.State != plan.Broken || !r.Final || len(r.Next) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A freeze that lacks the permission says which one.
func TestAFreezeNamesThePermissionItLacks(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		writes(s)
		s.Tokens[0].Permissions = map[string]string{"metadata": "read", "administration": "read", "actions": "read"}
	})
	for action, in := range map[string]map[string]any{
		"github.default_token.restrict": {"repository": shop}, "github.fork_approval.require": {"repository": shop},
		"github.environment.freeze": {"repository": shop, "environment": "preview"}, "github.ruleset.freeze": {"repository": shop},
	} {
		a := drive(t, w, action, in)
		r := a.look()
		if len(r.Next) == 0 {
			t.Errorf("%s: %+v", action, r)
			continue
		}
		if o := a.send(r.Next[0]); o.State != plan.Refused || o.Permission != "administration=write" {
			t.Errorf("%s: %+v", action, o)
		}
	}
}

// Where a person froze, the plan alone knows what was there before.
func TestAnAssistedFreezeKeepsWhatThePlanSaw(t *testing.T) {
	w, _ := start(t, world.Options{}, writes)
	a := drive(t, w, "github.default_token.restrict", map[string]any{"repository": shop})
	c, err := a.action.Plan(inputs("repository", shop), shown(t, w))
	if err != nil {
		t.Fatal(err)
	}
	a.task.Action = plan.Action{Before: c.Before, Assisted: &plan.Assisted{Instructions: "by hand"}}
	ask(t, w, "PUT", "/actions/permissions/workflow", strictToken)
	if got := a.until(t).Outputs["earlier"].Value; got != looseToken {
		t.Errorf("earlier is %s", got)
	}
}

// A ruleset's creation whose answer was lost is found by its name, with its id.
func TestALostRulesetIsFoundAgain(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	a := drive(t, w, "github.ruleset.freeze", map[string]any{"repository": shop})
	c := a.look().Next[0]
	o := a.send(c)
	told := o.Outputs["earlier"].Value
	a.task.History[0].Outcome = &plan.Outcome{State: plan.Unknown}
	a.task.Now = w.Clock.Now()
	if s := a.action.Settle(t.Context(), a.task, c); s.Happened != "yes" || s.Outputs["earlier"].Value != told || told == "" {
		t.Errorf("%+v, told %s", s, told)
	}
	if r := a.look(); r.State != plan.Held || r.Outputs["earlier"].Value != told {
		t.Errorf("%+v", r)
	}
}
