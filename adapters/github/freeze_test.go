package github_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const (
	looseToken  = `{"can_approve_pull_request_reviews":true,"default_workflow_permissions":"write"}`
	strictToken = `{"can_approve_pull_request_reviews":false,"default_workflow_permissions":"read"}`
	loosePolicy = `{"approval_policy":"first_time_contributors"}`
)

func writes(s *fake.Seed) { s.Permissions, s.Approves = "write", true }

func privately(s *fake.Seed) {
	s.Private = true
	s.ForkRuns = &fake.ForkRuns{Runs: true, Write: true, Secrets: true}
}

func restricted(s *fake.Server) bool {
	return s.TokenDefaults() == fake.TokenDefaults{Permissions: "read"}
}

func TestDefaultTokenRestrict(t *testing.T) {
	s := suite("github.default_token.restrict", writes, restricted)
	s.Inputs = inputs("repository", shop)
	conforms(t, s)
}

func TestDefaultTokenLift(t *testing.T) {
	s := suite("github.default_token.lift", nil, func(s *fake.Server) bool {
		return s.TokenDefaults() == fake.TokenDefaults{Permissions: "write", Approves: true}
	})
	s.Inputs = inputs("repository", shop, "earlier", looseToken)
	conforms(t, s)
}

func TestForkApprovalRequire(t *testing.T) {
	for name, change := range map[string]func(*fake.Seed){"public": nil, "private": privately} {
		t.Run(name, func(t *testing.T) {
			s := suite("github.fork_approval.require", change, func(s *fake.Server) bool {
				return s.ForkApproval() == "all_external_contributors" && name == "public" || s.ForkRuns() == fake.ForkRuns{Runs: true, Approval: true}
			})
			s.Inputs = inputs("repository", shop)
			conforms(t, s)
		})
	}
}

func TestForkApprovalLift(t *testing.T) {
	strict := func(s *fake.Seed) { s.ForkApproval = "all_external_contributors" }
	s := suite("github.fork_approval.lift", strict, func(s *fake.Server) bool { return s.ForkApproval() == "first_time_contributors" })
	s.Inputs = inputs("repository", shop, "earlier", loosePolicy)
	conforms(t, s)
	private := func(s *fake.Seed) {
		s.Private = true
		s.ForkRuns = &fake.ForkRuns{Runs: true, Approval: true}
	}
	s = suite("github.fork_approval.lift", private, func(s *fake.Server) bool { return s.ForkRuns() == fake.ForkRuns{Runs: true, Write: true} })
	s.Inputs = inputs("repository", shop, "earlier", `{"require_approval_for_fork_pr_workflows":false,"run_workflows_from_fork_pull_requests":true,"send_secrets_and_variables":false,"send_write_tokens_to_workflows":true}`)
	t.Run("private", func(t *testing.T) { conforms(t, s) })
}

// deployments are environments of every shape a freeze has to come back to.
func deployments(s *fake.Seed) {
	s.Environments = []fake.Environment{
		{Name: "open", Wait: 30, SelfReview: true, Reviewers: []string{"alice"}, CanBypass: true},
		{Name: "prod/eu", Reviewers: []string{"alice", "carol"}, Branches: []string{"main", "release/*"}, Tags: []string{"v*"}},
		{Name: "protected", Protected: true},
		{Name: "closed", Custom: true},
	}
}

// closed gives deployments with one of them frozen, and what it was before.
func closed(t *testing.T, name string) (change func(*fake.Seed), was string) {
	t.Helper()
	w, _ := start(t, world.Options{}, deployments)
	a := drive(t, w, "github.environment.freeze", map[string]any{"repository": shop, "environment": name})
	was = a.until(t).Outputs["earlier"].Value
	return func(s *fake.Seed) {
		deployments(s)
		i := slices.IndexFunc(s.Environments, func(e fake.Environment) bool { return e.Name == name })
		e := &s.Environments[i]
		e.Custom, e.Protected, e.Branches, e.Tags = true, false, nil, nil
	}, was
}

func TestEnvironmentFreeze(t *testing.T) {
	for _, name := range []string{"open", "prod/eu", "protected"} {
		t.Run(name, func(t *testing.T) {
			s := suite("github.environment.freeze", deployments, func(s *fake.Server) bool { return !s.Deployable(name, "main") && !s.Deployable(name, "release/1") })
			s.Inputs = inputs("repository", shop, "environment", name)
			conforms(t, s)
		})
	}
}

func TestEnvironmentLift(t *testing.T) {
	for _, name := range []string{"open", "prod/eu", "protected"} {
		t.Run(name, func(t *testing.T) {
			frozen, was := closed(t, name)
			s := suite("github.environment.lift", frozen, func(s *fake.Server) bool {
				return s.Deployable(name, "main") && (name == "protected") != s.Deployable(name, "release/1")
			})
			s.Inputs = inputs("repository", shop, "environment", name, "earlier", was)
			conforms(t, s)
		})
	}
}

func TestRulesetFreeze(t *testing.T) {
	s := suite("github.ruleset.freeze", nil, func(s *fake.Server) bool { return s.Forbidden("creation", "refs/tags/v9") != "" })
	s.Inputs = inputs("repository", shop)
	conforms(t, s)
	s = suite("github.ruleset.freeze", nil, func(s *fake.Server) bool { return s.Forbidden("update", "refs/heads/legacy") != "" })
	s.Inputs = inputs("repository", shop, "target", "branch")
	s.Inputs["refs"] = plan.Value{Literal: []string{"legacy", "release/*"}}
	t.Run("branches", func(t *testing.T) { conforms(t, s) })
}

// made is a ruleset as the freeze of tags makes it.
func made(s *fake.Seed) {
	s.Rulesets = []*fake.Ruleset{
		{Name: "theirs", Target: "tag", Enforcement: "active", Include: []string{"refs/tags/v*"}, Rules: []fake.Rule{{Type: "deletion"}}},
		{
			Name: "firebreak freeze of tags", Target: "tag", Enforcement: "active", Include: []string{"~ALL"},
			Rules: []fake.Rule{{Type: "creation"}, {Type: "update"}, {Type: "deletion"}},
		},
	}
}

func TestRulesetLift(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	was := drive(t, w, "github.ruleset.freeze", map[string]any{"repository": shop}).until(t).Outputs["earlier"].Value
	w, _ = start(t, world.Options{}, made)
	was = renumbered(t, w, was)
	s := suite("github.ruleset.lift", made, func(s *fake.Server) bool { return slices.Equal(s.Rulesets(), []string{"theirs"}) })
	s.Inputs = inputs("repository", shop, "earlier", was)
	conforms(t, s)
}

// until calls and looks until the wished state is held.
func (a *act) until(t *testing.T) plan.Reading {
	t.Helper()
	r := a.look()
	for end := a.w.Clock.Now().Add(time.Hour); r.State != plan.Held && a.w.Clock.Now().Before(end); r = a.look() {
		if len(r.Next) == 0 && r.Final {
			break
		}
		for _, c := range r.Next {
			if o := a.send(c); o.State != plan.Done {
				t.Fatalf("%s: %+v", c.Key, o)
			}
		}
		a.w.Clock.Advance(10 * time.Second)
	}
	if r.State != plan.Held {
		t.Fatalf("%s: %+v", a.action.Spec().Name, r)
	}
	return r
}

// renumbered gives a freeze's earlier state the id that its ruleset has in another world.
func renumbered(t *testing.T, w *worldtest.World, was string) string {
	t.Helper()
	s := &snapshot.Snapshot{}
	if err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(was), &m); err != nil {
		t.Fatal(err)
	}
	for _, x := range s.Repositories[0].Rulesets {
		if x.Name == "firebreak freeze of tags" {
			m["id"] = x.ID
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
