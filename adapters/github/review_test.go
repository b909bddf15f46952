package github_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

// saveFrom keeps nothing and gives the digest.
func saveFrom(name string, r io.Reader) (plan.Saved, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return plan.Saved{}, err
	}
	return plan.Saved{File: name, Digest: hex.EncodeToString(h.Sum(nil))}, nil
}

// uploads gives runs of two workflows artifacts, one of which expired.
func uploads(s *fake.Seed) {
	s.Runs[0].Artifacts = []fake.ArtifactSeed{{Name: "coverage", Content: "100 %"}, {Name: "old", Expired: true}}
	s.Runs[1].Artifacts = []fake.ArtifactSeed{{Name: "report", Content: "ok"}}
	s.Runs = append(s.Runs, fake.RunSeed{Workflow: build, Artifacts: []fake.ArtifactSeed{{Name: "other", Content: "x"}}})
}

// Every artifact of the workflow's runs is kept under its digest or named as a gap;
// those of other workflows are left alone.
func TestArtifactsAndTheirGaps(t *testing.T) {
	w, _ := start(t, world.Options{}, uploads)
	r := drive(t, w, "github.artifacts.export", map[string]any{"repository": shop, "workflow": checks}).look()
	if r.State != plan.Held || len(r.Saved) != 4 {
		t.Fatalf("want a line on all, two artifacts and a gap: %+v", r)
	}
	for i, want := range []string{"3 artifacts of 2 runs", "coverage", "old", "report"} {
		x := r.Saved[i]
		if x.Evidence != "artifacts:"+shop || !strings.Contains(x.Listing, want) || strings.Contains(x.Gap, "artifact old (") != (want == "old") || (x.File == "") != (i == 0 || want == "old") {
			t.Errorf("%d: %+v, want %s", i, x, want)
		}
		if x.File != "" && !strings.Contains(x.Listing, "sha256:"+x.Digest) {
			t.Errorf("not the digest GitHub named: %+v", x)
		}
	}
}

func TestArtifactsWaitForLiveRuns(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		uploads(s)
		s.Runs = append(s.Runs, fake.RunSeed{Workflow: checks, Status: "in_progress", Lasts: time.Minute})
	})
	a := drive(t, w, "github.artifacts.export", map[string]any{"repository": shop, "workflow": checks})
	if r := a.look(); r.State != plan.Broken || r.Wait == 0 {
		t.Fatalf("%+v", r)
	}
	w.Clock.Advance(2 * time.Minute)
	if r := a.look(); r.State != plan.Held {
		t.Fatalf("%+v", r)
	}
}

// oneArtifact serves one artifact with this digest and this content.
func oneArtifact(digest string, content io.Reader) http.RoundTripper {
	c := &canned{answers: map[string]reply{
		"GET " + api + "/actions/workflows/pr-checks.yml/runs": {200, nil, `{"total_count":1,"workflow_runs":[{"id":41,"status":"completed","run_attempt":1}]}`},
		"GET " + api + "/actions/artifacts":                    {200, nil, `{"total_count":1,"artifacts":[{"id":7,"name":"x","size_in_bytes":3,"digest":` + digest + `,"workflow_run":{"id":41}}]}`},
		"GET " + api + "/actions/artifacts/7/zip":              {302, map[string]string{"Location": "https://blobs.example/a.zip?sig=abc"}, ""},
	}}
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "blobs.example" {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(content), Request: r}, nil
		}
		return c.RoundTrip(r)
	})
}

func exported(t *testing.T, rt http.RoundTripper, save func(string, io.Reader) (plan.Saved, error)) plan.Reading {
	t.Helper()
	task := adapters.Task{Inputs: map[string]any{"repository": shop, "workflow": checks}, Now: noon, SaveFrom: save}
	return over(t, rt)["github.artifacts.export"].Verify(t.Context(), task)
}

// v62 drops the digest. What arrives is held against it, in every form it may have; a
// download that is something else, or broke off, is kept by nobody.
func TestTrapArtifactDigest(t *testing.T) {
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for name, x := range map[string]struct {
		digest, listing string
		content         io.Reader
		state           plan.State
	}{
		"equal":     {`"sha256:` + abc + `"`, abc, strings.NewReader("abc"), plan.Held},
		"upper":     {`"SHA256:` + strings.ToUpper(abc) + `"`, "", strings.NewReader("abc"), plan.Held},
		"different": {`"sha256:` + abc + `"`, "", strings.NewReader("abd"), plan.Unknown},
		"cut off":   {`"sha256:` + abc + `"`, "", io.MultiReader(strings.NewReader("ab"), broken{}), plan.Unknown},
		"none":      {`null`, "not checked", strings.NewReader("abc"), plan.Held},
		"another":   {`"sha512:00"`, "not checked", strings.NewReader("abc"), plan.Held},
	} {
		r := exported(t, oneArtifact(x.digest, x.content), saveFrom)
		if r.State != x.state || x.state != plan.Held && len(r.Saved) > 0 || x.listing != "" && !strings.Contains(r.Saved[1].Listing, x.listing) {
			t.Errorf("%s: %+v", name, r)
		}
		if strings.Contains(r.Detail, "sig=abc") {
			t.Errorf("%s: the address was kept: %s", name, r.Detail)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What may not be kept as it is, is a gap that says so; a full disk is not.
func TestArtifactsThatCannotBeKept(t *testing.T) {
	r := exported(t, oneArtifact("null", strings.NewReader("abc")), func(string, io.Reader) (plan.Saved, error) {
		return plan.Saved{}, &adapters.Unkeepable{Why: "it is a bomb"}
	})
	if r.State != plan.Held || !strings.Contains(r.Saved[1].Gap, "a bomb") || r.Saved[1].File != "" {
		t.Errorf("%+v", r)
	}
	r = exported(t, oneArtifact("null", strings.NewReader("abc")), func(string, io.Reader) (plan.Saved, error) { return plan.Saved{}, errors.New("no space left") })
	if r.State != plan.Unknown {
		t.Errorf("%+v", r)
	}
}

// An artifact that is gone when it is asked for, although it is listed, is a gap too; a
// server that is out of order is not.
func TestArtifactsThatAreGone(t *testing.T) {
	for code, state := range map[int]plan.State{410: plan.Held, 404: plan.Held, 500: plan.Unknown, 403: plan.Unknown} {
		c := &canned{answers: map[string]reply{
			"GET " + api + "/actions/workflows/pr-checks.yml/runs": {200, nil, `{"total_count":1,"workflow_runs":[{"id":41,"status":"completed","run_attempt":1}]}`},
			"GET " + api + "/actions/artifacts":                    {200, nil, `{"total_count":1,"artifacts":[{"id":7,"name":"x","workflow_run":{"id":41}}]}`},
			"GET " + api + "/actions/artifacts/7/zip":              {code, nil, `{}`},
		}}
		r := exported(t, c, saveFrom)
		if r.State != state || state == plan.Held && !strings.Contains(r.Saved[1].Gap, "artifact x (7) of run 41: it ") {
			t.Errorf("%d: %+v", code, r)
		}
	}
}

// An artifact passes through memory piece by piece.
func TestArtifactsAreStreamed(t *testing.T) {
	f, err := os.Open("/dev/zero")
	if err != nil {
		t.Skip("there is no /dev/zero here")
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	seen := 0
	exported(t, oneArtifact("null", io.LimitReader(f, 64<<20)), func(name string, r io.Reader) (plan.Saved, error) {
		b := make([]byte, 1<<10)
		n, err := r.Read(b)
		seen = n
		return plan.Saved{File: name}, err
	})
	if seen == 0 || seen > 1<<10 {
		t.Errorf("the first read gave %d bytes", seen)
	}
}

// Keys and webhooks from before are known; those that came or changed since t0, or
// since the first survey, are shown, with nothing of an address that may be a token.
func TestAccessReviewShowsWhatWasAdded(t *testing.T) {
	w, server := start(t, world.Options{}, func(s *fake.Seed) {
		s.OwnerHooks = []fake.Hook{{URL: "https://chat.example/hooks/T1"}}
	})
	s := &snapshot.Snapshot{}
	if err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	if len(s.Organizations) != 1 || len(s.Organizations[0].Hooks) != 1 || s.Organizations[0].Hooks[0].URL != "https://chat.example/hooks/..." {
		t.Errorf("%+v", s.Organizations)
	}
	a := drive(t, w, "github.access.review", map[string]any{"repository": shop})
	c, err := a.action.Plan(inputs("repository", shop), s)
	if err != nil {
		t.Fatal(err)
	}
	a.task.Action = plan.Action{Before: c.Before}
	if r := a.look(); r.State != plan.Held || len(r.Found) > 0 || len(r.Saved) != 1 || r.Saved[0].File == "" {
		t.Fatalf("%+v", r)
	}
	began := w.Clock.Now()
	w.Clock.Advance(time.Hour)
	if err := w.Do(func(world.Core) {
		server.AddKey("attacker", fake.Key{Title: "backup", AddedBy: "alice"})
		server.AddHook("attacker", fake.Hook{URL: "https://u:pw@evil.example/a/b?token=s3cret", Active: true, Events: []string{"push"}}, false)
		server.AddHook("attacker", fake.Hook{URL: "https://evil.example/x", Active: true}, true)
		server.EditHook("attacker", s.Repositories[0].Hooks[0].ID, "https://evil.example/y")
	}); err != nil {
		t.Fatal(err)
	}
	found := func(r plan.Reading) string {
		var text []string
		for _, f := range r.Found {
			text = append(text, f.Kind+" "+f.Target+" "+f.Why)
		}
		return strings.Join(text, "\n")
	}
	text := found(a.look())
	for _, want := range []string{"deploy key acme/shop: backup", "added by alice", "webhook acme/shop: https://evil.example/a/... (", "organization webhook acme/shop: https://evil.example/x", "added since the first survey"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if strings.Count(text, "\n") != 2 || strings.Contains(text, "s3cret") || strings.Contains(text, "pw@") {
		t.Errorf("found:\n%s", text)
	}
	a.task.Inputs["since"] = began.Format(time.RFC3339)
	a.task.Action = plan.Action{} // a plan without the first survey's image
	if text = found(a.look()); strings.Count(text, "\n") != 3 || !strings.Contains(text, "changed at") || !strings.Contains(text, "since the exposure began") {
		t.Errorf("since t0:\n%s", text)
	}
}

// A list that may not be read is a gap; when none may, nothing was reviewed.
func TestAccessReviewGaps(t *testing.T) {
	may := func(more ...string) func(*fake.Seed) {
		return func(s *fake.Seed) {
			s.Tokens[0].Permissions = map[string]string{"metadata": "read"}
			for _, m := range more {
				s.Tokens[0].Permissions[m] = "read"
			}
		}
	}
	w, _ := start(t, world.Options{}, may("administration", "repository_hooks"))
	r := drive(t, w, "github.access.review", map[string]any{"repository": shop}).look()
	if r.State != plan.Held || len(r.Saved) != 2 || !strings.Contains(r.Saved[1].Gap, "organization_hooks=read") {
		t.Errorf("%+v", r)
	}
	w, _ = start(t, world.Options{}, may())
	if r = drive(t, w, "github.access.review", map[string]any{"repository": shop}).look(); r.State != plan.Unknown {
		t.Errorf("%+v", r)
	}
}

// A webhook that was there all along is no news when the first survey could not list any.
func TestAccessReviewWithoutAFirstList(t *testing.T) {
	w, _ := start(t, world.Options{}, nil)
	s := &snapshot.Snapshot{Repositories: []snapshot.Repository{{FullName: shop}}, Gaps: []snapshot.Gap{
		{Provider: "github", What: "deploy keys of " + shop}, {Provider: "github", What: "webhooks of " + shop},
	}}
	a := drive(t, w, "github.access.review", map[string]any{"repository": shop})
	c, err := a.action.Plan(inputs("repository", shop), s)
	if err != nil {
		t.Fatal(err)
	}
	a.task.Action = plan.Action{Before: c.Before}
	if r := a.look(); r.State != plan.Held || len(r.Found) > 0 {
		t.Errorf("%+v", r)
	}
}

// A person has no webhooks of its own to ask for.
func TestAccessReviewOfAPersonsRepository(t *testing.T) {
	c := &canned{answers: map[string]reply{
		"GET " + api: {200, nil, strings.ReplaceAll(bare, `"Organization"`, `"User"`)}, "GET " + api + "/keys": {200, nil, `[]`}, "GET " + api + "/hooks": {200, nil, `[]`},
	}}
	task := adapters.Task{Inputs: map[string]any{"repository": shop}, Now: noon}
	if r := over(t, c)["github.access.review"].Verify(t.Context(), task); r.State != plan.Held || len(c.sent) != 3 {
		t.Errorf("%+v, sent %v", r, c.sent)
	}
}
