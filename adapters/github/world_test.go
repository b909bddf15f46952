package github_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const (
	shop   = "acme/shop"
	checks = ".github/workflows/pr-checks.yml"
	build  = ".github/workflows/rebuild.yml"
	token  = "ghx_responder_0123456789abcdef"
	oldNPM = "npm_old_value_0123456789abcdef"
	newNPM = "npm_new_value_fedcba9876543210"
)

const checksFile = "name: checks\non:\n  pull_request_target:\n  workflow_dispatch:\njobs:\n  checks:\n    runs-on: ubuntu-latest\n    environment: preview\n    steps:\n      - run: npm test\n        env:\n          NPM_TOKEN: ${{ secrets.NPM_TOKEN }}\n"

const buildFile = "name: rebuild\non: workflow_dispatch\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/upload-artifact@v4\n        with: { name: package, path: '*.tgz' }\n"

func seed() fake.Seed {
	tree := map[string]string{checks: checksFile, build: buildFile, "package.json": `{"name":"shop"}`, "ci/setup/action.yml": "runs: {using: composite, steps: []}\n"}
	return fake.Seed{
		Repository: shop, ID: 42, Branches: []fake.Branch{
			{Name: "main", Protected: true, Files: tree},
			{Name: "legacy", Files: map[string]string{checks: checksFile, "old.txt": "x"}},
		},
		Secrets: []fake.Secret{
			{Name: "NPM_TOKEN", Value: oldNPM, Credential: "NPM_TOKEN"},
			{Name: "DEPLOY_KEY", Scope: "environment/prod/eu", Value: "deploy-old-value", Credential: "DEPLOY_KEY"},
			{Name: "SHARED", Scope: "organization", Value: "shared-value"},
		},
		Variables:    []fake.Variable{{Name: "PROD_DEPLOY_ROLE", Value: "arn:aws:iam::111122223333:role/deploy"}},
		Environments: []fake.Environment{{Name: "preview"}, {Name: "prod/eu", Reviewers: []string{"alice"}, Branches: []string{"main"}}},
		Runs: []fake.RunSeed{
			{Workflow: checks, Event: "pull_request_target", Age: time.Hour, Attempts: 2, Log: "hello"},
			{Workflow: checks, Event: "pull_request_target", Age: 90 * time.Minute, Expired: true},
		},
		Caches:  []fake.CacheSeed{{Key: "npm-1", Size: 10, Age: time.Hour, Reappears: 1}, {Key: "npm-2", Size: 20, Age: time.Hour}},
		Runners: []fake.Runner{{Name: "mac-1", Status: "online", Labels: []string{"macOS"}}},
		Keys:    []fake.Key{{Title: "ci", AddedBy: "alice"}},
		Hooks:   []fake.Hook{{URL: "https://chat.example/services/T0/B0/token?x=secret", Active: true, Events: []string{"push"}}},
		Tokens:  []fake.Token{{Name: "responder", Value: token, Login: "alice"}},
	}
}

// start serves a world; change alters the seed.
func start(t *testing.T, o world.Options, change func(*fake.Seed)) (*worldtest.World, *fake.Server) {
	t.Helper()
	var server *fake.Server
	w := worldtest.New(t, o, func(c world.Core) world.Provider {
		s := seed()
		if change != nil {
			change(&s)
		}
		var err error
		if server, err = fake.New(c, s); err != nil {
			t.Fatal(err)
		}
		return server
	})
	if official := counterpart.GitHubWhereInstalled(t); official != nil && len(o.Faults) == 0 { // a fault is no answer of GitHub's
		w.Around = func(next http.RoundTripper) http.RoundTripper { return official.Over(t, next) }
	}
	return w, server
}

func provider(t *testing.T, w *worldtest.World, wire adapters.Wire) *github.Provider {
	t.Helper()
	p, err := github.New(github.Config{BaseURL: w.URL("github"), Token: secret.NewString(token)}, wire)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// suite is what all actions share; inputs name the workflow under response.
func suite(action string, change func(*fake.Seed), truth func(*fake.Server) bool) adaptertest.Suite {
	var current *worldtest.World
	return adaptertest.Suite{
		Action: action,
		World: func(t *testing.T) adaptertest.World {
			w, server := start(t, world.Options{Delays: map[string]time.Duration{
				"github workflow": 2 * time.Second, "github run": 4 * time.Second, "github secret": 2 * time.Second,
				"github cache": 5 * time.Second, "github dispatch": 6 * time.Second,
				"github environment": 2 * time.Second, "github setting": 2 * time.Second, "github ruleset": 4 * time.Second,
			}}, change)
			current = w
			x := adaptertest.World{Transport: w.Wire().Transport, Now: w.Clock.Now, Advance: w.Clock.Advance}
			if truth != nil {
				x.Truth = func() bool {
					holds := false
					if err := w.Do(func(world.Core) { holds = truth(server) }); err != nil {
						t.Fatal(err)
					}
					return holds
				}
			}
			return x
		},
		Provider: func(t *testing.T, wire adapters.Wire) adapters.Provider { return provider(t, current, wire) },
		Scope:    adapters.Scope{Repositories: []string{shop}},
		Inputs:   inputs("repository", shop, "workflow", checks),
		Canaries: []secret.Text{secret.NewString(token), secret.NewString(oldNPM)},
	}
}

// conforms runs the conformance suite; every exchange of it is held against GitHub's
// description.
func conforms(t *testing.T, s adaptertest.Suite) {
	t.Helper()
	adaptertest.Run(t, s)
	counterpart.Proved(t, s.Action, counterpart.Described, counterpart.AsDescribed)
}

func inputs(pairs ...string) adapters.Inputs {
	in := adapters.Inputs{}
	for i := 0; i < len(pairs); i += 2 {
		in[pairs[i]] = plan.Value{Literal: pairs[i+1]}
	}
	return in
}
