package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
)

// answering is a GitHub that gives these answers by path, and 404 to everything else.
func answering(t *testing.T, answers map[string]string) (*Provider, *[]string) {
	t.Helper()
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		text, ok := answers[r.URL.Path]
		if to, moved := strings.CutPrefix(text, "-> "); moved {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		if !ok {
			http.Error(w, `{"message":"Not Found"}`, http.StatusNotFound)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/blob/") && r.Header.Get("Authorization") != "" {
			t.Error("our token went to where logs are kept")
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Log(err) // the reader had enough
		}
	}))
	t.Cleanup(s.Close)
	p, err := New(Config{BaseURL: s.URL, Token: secret.NewString("ghp_test")}, adapters.Wire{
		Transport: s.Client().Transport, Now: time.Now, Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, &asked
}

const shop = "/repos/acme/shop"

func TestARepositoryThatIsNotShownIsAMistake(t *testing.T) {
	p, _ := answering(t, nil)
	_, _, err := p.Glance(t.Context(), "acme/shpo")
	var gone adapters.NotThere
	if !errors.As(err, &gone) || err.Error() != "acme/shpo does not exist, or the token may not see it" {
		t.Errorf("%v", err)
	}
	if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{"acme/shpo"}}, &snapshot.Snapshot{}); !errors.As(err, &gone) {
		t.Errorf("the survey says: %v", err)
	}
}

func TestAGlanceReadsNoMoreThanShuttingNeeds(t *testing.T) {
	p, asked := answering(t, map[string]string{
		shop:                        `{"id":7,"full_name":"acme/shop","default_branch":"main"}`,
		shop + "/actions/workflows": `{"total_count":1,"workflows":[{"id":1,"path":".github/workflows/ci.yml","state":"active"}]}`,
		shop + "/actions/runs":      `{"total_count":1,"workflow_runs":[{"id":9,"workflow_id":1,"path":".github/workflows/ci.yml","status":"queued","created_at":"2026-01-01T00:00:00Z"}]}`,
	})
	r, _, err := p.Glance(t.Context(), "acme/shop")
	if err != nil || len(r.Workflows) != 1 || len(r.Runs) != 1 || r.Runs[0].ID != 9 {
		t.Errorf("%+v %v", r, err)
	}
	for _, a := range *asked {
		if !slices.Contains([]string{"GET " + shop, "GET " + shop + "/actions/workflows", "GET " + shop + "/actions/runs"}, a) {
			t.Errorf("it asked for %s", a)
		}
	}
}

func TestALiveRunHasItsJobsAndWhatItWaitsFor(t *testing.T) {
	p, _ := answering(t, map[string]string{
		shop + "/actions/runs/9": `{"id":9,"path":".github/workflows/ci.yml@refs/heads/main","head_sha":"abc","event":"push","status":"waiting","run_attempt":2,` +
			`"triggering_actor":{"login":"mallory"},"display_title":"fix","created_at":"2026-01-01T00:00:00Z"}`,
		shop + "/actions/runs/9/jobs": `{"total_count":2,"jobs":[` +
			`{"id":1,"name":"build","status":"in_progress","runner_name":"ci-7","runner_group_name":"Default","labels":["self-hosted"],"started_at":"2026-01-01T00:01:00Z"},` +
			`{"id":2,"name":"deploy","status":"waiting","labels":["ubuntu-latest"],"started_at":"2026-01-01T00:00:00Z"}]}`,
		shop + "/actions/runs/9/pending_deployments": `[{"environment":{"name":"prod/eu"}}]`,
	})
	l, err := p.Run(t.Context(), RunRef{Repository: "acme/shop", ID: 9})
	if err != nil || l.Path != ".github/workflows/ci.yml" || l.Actor != "mallory" || l.Attempt != 2 {
		t.Fatalf("%+v %v", l, err)
	}
	p.Fill(t.Context(), &l)
	if len(l.Jobs) != 2 || l.Jobs[0].Runner != "ci-7" || l.Jobs[0].Started.IsZero() || !l.Jobs[1].Started.IsZero() || !slices.Equal(l.Waits, []string{"prod/eu"}) || l.Gap != "" {
		t.Errorf("%+v", l)
	}
	gone := snapshot.Live{Repository: "acme/shop", Run: snapshot.Run{ID: 10}}
	if p.Fill(t.Context(), &gone); gone.Gap == "" {
		t.Error("jobs that could not be read look like none")
	}
}

func TestJobLogsAreReadNoFurtherThanTheirHead(t *testing.T) {
	line := "2026-01-01T00:00:00Z Download action repository 'bad/action@v1' (SHA:" + strings.Repeat("a", 40) + ")\n"
	late := "2026-01-01T00:00:09Z Download action repository 'late/action@v1' (SHA:" + strings.Repeat("b", 40) + ")\n"
	p, _ := answering(t, map[string]string{
		shop + "/actions/jobs/1/logs": "-> /blob/1",
		"/blob/1":                     line + strings.Repeat("0123456789abcde\n", logHead/16) + late,
	})
	got, err := p.Resolved(t.Context(), "acme/shop", 1)
	if err != nil || len(got) != 1 || got[0].Uses != "bad/action@v1" {
		t.Errorf("%v %v", got, err)
	}
	if _, err := p.Resolved(t.Context(), "acme/shop", 2); err == nil || !strings.Contains(err.Error(), "no log of job 2") {
		t.Errorf("%v", err)
	}
}

func TestAnOwnersRepositoriesWithoutThoseInWhichNothingRuns(t *testing.T) {
	list := `[{"full_name":"acme/shop"},{"full_name":"acme/old","archived":true},{"full_name":"acme/off","disabled":true}]`
	for _, kind := range []string{"orgs", "users"} {
		p, _ := answering(t, map[string]string{fmt.Sprintf("/%s/acme/repos", kind): list})
		got, unseen, err := p.Repositories(t.Context(), "acme")
		if err != nil || !slices.Equal(got, []string{"acme/shop"}) || len(unseen) != 1 {
			t.Errorf("%s: %v %v %v", kind, got, unseen, err)
		}
	}
	p, _ := answering(t, nil)
	var gone adapters.NotThere
	if _, _, err := p.Repositories(t.Context(), "nobody"); !errors.As(err, &gone) {
		t.Errorf("%v", err)
	}
}

func TestWhichFilesAskForTheirOwnMachines(t *testing.T) {
	for text, want := range map[string]bool{
		"runs-on: ubuntu-latest": false, "runs-on: [ubuntu-22.04]": false, "runs-on: ${{ matrix.os }}": false, "runs-on: 'windows-2022'": false, "name: no": false,
		"runs-on: self-hosted": true, "runs-on: [self-hosted, linux]": true, "runs-on: big-box": true, "runs-on:\n  group: builders": true,
		"runs-on:\n  - self-hosted": true, "runs-on:\n  - ubuntu-latest\nsteps: []": false, "runs-on: { group: big }": true,
	} {
		if got := asksForOwnMachines([]snapshot.File{{Content: "jobs:\n  a:\n    " + text + "\n"}}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
