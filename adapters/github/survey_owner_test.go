package github_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// further is how many made-up repositories the tests' organization has.
const further = 12

func company(s *fake.Seed) {
	s.Further = further
	s.OwnerRunners = []fake.Runner{{Name: "shared-1", Status: "online", Labels: []string{"linux"}}}
	s.OwnerApps = []fake.App{{AppID: 7, Slug: "robot", Permissions: map[string]string{"contents": "write"}}}
	s.OwnerHooks = []fake.Hook{{URL: "https://chat.example/hook", Active: true}}
	s.OwnerSubject = json.RawMessage(`{"include_claim_keys":["repo","context","job_workflow_ref"]}`)
	s.Variables = append(s.Variables, fake.Variable{Name: "REGION", Scope: "organization", Value: "eu-central-1"})
}

type kept struct {
	mu sync.Mutex
	m  map[string]map[string]github.Remembered
}

func (k *kept) Load(name string) (map[string]github.Remembered, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.m[name]), nil
}

func (k *kept) Save(name string, answers map[string]github.Remembered) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.m[name] = answers
	return nil
}

// surveyOwner surveys the whole organization, but for what is known.
func surveyOwner(t *testing.T, w *worldtest.World, m github.Memory, known ...string) (map[string]github.Surveyed, snapshot.Organization, error) {
	t.Helper()
	found := map[string]github.Surveyed{}
	org, gaps, err := provider(t, w, w.Wire()).SurveyOwner(t.Context(), "acme", github.OwnerSurvey{
		Memory: m, Known: func(name string) bool { return slices.Contains(known, name) },
		Each: func(x github.Surveyed) error {
			if _, again := found[x.Repository.FullName]; again {
				t.Errorf("%s came twice", x.Repository.FullName)
			}
			found[x.Repository.FullName] = x
			return nil
		},
	})
	if err == nil && len(gaps) > 0 {
		t.Errorf("gaps %+v", gaps)
	}
	return found, org, err
}

func TestSurveyOfAnOrganization(t *testing.T) {
	w, _ := start(t, world.Options{}, company)
	found, org, err := surveyOwner(t, w, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != further+1 || org.Login != "acme" || len(org.Runners) != 1 || len(org.Apps) != 1 || org.Apps[0].Permissions["contents"] != "write" || len(org.Hooks) != 1 || !strings.Contains(string(org.Subject), "job_workflow_ref") || len(org.TokenDefaults) == 0 {
		t.Errorf("%d repositories, organization %+v", len(found), org)
	}
	x := found["acme/service-00010"]
	r := x.Repository
	if len(x.Gaps) != 0 || r.ID != 5_000_010 || len(r.Branches) != 2 || len(r.Files) != 6 || len(r.Environments) != 2 || r.DefaultBranch != "main" || !slices.Equal(r.Left, []string{"artifacts", "caches", "runs"}) {
		t.Errorf("gaps %+v, %+v", x.Gaps, r)
	}
	var names []string
	for _, s := range r.Secrets {
		names = append(names, s.Scope+" "+s.Name)
	}
	// SIGNING_KEY is shared with the first repository only.
	if want := []string{"environment/production DEPLOY_TOKEN", "organization CHAT_WEBHOOK", "organization SHARED", "repository REGISTRY_TOKEN"}; !slices.Equal(names, want) {
		t.Errorf("secrets %v, want %v", names, want)
	}
	if !slices.ContainsFunc(r.Variables, func(v snapshot.Variable) bool { return v.Scope == "organization" && v.Name == "REGION" }) {
		t.Errorf("variables %+v", r.Variables)
	}
	counts := map[string]int{}
	for _, e := range w.Requests(false) {
		counts[e.Call]++
	}
	for _, once := range []string{"GET organization secrets", "GET organization hooks", "GET organization runners", "GET all organization variables", "GET organization subject"} {
		if counts[once] != 1 {
			t.Errorf("%s: %d times", once, counts[once])
		}
	}
	for _, never := range []string{"GET repository", "GET runs", "GET caches", "GET artifacts"} {
		if counts[never] != 0 {
			t.Errorf("%s: %d times", never, counts[never])
		}
	}
	if m := w.Requests(true); len(m) > 0 {
		t.Errorf("a survey sent %+v", m)
	}
}

// The request budget of docs/survey.md, held: what each repository costs, and what the
// whole costs beside.
func TestRequestsOfAnOrganizationsSurvey(t *testing.T) {
	w, _ := start(t, world.Options{}, company)
	if _, _, err := surveyOwner(t, w, nil); err != nil {
		t.Fatal(err)
	}
	requests := map[string]int{}
	for _, e := range w.Requests(false) {
		if strings.Contains(e.Object, "/service-00001/") {
			requests[e.Call]++
		}
	}
	want := map[string]int{
		"GET branches": 1, "GET tree": 1, "GET workflows": 1, "GET environments": 1, "GET environment secrets": 2, "GET environment variables": 2, "GET environment branches": 1,
		"GET secrets": 1, "GET variables": 1, "GET runners": 1, "GET deploy keys": 1, "GET hooks": 1, "GET Dependabot secrets": 1, "GET Codespaces secrets": 1,
		"GET default permissions": 1, "GET fork runs": 1, "GET actions permissions": 1, "GET rulesets": 1, "GET subject": 1,
	}
	if n := requests["GET blob"]; n != 5 && n != 6 { // one file is the same in all repositories, and read in one of them
		t.Errorf("%d blobs", n)
	}
	delete(requests, "GET blob")
	if !maps.Equal(requests, want) {
		t.Errorf("got %v\nwant %v", requests, want)
	}
}

// A second survey of an unchanged organization costs nothing of the hourly quota but the
// lists of repositories and what is the organization's: everything else is answered 304
// or not asked at all, and the result is the same.
func TestSurveyAgain(t *testing.T) {
	w, s := start(t, world.Options{}, company)
	m := &kept{m: map[string]map[string]github.Remembered{}}
	first, _, err := surveyOwner(t, w, m)
	if err != nil {
		t.Fatal(err)
	}
	before := len(w.Requests(false))
	second, _, err := surveyOwner(t, w, m)
	if err != nil {
		t.Fatal(err)
	}
	same(t, first, second)
	blobs := 0
	for _, e := range w.Requests(false)[before:] {
		below := strings.Contains(e.Object, "/repos/acme/") && !strings.HasSuffix(e.Object, "/hooks")
		switch {
		case e.Call == "GET tree":
			t.Errorf("%s was asked for again", e.Object)
		case e.Call == "GET blob": // one that several repositories have is remembered with the first that asked
			blobs++
		case below && e.Status != 304:
			t.Errorf("%s %s was answered %d", e.Call, e.Object, e.Status)
		}
	}
	if blobs > 1 {
		t.Errorf("%d blobs were asked for again", blobs)
	}
	for name, answers := range m.m {
		for key, x := range answers {
			if strings.Contains(key, "/hooks") || strings.Contains(string(x.Body), "token?x=secret") {
				t.Errorf("%s: %s is remembered", name, key)
			}
		}
	}
	if err := w.Do(func(world.Core) { s.PushTree("team", "main", map[string]string{checks: "on: push\njobs: {}\n"}) }); err != nil {
		t.Fatal(err)
	}
	third, _, err := surveyOwner(t, w, m)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(third[shop].Repository.Files, func(f snapshot.File) bool { return f.Path == checks && slices.Contains(f.Branches, "main") })
	if i < 0 || third[shop].Repository.Files[i].Content != "on: push\njobs: {}\n" {
		t.Errorf("the push is not seen: %+v", third[shop].Repository.Files)
	}
}

func same(t *testing.T, a, b map[string]github.Surveyed) {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if string(x) != string(y) {
		t.Errorf("another survey gave something else\n%s\n%s", x, y)
	}
}

// A survey that was broken off goes on with what is missing, and ends with the same.
func TestSurveyGoesOn(t *testing.T) {
	w, _ := start(t, world.Options{}, company)
	whole, _, err := surveyOwner(t, w, nil)
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Sorted(maps.Keys(whole))[:5]
	before := len(w.Requests(false))
	rest, _, err := surveyOwner(t, w, nil, known...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range known {
		if _, again := rest[name]; again {
			t.Errorf("%s was surveyed again", name)
		}
		for _, e := range w.Requests(false)[before:] {
			if strings.HasPrefix(e.Object, "/repos/"+name+"/") {
				t.Errorf("asked again: %s", e.Object)
			}
		}
		rest[name] = whole[name]
	}
	same(t, whole, rest)
}

// Where GitHub answers errors for one repository it is a gap; where it answers nothing
// but errors the survey ends, and none of what it did not answer is taken for surveyed.
func TestSurveyEndsWhereGitHubDoes(t *testing.T) {
	var faults []world.Fault
	for n := range 1000 {
		faults = append(faults, world.Fault{Call: "GET branches", Nth: n + 4, Then: world.ServerError})
	}
	w, _ := start(t, world.Options{Faults: faults}, company)
	found, _, err := surveyOwner(t, w, nil)
	if err == nil || !strings.Contains(err.Error(), "does not answer as it should") {
		t.Fatalf("got %v", err)
	}
	if len(found) != 3 {
		t.Errorf("%d repositories were taken for surveyed", len(found))
	}
	for _, x := range found {
		if len(x.Gaps) > 0 {
			t.Errorf("%s: %+v", x.Repository.FullName, x.Gaps)
		}
	}
}

// What failed once is asked again: of a repository, and of what all of them share, which
// would be missing in each.
func TestWhatFailsInPassingIsAskedAgain(t *testing.T) {
	var faults []world.Fault
	for _, call := range []string{
		"GET rulesets", "GET organization secrets", "GET organization secret repositories", "GET all organization variables",
		"GET organization hooks", "GET organization runners", "GET organization Dependabot secrets", "GET organization",
	} {
		faults = append(faults, world.Fault{Call: call, Nth: 1, Then: world.ServerError})
	}
	w, _ := start(t, world.Options{Faults: faults}, company)
	found, org, err := surveyOwner(t, w, nil)
	if err != nil || len(found) != further+1 {
		t.Fatalf("%d, %v", len(found), err)
	}
	if len(org.Hooks) != 1 || len(org.Runners) != 1 {
		t.Errorf("%+v", org)
	}
	for name, x := range found {
		if len(x.Gaps) > 0 {
			t.Errorf("%s: %+v", name, x.Gaps)
		}
		if n := len(x.Repository.Secrets); name == "acme/service-00010" && n != 4 {
			t.Errorf("%s: %d secrets", name, n)
		}
	}
	failed := 0
	for _, e := range w.Requests(false) {
		if e.Status == 502 {
			failed++
		}
	}
	if failed != len(faults) {
		t.Errorf("%d of %d faults were met", failed, len(faults))
	}
}

// What fails for good is told, and asked once for all.
func TestWhatAnOrganizationDoesNotTellIsAGap(t *testing.T) {
	w, _ := start(t, world.Options{Faults: []world.Fault{{Call: "GET organization hooks", Then: world.Refused, Status: 403}}}, company)
	_, gaps, err := provider(t, w, w.Wire()).SurveyOwner(t.Context(), "acme", github.OwnerSurvey{Each: func(github.Surveyed) error { return nil }})
	asked := 0
	for _, e := range w.Requests(false) {
		if e.Call == "GET organization hooks" {
			asked++
		}
	}
	if err != nil || len(gaps) != 1 || !strings.HasPrefix(gaps[0].What, "webhooks") || asked != 1 {
		t.Errorf("gaps %+v, asked %d times, %v", gaps, asked, err)
	}
}

// Over the hourly quota the survey waits for the next hour instead of giving up; that is
// what it costs, and nobody else's time.
func TestSurveyWaitsForTheQuota(t *testing.T) {
	w, _ := start(t, world.Options{Limits: []world.Limit{{Provider: "github", Calls: 100, Per: time.Hour, Status: 403, Primary: true}}}, company)
	began := w.Clock.Now()
	found, _, err := surveyOwner(t, w, nil)
	if err != nil || len(found) != further+1 {
		t.Fatalf("%d repositories, %v", len(found), err)
	}
	if took := w.Clock.Now().Sub(began); took < 2*time.Hour {
		t.Errorf("some 330 requests at 100 an hour took %s", took)
	}
	refused := 0
	for _, e := range w.Requests(false) {
		if e.Status == 403 {
			refused++
		}
	}
	if refused == 0 || refused > 4*6 { // those that were out when the limit was told
		t.Errorf("%d requests were refused", refused)
	}
}

// What the token may not see GitHub leaves out of its lists without a word: that it
// is missing is told.
func TestRepositoriesThatTheTokenMayNotSee(t *testing.T) {
	all, public := further+1, 1+further/5 // of the made-up ones one in five is public, and so is the first
	for name, c := range map[string]struct {
		change func(*fake.Seed)
		found  int
		why    string
	}{
		"all are seen":    {func(*fake.Seed) {}, all, ""},
		"few were chosen": {func(s *fake.Seed) { s.Tokens[0].Chosen = []string{"shop", "service-00001"} }, public + 1, fmt.Sprintf("the token may see %d of the %d repositories", public+1, all)},
		"how many is not told": {func(s *fake.Seed) {
			s.Tokens[0].Permissions = map[string]string{"metadata": "read", "contents": "read"}
		}, all, "does not tell this token how many"},
		"of the person who asks": {func(s *fake.Seed) { s.Personal, s.Tokens[0].Login = true, "Acme" }, all, ""},
		"of somebody else":       {func(s *fake.Seed) { s.Personal = true }, public, "a token of that person alone"},
	} {
		w, _ := start(t, world.Options{}, func(s *fake.Seed) { company(s); c.change(s) })
		found := 0
		_, gaps, err := provider(t, w, w.Wire()).SurveyOwner(t.Context(), "acme", github.OwnerSurvey{Each: func(github.Surveyed) error { found++; return nil }})
		told := ""
		for _, g := range gaps {
			if strings.HasPrefix(g.What, "private repositories") {
				told = g.Why
			}
		}
		if err != nil || found != c.found || !strings.Contains(told, c.why) || c.why == "" && len(gaps) > 0 {
			t.Errorf("%s: %d repositories, gaps %+v, %v", name, found, gaps, err)
		}
	}
}

func TestNobodysOrganization(t *testing.T) {
	w, _ := start(t, world.Options{}, company)
	_, _, err := provider(t, w, w.Wire()).SurveyOwner(t.Context(), "nobody", github.OwnerSurvey{})
	var not adapters.NotThere
	if !errors.As(err, &not) {
		t.Errorf("got %v", err)
	}
}

// Tags and branches of actions are looked up, each once; what GitHub does not know is
// left out.
func TestActionRefs(t *testing.T) {
	sha := strings.Repeat("4", 40)
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		s.Actions = map[string]string{"actions/checkout@v4": sha, "acme/tool@release/1": sha}
	})
	s := &snapshot.Snapshot{}
	wanted := []string{"actions/checkout@v4", "acme/tool@release/1", "actions/checkout@v4", "gone/away@v1"}
	if err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{ActionRefs: wanted}, s); err != nil {
		t.Fatal(err)
	}
	want := []snapshot.ActionRef{{Uses: "acme/tool", Ref: "release/1", SHA: sha}, {Uses: "actions/checkout", Ref: "v4", SHA: sha}}
	if !slices.Equal(s.Actions, want) || len(s.Gaps) != 0 {
		t.Errorf("%+v, gaps %+v", s.Actions, s.Gaps)
	}
	if n := len(w.Requests(false)); n != 3 {
		t.Errorf("%d requests", n)
	}
}
