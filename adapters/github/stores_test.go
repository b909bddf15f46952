package github_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	"github.com/firebreak/firebreak/internal/world"
	fake "github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

// many are more repositories than fit on a page, with the shop among them.
var many = func() []int64 {
	ids := []int64{42}
	for i := range int64(130) {
		ids = append(ids, 1000+i)
	}
	return ids
}()

// few are less: every answer is held against GitHub's description of it, which takes time.
var few = []int64{42, 1000}

// stores puts a copy of a secret into every store there is.
func stores(s *fake.Seed) { storesOf(s, few) }

func storesOf(s *fake.Seed, readers []int64) {
	for i := range s.Secrets {
		if s.Secrets[i].Name == "SHARED" {
			s.Secrets[i].Visibility, s.Secrets[i].Selected = "selected", readers
		}
	}
	for _, scope := range []string{"dependabot", "codespaces"} {
		s.Secrets = append(s.Secrets,
			fake.Secret{Name: "NPM_TOKEN", Scope: scope, Value: oldNPM},
			fake.Secret{Name: "NPM_TOKEN", Scope: scope + "-organization", Value: oldNPM, Visibility: "selected", Selected: readers},
			fake.Secret{Name: "ELSEWHERE", Scope: scope + "-organization", Value: "x", Visibility: "selected", Selected: []int64{1}},
			fake.Secret{Name: "INTERNAL", Scope: scope + "-organization", Value: "x", Visibility: "private"})
	}
}

// Every store is listed, with who may read what the organization shares, and of the
// organization's secrets only those that reach the repository.
func TestSurveyOfEveryStore(t *testing.T) {
	s, _ := surveyed(t, func(s *fake.Seed) { storesOf(s, many) })
	if len(s.Gaps) > 0 {
		t.Fatalf("%+v", s.Gaps)
	}
	var got []string
	for _, x := range s.Repositories[0].Secrets {
		got = append(got, x.Scope+" "+x.Name)
		if shared := strings.HasSuffix(x.Scope, "organization"); shared && !slices.Equal(x.Selected, many) || shared != (x.Visibility == "selected") {
			t.Errorf("%+v", x)
		}
	}
	want := []string{
		"codespaces NPM_TOKEN", "codespaces-organization NPM_TOKEN", "dependabot NPM_TOKEN", "dependabot-organization NPM_TOKEN",
		"environment/prod/eu DEPLOY_KEY", "organization SHARED", "repository NPM_TOKEN",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// A repository of a person has no organization to ask.
func TestSurveyOfAPersonsRepository(t *testing.T) {
	c := &canned{answers: map[string]reply{"GET " + api: {200, nil, strings.ReplaceAll(bare, `"Organization"`, `"User"`)}}}
	s := surveyOver(t, c)
	for _, sent := range c.sent {
		if strings.Contains(sent, "/orgs/") || strings.Contains(sent, "/organization-") {
			t.Errorf("asked %s", sent)
		}
	}
	for _, p := range s.Permissions {
		if strings.HasPrefix(p.Name, "organization_") {
			t.Errorf("%+v", p)
		}
	}
}

// Who may read an organization's secret could not be read: it is a gap, the secret is
// listed all the same, and a put is a person's.
func TestPutNeedsToKnowWhoReads(t *testing.T) {
	w, _ := start(t, world.Options{}, func(s *fake.Seed) {
		stores(s)
		s.Tokens[0].Permissions = map[string]string{"metadata": "read", "secrets": "write", "organization_dependabot_secrets": "write"}
	})
	s := &snapshot.Snapshot{}
	p := provider(t, w, w.Wire())
	if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(s.Gaps, func(g snapshot.Gap) bool {
		return strings.Contains(g.What, "who may read") && strings.Contains(g.Why, "organization_secrets=read")
	}) {
		t.Errorf("%+v", s.Gaps)
	}
	put := drive(t, w, "github.secret.put", nil).action
	c, err := put.Plan(inputs("repository", shop, "scope", "organization", "name", "SHARED"), s)
	if err != nil || c.Assisted == nil || len(c.Calls) != 0 || !strings.Contains(c.Assisted.Instructions, "organization_secrets=write") {
		t.Fatalf("%+v %v", c, err)
	}
	call := plan.Call{Key: "put", Args: map[string]string{"repository": shop, "scope": "organization", "name": "SHARED"}}
	if o := put.Apply(t.Context(), adapters.Task{Secrets: map[string]secret.Text{"value": secret.NewString(newNPM)}}, call); o.State != plan.Refused || o.Temporary || len(w.Requests(true)) > 0 {
		t.Errorf("%+v", o.Outcome)
	}
	if _, err := put.Plan(inputs("repository", shop, "scope", "organization", "name", "NOT_THERE"), s); err == nil || !strings.Contains(err.Error(), "who may read it") {
		t.Errorf("a secret that is not there is not made: %v", err)
	}
	if c, err := put.Plan(inputs("repository", shop, "scope", "dependabot-organization", "name", "npm_token"), s); err != nil || c.Assisted != nil || c.Target.ID != "acme/dependabot-organization/NPM_TOKEN" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := put.Plan(inputs("repository", shop, "scope", "user", "name", "X"), s); err == nil || !strings.Contains(err.Error(), "codespaces-organization") {
		t.Errorf("%v", err)
	}
}

// planned drives a put whose plan was made from a survey.
func planned(t *testing.T, w *worldtest.World, scope, name string) *act {
	t.Helper()
	s := &snapshot.Snapshot{}
	if err := provider(t, w, w.Wire()).Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	a := drive(t, w, "github.secret.put", map[string]any{"repository": shop, "scope": scope, "name": name})
	c, err := a.action.Plan(inputs("repository", shop, "scope", scope, "name", name), s)
	if err != nil {
		t.Fatal(err)
	}
	a.task.Action = plan.Action{Before: c.Before, Calls: c.Calls}
	return a
}

// The two stores that the conformance suite is not run for differ by their paths alone.
func TestPutIntoTheOtherStores(t *testing.T) {
	w, server := start(t, world.Options{}, stores)
	for _, scope := range []string{"codespaces", "dependabot-organization"} {
		a := planned(t, w, scope, "NPM_TOKEN")
		a.send(a.look().Next[0])
		w.Clock.Advance(10 * time.Second)
		if r := a.look(); r.State != plan.Held {
			t.Errorf("%s: %+v", scope, r)
		}
		if err := w.Do(func(world.Core) {
			if got := server.SecretValue(scope, "NPM_TOKEN"); got != newNPM {
				t.Errorf("%s holds another value", scope)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// Somebody who shares the secret with more repositories, before or after the put, is
// told to a person, and gets no new value by us.
func TestPutSeesWhoReadsChange(t *testing.T) {
	w, server := start(t, world.Options{}, stores)
	share := func(visibility string, ids ...int64) {
		t.Helper()
		if err := w.Do(func(world.Core) { server.Share("organization", "SHARED", visibility, ids...) }); err != nil {
			t.Fatal(err)
		}
	}
	a := planned(t, w, "organization", "SHARED")
	first := a.task.Action.Calls[0]
	share("all")
	if r := a.look(); r.State != plan.Broken || !r.Final || len(r.Next) > 0 || !strings.Contains(r.Detail, "and is all") {
		t.Fatalf("%+v", r)
	}
	share("selected", few...)
	r := a.look()
	if r.State != plan.Broken || r.Final || len(r.Next) != 1 || r.Next[0].Args["selected"] != first.Args["selected"] {
		t.Fatalf("%+v", r)
	}
	if o := a.send(r.Next[0]); o.State != plan.Done {
		t.Fatalf("%+v", o)
	}
	w.Clock.Advance(10 * time.Second)
	if r = a.look(); r.State != plan.Held {
		t.Fatalf("%+v", r)
	}
	share("selected", append(slices.Clone(few), 666)...)
	if r = a.look(); r.State != plan.Broken || !r.Final {
		t.Fatalf("one more reads it: %+v", r)
	}
}

// A person who put the value in is believed when the secret changed since the response began.
func TestPutByAPersonIsReadBack(t *testing.T) {
	w, server := start(t, world.Options{}, stores)
	a := planned(t, w, "dependabot", "NPM_TOKEN")
	a.task.Action.Assisted, a.task.Began = &plan.Assisted{Instructions: "x"}, w.Clock.Now()
	w.Clock.Advance(time.Minute)
	if r := a.look(); r.State != plan.Broken || len(r.Next) > 0 {
		t.Fatalf("%+v", r)
	}
	if err := w.Do(func(world.Core) { server.StoreSecret("dependabot", "NPM_TOKEN", newNPM) }); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	if r := a.look(); r.State != plan.Held {
		t.Fatalf("%+v", r)
	}
}

// v62 leaves an empty list out of a PUT, which leaves to GitHub what becomes of who may
// read: it is always sent with "selected", and never with another visibility.
func TestTrapSharingIsResentWhole(t *testing.T) {
	key := `{"key_id":"k","key":"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="}`
	for _, x := range []struct {
		visibility, selected, want string
	}{
		{"selected", "", `"visibility":"selected","selected_repository_ids":[]`},
		{"selected", "7 12", `"visibility":"selected","selected_repository_ids":[7,12]`},
		{"all", "", `"visibility":"all"`},
		{"private", "", `"visibility":"private"`},
	} {
		for scope, path := range map[string]string{"organization": "actions", "dependabot-organization": "dependabot", "codespaces-organization": "codespaces"} {
			at := "/api/v3/orgs/acme/" + path + "/secrets/"
			c := &canned{answers: map[string]reply{"GET " + at + "public-key": {200, nil, key}, "PUT " + at + "SHARED": {status: 204}}}
			call := plan.Call{Key: "put", Args: map[string]string{"repository": shop, "scope": scope, "name": "SHARED", "visibility": x.visibility, "selected": x.selected}}
			o := over(t, c)["github.secret.put"].Apply(t.Context(), adapters.Task{Secrets: map[string]secret.Text{"value": secret.NewString(newNPM)}}, call)
			if o.State != plan.Done {
				t.Fatalf("%s: %+v; sent %v", scope, o.Outcome, c.sent)
			}
			body := c.bodies[len(c.bodies)-1]
			if !strings.Contains(body, x.want) || strings.Contains(body, "selected_repository_ids") != (x.visibility == "selected") {
				t.Errorf("%s sent %s, want %s", scope, body, x.want)
			}
			var plain map[string]any
			if err := json.Unmarshal([]byte(body), &plain); err != nil || plain["key_id"] != "k" {
				t.Errorf("%s: %v", body, err)
			}
		}
	}
}

// Part of the list of repositories would take the secret away from the rest.
func TestTrapPartOfTheReadersIsUnknown(t *testing.T) {
	at := "GET /api/v3/orgs/acme/actions/secrets/SHARED"
	c := &canned{answers: map[string]reply{
		at:                   {200, nil, `{"name":"SHARED","updated_at":"2025-03-14T12:00:00Z","visibility":"selected"}`},
		at + "/repositories": {200, nil, `{"total_count":3,"repositories":[{"id":7}]}`},
	}}
	task := adapters.Task{Inputs: map[string]any{"repository": shop, "scope": "organization", "name": "SHARED"}, Now: noon}
	put := over(t, c)["github.secret.put"]
	if r := put.Verify(t.Context(), task); r.State != plan.Unknown || len(r.Next) > 0 {
		t.Errorf("%+v", r)
	}
	c.answers[at] = reply{200, nil, `{"name":"SHARED","updated_at":"2025-03-14T12:00:00Z"}`}
	if r := put.Verify(t.Context(), task); r.State != plan.Unknown {
		t.Errorf("an answer without a visibility: %+v", r)
	}
}

// Each scope needs a permission of its own.
func TestPutNeedsOnePermission(t *testing.T) {
	put := over(t, &canned{})["github.secret.put"].(adapters.Needing)
	for scope, want := range map[string]string{
		"": "secrets=write", "repository": "secrets=write", "environment/prod": "environments=write", "organization": "organization_secrets=write",
		"dependabot": "dependabot_secrets=write", "dependabot-organization": "organization_dependabot_secrets=write",
		"codespaces": "codespaces_secrets=write", "codespaces-organization": "organization_codespaces_secrets=write",
	} {
		if got := put.Needs(inputs("scope", scope)); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", scope, got, want)
		}
	}
}

// A secret of the organization whose readers could not be listed may reach the
// repository: it is not left out.
func TestSurveyKeepsWhatMayReachTheRepository(t *testing.T) {
	at := "/api/v3/orgs/acme/dependabot/secrets"
	c := &canned{answers: map[string]reply{
		"GET " + api:                            {200, nil, bare},
		"GET " + at:                             {200, nil, `{"total_count":1,"secrets":[{"name":"NPM_TOKEN","visibility":"selected"}]}`},
		"GET " + at + "/NPM_TOKEN/repositories": {403, nil, `{}`},
	}}
	s := surveyOver(t, c)
	found := s.Repositories[0].Secrets
	if len(found) != 1 || found[0].Name != "NPM_TOKEN" || found[0].Visibility != "" {
		t.Errorf("%+v", found)
	}
	if !slices.ContainsFunc(s.Gaps, func(g snapshot.Gap) bool {
		return strings.Contains(g.What, "who may read the dependabot-organization secret NPM_TOKEN")
	}) {
		t.Errorf("%+v", s.Gaps)
	}
}
