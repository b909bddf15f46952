package github_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

func surveyed(t *testing.T, change func(*fake.Seed)) (*snapshot.Snapshot, []world.Entry) {
	t.Helper()
	w, _ := start(t, world.Options{}, change)
	p := provider(t, w, w.Wire())
	s := &snapshot.Snapshot{}
	for range 2 { // a second survey replaces the first
		if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.Requests(true); len(m) > 0 {
		t.Errorf("a survey sent %+v", m)
	}
	return s, w.Requests(false)
}

func TestSurvey(t *testing.T) {
	s, _ := surveyed(t, func(s *fake.Seed) {
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: checks, Status: "queued", Event: "pull_request_target"})
	})
	if len(s.Repositories) != 1 || len(s.Gaps) != 0 {
		t.Fatalf("%d repositories, gaps %+v", len(s.Repositories), s.Gaps)
	}
	r := s.Repositories[0]
	if r.ID != 42 || r.DefaultBranch != "main" || len(r.Branches) != 2 || len(r.Workflows) != 2 || r.DefaultPermissions != "read" || len(r.Subject) == 0 {
		t.Errorf("%+v", r)
	}
	i := slices.IndexFunc(r.Files, func(f snapshot.File) bool { return f.Path == checks })
	if i < 0 || r.Files[i].Content != checksFile || !slices.Equal(r.Files[i].Branches, []string{"legacy", "main"}) {
		t.Errorf("the file on both branches is one entry: %+v", r.Files)
	}
	if !slices.ContainsFunc(r.Files, func(f snapshot.File) bool { return f.Path == "ci/setup/action.yml" }) || len(r.Files) != 3 {
		t.Errorf("workflow files and local actions, nothing else: %+v", r.Files)
	}
	var scopes []string
	for _, x := range r.Secrets {
		scopes = append(scopes, x.Scope+" "+x.Name)
	}
	if want := []string{"environment/prod/eu DEPLOY_KEY", "organization SHARED", "repository NPM_TOKEN"}; !slices.Equal(scopes, want) {
		t.Errorf("secrets %v, want %v", scopes, want)
	}
	if e := r.Environments[1]; e.Name != "prod/eu" || e.Policy != "custom" || !slices.Equal(e.Branches, []string{"main"}) || !slices.Equal(e.Reviewers, []string{"alice"}) || !json.Valid(e.Raw) {
		t.Errorf("environment %+v", e)
	}
	if len(r.Runs) != 1 || r.Runs[0].Path != checks || len(r.Caches) != 2 || len(r.Runners) != 1 || len(r.Keys) != 1 {
		t.Errorf("runs %+v caches %+v runners %+v keys %+v", r.Runs, r.Caches, r.Runners, r.Keys)
	}
	if r.Hooks[0].URL != "https://chat.example/services/..." {
		t.Errorf("a webhook's address may hold a token: %s", r.Hooks[0].URL)
	}
}

// What a token may not read is a gap which names the permission, and the rest is there.
func TestSurveyGaps(t *testing.T) {
	s, _ := surveyed(t, func(s *fake.Seed) {
		s.Tokens[0].Permissions = map[string]string{"metadata": "read", "contents": "read", "actions": "read", "secrets": "read"}
	})
	var text []string
	for _, g := range s.Gaps {
		text = append(text, g.What+": "+g.Why)
	}
	all := strings.Join(text, "\n")
	for _, want := range []string{"self-hosted runners of acme/shop", "deploy keys of acme/shop", "secrets of environment prod/eu of acme/shop", "administration=read"} {
		if !strings.Contains(all, want) {
			t.Errorf("gaps lack %q:\n%s", want, all)
		}
	}
	if len(s.Repositories[0].Files) != 3 || len(s.Repositories[0].Workflows) != 2 {
		t.Error("what may be read is missing")
	}
}

// A repository that is hidden from us is an error: nothing is known of it.
func TestSurveyOfAHiddenRepository(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) { s.Tokens[0].Permissions = map[string]string{"actions": "read"} })
	err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, &snapshot.Snapshot{})
	if err == nil || !strings.Contains(err.Error(), "the token may not see it") {
		t.Errorf("got %v", err)
	}
}

// Two surveys of an unchanged world are equal byte for byte, in spite of the parts
// that run side by side.
func TestSurveyIsStable(t *testing.T) {
	a, _ := surveyed(t, nil)
	b, requests := surveyed(t, nil)
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	port := regexp.MustCompile(`127\.0\.0\.1:[0-9]+`) // of each world
	if x, y := port.ReplaceAllString(string(x), ""), port.ReplaceAllString(string(y), ""); x != y {
		t.Errorf("%s\n%s", x, y)
	}
	if n := len(requests) / 2; n > 44 {
		t.Errorf("one survey took %d requests", n)
	}
}

func TestSelf(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	self, err := provider(t, w, w.Wire()).Self(t.Context())
	if err != nil || self.Who != "alice" || !slices.Contains(self.Kills, "github:token:alice") || self.Account == "" {
		t.Errorf("%+v, %v", self, err)
	}
}
