package github_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	client "github.com/google/go-github/v62/github"
	"go.uber.org/goleak"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	file = ".github/workflows/ci.yml"
	ci   = "name: ci\non: [push, workflow_dispatch]\njobs:\n  build:\n    steps:\n      - run: make\n        env: {T: '${{ secrets.NPM_TOKEN }}'}\n      - uses: actions/upload-artifact@v4\n"
)

func start(t *testing.T, change func(*github.Seed)) (*worldtest.World, func() *github.Server) {
	t.Helper()
	var server *github.Server
	w := worldtest.New(t, world.Options{}, func(c world.Core) world.Provider {
		seed := github.Seed{
			Repository: "acme/shop", Branches: []github.Branch{{Name: "main", Files: map[string]string{file: ci, "a.txt": "a"}}, {Name: "old", Files: map[string]string{"b.txt": "b"}}},
			Secrets: []github.Secret{{Name: "NPM_TOKEN", Value: "npm-1", Credential: "NPM_TOKEN"}},
			Runs:    []github.RunSeed{{Workflow: file, Age: time.Hour, Log: "a log"}, {Workflow: file, Status: "in_progress"}},
			Tokens:  []github.Token{{Name: "responder", Value: "tok", Login: "alice"}, {Name: "weak", Value: "weak", Login: "bob", Permissions: map[string]string{"metadata": "read", "actions": "read"}}},
		}
		if change != nil {
			change(&seed)
		}
		var err error
		if server, err = github.New(c, seed); err != nil {
			t.Fatal(err)
		}
		return server
	})
	return w, func() *github.Server { return server }
}

func typed(t *testing.T, w *worldtest.World, token string) *client.Client {
	t.Helper()
	c := client.NewClient(w.Client()).WithAuthToken(token)
	u, err := url.Parse(w.URL("github") + "/")
	if err != nil {
		t.Fatal(err)
	}
	c.BaseURL = u
	return c
}

// The unmodified client's own methods work.
func TestTypedClient(t *testing.T) {
	w, _ := start(t, nil)
	c, ctx := typed(t, w, "tok"), t.Context()
	flows, _, err := c.Actions.ListWorkflows(ctx, "acme", "shop", nil)
	if err != nil || flows.GetTotalCount() != 1 || flows.Workflows[0].GetState() != "active" || flows.Workflows[0].GetName() != "ci" {
		t.Fatalf("%+v %v", flows, err)
	}
	if _, err := c.Actions.DisableWorkflowByFileName(ctx, "acme", "shop", "ci.yml"); err != nil {
		t.Fatal(err)
	}
	flow, resp, err := c.Actions.GetWorkflowByID(ctx, "acme", "shop", flows.Workflows[0].GetID())
	if err != nil || flow.GetState() != "disabled_manually" || resp.Rate.Limit != 5000 {
		t.Fatalf("%+v %v", flow, err)
	}
	runs, _, err := c.Actions.ListWorkflowRunsByFileName(ctx, "acme", "shop", "ci.yml", &client.ListWorkflowRunsOptions{Status: "in_progress"})
	if err != nil || runs.GetTotalCount() != 1 {
		t.Fatalf("%+v %v", runs, err)
	}
	var accepted *client.AcceptedError
	if _, err := c.Actions.CancelWorkflowRunByID(ctx, "acme", "shop", runs.WorkflowRuns[0].GetID()); !errors.As(err, &accepted) {
		t.Fatalf("a cancel is 202: %v", err)
	}
	w.Clock.Advance(5 * time.Second)
	jobs, _, err := c.Actions.ListWorkflowJobs(ctx, "acme", "shop", runs.WorkflowRuns[0].GetID(), &client.ListWorkflowJobsOptions{Filter: "all"})
	if err != nil || jobs.Jobs[0].GetStatus() != "completed" || jobs.Jobs[0].GetConclusion() != "cancelled" {
		t.Fatalf("%+v %v", jobs, err)
	}
	got, _, _, err := c.Repositories.GetContents(ctx, "acme", "shop", "a.txt", &client.RepositoryContentGetOptions{Ref: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := got.GetContent(); err != nil || text != "a" {
		t.Errorf("%q %v", text, err)
	}
}

func TestWhoMayWhat(t *testing.T) {
	w, _ := start(t, func(s *github.Seed) { s.Tokens[1].Permissions["metadata"] = "read" })
	for _, x := range []struct {
		token, method, path string
		want                int
	}{
		{"", "GET", "/repos/acme/shop", 401},
		{"wrong", "GET", "/repos/acme/shop", 401},
		{"weak", "GET", "/repos/acme/shop", 200},
		{"weak", "GET", "/repos/acme/other", 404},
		{"weak", "GET", "/repos/acme/shop/actions/secrets", 403},
		{"weak", "PUT", "/repos/acme/shop/actions/workflows/ci.yml/disable", 403},
		{"tok", "PUT", "/repos/acme/shop/actions/workflows/ci.yml/disable", 204},
		{"tok", "GET", "/nothing", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), x.method, w.URL("github")+x.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x.token != "" {
			req.Header.Set("Authorization", "Bearer "+x.token)
		}
		resp, err := w.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != x.want {
			t.Errorf("%s %s as %q: %d, want %d", x.method, x.path, x.token, resp.StatusCode, x.want)
		}
		if x.want == 403 && resp.Header.Get("X-Accepted-GitHub-Permissions") == "" {
			t.Errorf("%s: a 403 names the permission", x.path)
		}
		if at, err := http.ParseTime(resp.Header.Get("Date")); err != nil || !at.Equal(w.Clock.Now()) {
			t.Errorf("Date is not the world's: %s", resp.Header.Get("Date"))
		}
	}
}

// The address of a log works for a minute of world time and needs no token.
func TestLogAddressLastsAMinute(t *testing.T) {
	w, _ := start(t, nil)
	c := typed(t, w, "tok")
	runs, _, err := c.Actions.ListRepositoryWorkflowRuns(t.Context(), "acme", "shop", &client.ListWorkflowRunsOptions{Status: "completed"})
	if err != nil {
		t.Fatal(err)
	}
	at, _, err := c.Actions.GetWorkflowRunLogs(t.Context(), "acme", "shop", runs.WorkflowRuns[0].GetID(), 1)
	if err != nil {
		t.Fatal(err)
	}
	get := func() (int, []byte) {
		resp, err := w.Client().Get(at.String())
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, b
	}
	code, b := get()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if code != 200 || err != nil || len(z.File) != 1 {
		t.Fatalf("%d %v", code, err)
	}
	w.Clock.Advance(61 * time.Second)
	if code, _ := get(); code != 403 {
		t.Errorf("after a minute: %d", code)
	}
}

// A dispatched run works with what its secrets hold: with a dead one it fails.
func TestDispatchNeedsLiveSecrets(t *testing.T) {
	for _, alive := range []bool{true, false} {
		w, server := start(t, nil)
		server().Works = func(string) bool { return alive }
		c := typed(t, w, "tok")
		if _, err := c.Actions.CreateWorkflowDispatchEventByFileName(t.Context(), "acme", "shop", "ci.yml", client.CreateWorkflowDispatchEventRequest{Ref: "main"}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		runs, _, err := c.Actions.ListRepositoryWorkflowRuns(t.Context(), "acme", "shop", &client.ListWorkflowRunsOptions{Event: "workflow_dispatch"})
		if err != nil || len(runs.WorkflowRuns) != 1 {
			t.Fatalf("%+v %v", runs, err)
		}
		want := map[bool]string{true: "success", false: "failure"}[alive]
		if got := runs.WorkflowRuns[0].GetConclusion(); got != want {
			t.Errorf("secrets alive %v: %s", alive, got)
		}
		artifacts, _, err := c.Actions.ListWorkflowRunArtifacts(t.Context(), "acme", "shop", runs.WorkflowRuns[0].GetID(), nil)
		if err != nil || (artifacts.GetTotalCount() == 1) != alive {
			t.Errorf("secrets alive %v: %+v %v", alive, artifacts, err)
		}
	}
}

// A push decides what the Actions service lists, and what is built.
func TestPush(t *testing.T) {
	w, server := start(t, nil)
	const added = ".github/workflows/new.yml"
	do := func(f func(s *github.Server)) {
		t.Helper()
		if err := w.Do(func(world.Core) { f(server()) }); err != nil {
			t.Fatal(err)
		}
	}
	do(func(s *github.Server) {
		before := maps.Clone(s.Project(w.Clock.Now()))
		s.PushTree("team", "main", map[string]string{added: "on: push"})
		if !s.WorkflowActive(added) || !s.WorkflowActive(file) {
			t.Error("a new file is active; a deleted one still runs from other branches")
		}
		after := s.Project(w.Clock.Now())
		if after["github acme/shop workflow "+file] != "deleted" || before["github acme/shop branch main"] == after["github acme/shop branch main"] {
			t.Errorf("%v", after)
		}
	})
	w.Reopen(t)
	do(func(s *github.Server) {
		if !s.WorkflowActive(added) {
			t.Error("the push did not survive")
		}
	})
}

// Pages, and an address prefix the client may come through.
func TestPagesBelowAPrefix(t *testing.T) {
	w, server := start(t, nil)
	if err := w.Do(func(world.Core) {
		for range 3 {
			if _, err := server().StartRun(github.RunSeed{Workflow: file}); err != nil {
				t.Error(err)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(http.StripPrefix("/api/v3", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.Do(func(world.Core) { server().ServeHTTP(rw, r) }); err != nil {
			t.Error(err)
		}
	})))
	defer h.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+"/api/v3/repos/acme/shop/actions/runs?per_page=2", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "token tok")
	resp, err := h.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Total int               `json:"total_count"`
		Runs  []json.RawMessage `json:"workflow_runs"`
	}
	err = json.NewDecoder(resp.Body).Decode(&page)
	if err := errors.Join(err, resp.Body.Close()); err != nil || page.Total != 5 || len(page.Runs) != 2 {
		t.Errorf("%d %d %v", page.Total, len(page.Runs), err)
	}
	if link := resp.Header.Get("Link"); !strings.Contains(link, h.URL[len("http://"):]+"/api/v3/repos/acme/shop/actions/runs?page=2&per_page=2>") {
		t.Errorf("Link %q", link)
	}
	if !strings.HasPrefix(resp.Header.Get("ETag"), `"`) {
		t.Error("no ETag")
	}
}
