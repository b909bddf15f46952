package inventory

import (
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/trust"
)

const callsElsewhere = `on: push
jobs:
  release:
    uses: acme/ci/.github/workflows/release.yml@main
    secrets: inherit
    permissions: { contents: write, id-token: write }
`

const releasedElsewhere = `on:
  workflow_call:
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: production
    permissions: { contents: read, id-token: write, packages: write }
    steps:
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
  next:
    uses: ./.github/workflows/next.yml
    secrets: inherit
`

const nextElsewhere = "on: workflow_call\njobs:\n  tell:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ./tell.sh\n        env: { HOOK: '${{ secrets.HOOK }}' }\n"

func twoRepositories(called string) []Source {
	on := []string{"main"}
	return []Source{
		{Repository: "acme/shop", DefaultBranch: "main", Files: []SourceFile{{Path: ".github/workflows/release.yml", Branches: on, Content: []byte(called)}}},
		{Repository: "acme/ci", DefaultBranch: "main", Files: []SourceFile{
			{Path: ".github/workflows/release.yml", Branches: on, Content: []byte(releasedElsewhere)},
			{Path: ".github/workflows/next.yml", Branches: on, Content: []byte(nextElsewhere)},
		}},
	}
}

// A workflow of another repository that was surveyed with it is opened where it is called
// by a branch: its jobs run with the caller's secrets, environments and rights, capped by
// the caller, and stand at the call.
func TestCallsIntoAnotherRepository(t *testing.T) {
	s := &snapshot.Snapshot{Repositories: []snapshot.Repository{{FullName: "acme/shop", ID: 1, DefaultBranch: "main", Secrets: []snapshot.Secret{
		{Name: "NPM_TOKEN", Scope: "environment/production"}, {Name: "HOOK", Scope: "repository"}, {Name: "OTHER", Scope: "repository"},
	}, Environments: []snapshot.Environment{{Name: "production"}}}}}
	models := Parse(twoRepositories(callsElsewhere))
	inv := Build(models, s, nil)
	w := inv.Repositories[0].Workflows[0]
	if len(w.Jobs) != 1 {
		t.Fatalf("jobs %+v", w.Jobs)
	}
	var reached []string
	for _, r := range w.Jobs[0].Reaches {
		if !strings.Contains(r.Credential, "token") {
			reached = append(reached, r.Name+" "+r.How)
			if r.Line != 5 {
				t.Errorf("%+v: want the line of secrets: inherit", r)
			}
		}
	}
	for _, want := range []string{"NPM_TOKEN inherit", "HOOK inherit", "OTHER inherit (not used)"} {
		if !slices.Contains(reached, want) {
			t.Errorf("reaches %v, want %s", reached, want)
		}
	}
	if got := w.Jobs[0].Permissions; got["packages"] == "write" || got["id-token"] != "write" {
		t.Errorf("the caller caps the called: %v", got)
	}
	for i := range models[0].Workflows {
		for _, in := range models[0].Instances(&models[0].Workflows[i]) {
			if in.Remote != "" || in.Foreign != "acme/ci/.github/workflows/release.yml@main" {
				t.Errorf("remote %q, foreign %q", in.Remote, in.Foreign)
			}
			if path, at := in.Place(in.Job.Pos); path != ".github/workflows/release.yml" || at.Line != 4 {
				t.Errorf("it is shown at %s:%d", path, at.Line)
			}
		}
	}
	b := &builder{repos: map[string]*snapshot.Repository{}, subjects: map[string]trust.Subject{}}
	for _, in := range models[0].Instances(&models[0].Workflows[0]) {
		for _, c := range b.claimSets(&in) {
			if !strings.HasPrefix(c.Called, "acme/ci/.github/workflows/") || c.CalledRef != "refs/heads/main" || c.Repository != "acme/shop" {
				t.Errorf("called %q by %q in %q", c.Called, c.CalledRef, c.Repository)
			}
		}
	}
}

// A tag or a commit of another repository is not known to be what its branches hold, and
// a repository that was not read is not known at all.
func TestCallsThatAreNotKnown(t *testing.T) {
	for _, uses := range []string{
		"acme/ci/.github/workflows/release.yml@v1", "acme/ci/.github/workflows/release.yml@0123456789012345678901234567890123456789",
		"acme/ci/.github/workflows/gone.yml@main", "other/ci/.github/workflows/release.yml@main",
	} {
		models := Parse(twoRepositories(strings.Replace(callsElsewhere, "acme/ci/.github/workflows/release.yml@main", uses, 1)))
		all := models[0].Instances(&models[0].Workflows[0])
		if len(all) != 1 || all[0].Remote != uses || all[0].Foreign != "" {
			t.Errorf("%s: %+v", uses, all)
		}
	}
}

// Two repositories that call each other end.
func TestCallsInARing(t *testing.T) {
	ring := func(to string) []byte {
		return []byte("on: [push, workflow_call]\njobs:\n  a:\n    uses: " + to + "/.github/workflows/x.yml@main\n")
	}
	on := []string{"main"}
	models := Parse([]Source{
		{Repository: "acme/a", Files: []SourceFile{{Path: ".github/workflows/x.yml", Branches: on, Content: ring("acme/b")}}},
		{Repository: "acme/b", Files: []SourceFile{{Path: ".github/workflows/x.yml", Branches: on, Content: ring("acme/a")}}},
	})
	if all := models[0].Instances(&models[0].Workflows[0]); len(all) != 1 || all[0].Remote == "" {
		t.Errorf("%+v", all)
	}
}
