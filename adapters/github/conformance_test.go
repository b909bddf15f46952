package github_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

func TestWorkflowDisable(t *testing.T) {
	conforms(t, suite("github.workflow.disable", nil, func(s *fake.Server) bool { return !s.WorkflowActive(checks) }))
}

func TestWorkflowEnable(t *testing.T) {
	off := func(s *fake.Seed) { s.Disabled = map[string]string{checks: "disabled_manually"} }
	conforms(t, suite("github.workflow.enable", off, func(s *fake.Server) bool { return s.WorkflowActive(checks) }))
}

func TestRunsCancel(t *testing.T) {
	live := func(s *fake.Seed) {
		s.Runs = append(s.Runs,
			fake.RunSeed{Workflow: checks, Status: "in_progress", Age: 6 * time.Minute, IgnoresCancel: true, Lingers: 20 * time.Second, Jobs: []string{"checks", "late"}},
			fake.RunSeed{Workflow: checks, Status: "queued", Age: time.Minute},
			fake.RunSeed{Workflow: checks, Status: "waiting", Age: time.Minute})
	}
	s := suite("github.runs.cancel", live, func(s *fake.Server) bool { return s.LiveJobs(checks) == 0 })
	// A cancel's answer says nothing: 202 with whatever body is accepted, and reading decides.
	s.Quirks = adaptertest.Quirks{IgnoresBody: true}
	conforms(t, s)
}

func TestSecretPut(t *testing.T) {
	for scope, name := range map[string]string{
		"repository": "NPM_TOKEN", "environment/prod/eu": "DEPLOY_KEY", "organization": "SHARED", "dependabot": "NPM_TOKEN", "codespaces-organization": "NPM_TOKEN",
	} {
		t.Run(scope, func(t *testing.T) {
			held := func(s *fake.Server) bool {
				visibility, ids := s.SharedWith(scope, name)
				if strings.HasSuffix(scope, "organization") && (visibility != "selected" || !slices.Equal(ids, few)) {
					return false
				}
				return s.SecretValue(scope, name) == newNPM
			}
			s := suite("github.secret.put", stores, held)
			s.Inputs = inputs("repository", shop, "scope", scope, "name", name)
			s.Inputs["value"] = plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
			s.Secrets = map[string]secret.Text{"value": secret.NewString(newNPM)}
			s.Quirks = adaptertest.Quirks{Blind: true}
			conforms(t, s)
		})
	}
}

func TestLogsExport(t *testing.T) {
	s := suite("github.logs.export", nil, nil)
	s.Inputs["since"] = plan.Value{Literal: "2025-03-14T12:00:00Z"}
	s.Quirks = adaptertest.Quirks{NotByWorld: true} // reading is the export: there is nothing to apply
	conforms(t, s)
}

func TestArtifactsExport(t *testing.T) {
	s := suite("github.artifacts.export", uploads, nil)
	s.Inputs["since"] = plan.Value{Literal: "2025-03-14T12:00:00Z"}
	s.Quirks = adaptertest.Quirks{NotByWorld: true} // reading is the export: there is nothing to apply
	conforms(t, s)
}

func TestAccessReview(t *testing.T) {
	s := suite("github.access.review", nil, nil)
	s.Inputs = inputs("repository", shop, "since", "2025-03-14T12:00:00Z")
	s.Quirks = adaptertest.Quirks{NotByWorld: true} // whose a key is only people know
	conforms(t, s)
}

func TestCachesPurge(t *testing.T) {
	conforms(t, suite("github.caches.purge", nil, nil))
}

func TestWorkflowDispatch(t *testing.T) {
	s := suite("github.workflow.dispatch", nil, func(s *fake.Server) bool { _, b, _ := s.Built(); return b != nil })
	s.Inputs = inputs("repository", shop, "workflow", build, "purpose", "rebuild", "subject", checks)
	s.Quirks = adaptertest.Quirks{Blind: true}
	conforms(t, s)
}

// The four shapes of GitHub's rate limits, and the one that names no time, as the world
// gives them: each is understood as what it is, and its answer is what GitHub's
// description says of refusals.
func TestRateLimitsOfTheWorld(t *testing.T) {
	for name, c := range map[string]struct {
		limit world.Limit
		want  adapters.Notice
	}{
		"primary 403":   {world.Limit{Status: 403, Primary: true}, adapters.Notice{Limit: "primary", Wait: 2 * time.Minute}},
		"primary 429":   {world.Limit{Status: 429, Primary: true}, adapters.Notice{Limit: "primary", Wait: 2 * time.Minute}},
		"secondary 403": {world.Limit{Status: 403, RetryAfter: 70 * time.Second}, adapters.Notice{Limit: "secondary", Wait: 70 * time.Second}},
		"secondary 429": {world.Limit{Status: 429, RetryAfter: 70 * time.Second}, adapters.Notice{Limit: "secondary", Wait: 70 * time.Second}},
		"no time":       {world.Limit{Status: 403, Silent: true}, adapters.Notice{Limit: "secondary", Wait: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			c.limit.Provider, c.limit.Calls, c.limit.Per = "github", 1, 2*time.Minute
			w, _ := start(t, world.Options{Limits: []world.Limit{c.limit}}, nil)
			wire := w.Wire()
			var told []adapters.Notice
			wire.Notice = func(n adapters.Notice) { told = append(told, n) }
			p := provider(t, w, wire)
			for range 2 {
				r := p.Actions()[0].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}})
				if len(told) > 0 && (r.State != plan.Unknown || r.Wait.D() != c.want.Wait) {
					t.Errorf("a limited read gave %+v, want unknown and to wait %s", r, c.want.Wait)
				}
			}
			if len(told) != 1 || told[0].Limit != c.want.Limit || told[0].Wait != c.want.Wait || told[0].Provider != "github" {
				t.Errorf("told %+v, want %+v", told, c.want)
			}
		})
	}
}
