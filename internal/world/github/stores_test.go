package github_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	client "github.com/google/go-github/v62/github"
	"golang.org/x/crypto/nacl/box"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/github"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

func stores(s *github.Seed) {
	s.ID = 7
	s.Secrets = append(s.Secrets,
		github.Secret{Name: "SHARED", Scope: "organization", Value: "shared-1", Visibility: "selected", Selected: []int64{7, 8}},
		github.Secret{Name: "ELSEWHERE", Scope: "organization", Value: "other-1", Visibility: "selected", Selected: []int64{8}},
		github.Secret{Name: "NPM_TOKEN", Scope: "dependabot", Value: "npm-1"},
		github.Secret{Name: "NPM_TOKEN", Scope: "codespaces-organization", Value: "npm-1"})
	s.OwnerHooks = []github.Hook{{URL: "https://chat.example/x", Active: true}}
}

// A repository's view names the organization secrets that reach it; the organization's
// says who may read them; every store has a key of its own.
func TestStoresAreApart(t *testing.T) {
	w, _ := start(t, stores)
	c, ctx := typed(t, w, "tok"), t.Context()
	reach, _, err := c.Actions.ListRepoOrgSecrets(ctx, "acme", "shop", nil)
	if err != nil || len(reach.Secrets) != 1 || reach.Secrets[0].Name != "SHARED" || reach.Secrets[0].Visibility != "" {
		t.Fatalf("%+v %v", reach, err)
	}
	own, _, err := c.Actions.GetOrgSecret(ctx, "acme", "SHARED")
	if err != nil || own.Visibility != "selected" || own.SelectedRepositoriesURL == "" {
		t.Fatalf("%+v %v", own, err)
	}
	with, _, err := c.Actions.ListSelectedReposForOrgSecret(ctx, "acme", "SHARED", nil)
	if err != nil || with.GetTotalCount() != 2 || with.Repositories[1].GetID() != 8 {
		t.Fatalf("%+v %v", with, err)
	}
	dependabot, _, err := c.Dependabot.ListRepoSecrets(ctx, "acme", "shop", nil)
	if err != nil || dependabot.TotalCount != 1 {
		t.Fatalf("%+v %v", dependabot, err)
	}
	codespaces, _, err := c.Codespaces.ListOrgSecrets(ctx, "acme", nil)
	if err != nil || codespaces.TotalCount != 1 || codespaces.Secrets[0].Visibility != "all" {
		t.Fatalf("%+v %v", codespaces, err)
	}
	keys := map[string]bool{}
	for _, get := range []func() (*client.PublicKey, *client.Response, error){
		func() (*client.PublicKey, *client.Response, error) {
			return c.Actions.GetRepoPublicKey(ctx, "acme", "shop")
		},
		func() (*client.PublicKey, *client.Response, error) { return c.Actions.GetOrgPublicKey(ctx, "acme") },
		func() (*client.PublicKey, *client.Response, error) {
			return c.Dependabot.GetRepoPublicKey(ctx, "acme", "shop")
		},
		func() (*client.PublicKey, *client.Response, error) { return c.Dependabot.GetOrgPublicKey(ctx, "acme") },
		func() (*client.PublicKey, *client.Response, error) {
			return c.Codespaces.GetRepoPublicKey(ctx, "acme", "shop")
		},
		func() (*client.PublicKey, *client.Response, error) { return c.Codespaces.GetOrgPublicKey(ctx, "acme") },
	} {
		k, _, err := get()
		if err != nil || keys[k.GetKeyID()] {
			t.Errorf("%v: %v", k.GetKeyID(), err)
		}
		keys[k.GetKeyID()] = true
	}
	hooks, _, err := c.Organizations.ListHooks(ctx, "acme", nil)
	if err != nil || len(hooks) != 1 || hooks[0].GetType() != "Organization" || hooks[0].GetCreatedAt().IsZero() {
		t.Fatalf("%+v %v", hooks, err)
	}
	if _, resp, err := c.Organizations.ListHooks(ctx, "someone-else", nil); err == nil || resp.StatusCode != 404 {
		t.Errorf("another organization: %v", err)
	}
}

func seal(t *testing.T, k *client.PublicKey, value string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(k.GetKey())
	if err != nil {
		t.Fatal(err)
	}
	b, err := box.SealAnonymous(nil, []byte(value), (*[32]byte)(raw), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func put(t *testing.T, w *worldtest.World, path string, body map[string]any) int {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.URL("github")+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer tok")
	resp, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// A PUT replaces who may read an organization's secret: without the repositories they
// are cleared, without a visibility it is refused, and so is another store's key.
func TestPutReplacesTheSharing(t *testing.T) {
	w, server := start(t, stores)
	c := typed(t, w, "tok")
	key, _, err := c.Actions.GetOrgPublicKey(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := c.Dependabot.GetOrgPublicKey(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, key, "shared-2")
	const path = "/orgs/acme/actions/secrets/SHARED"
	for _, x := range []struct {
		body map[string]any
		want int
	}{
		{map[string]any{"encrypted_value": sealed, "key_id": key.GetKeyID()}, 422},
		{map[string]any{"encrypted_value": sealed, "key_id": key.GetKeyID(), "visibility": "public"}, 422},
		{map[string]any{"encrypted_value": sealed, "key_id": key.GetKeyID(), "visibility": "all", "selected_repository_ids": []int64{7}}, 422},
		{map[string]any{"encrypted_value": sealed, "key_id": other.GetKeyID(), "visibility": "all"}, 422},
	} {
		if got := put(t, w, path, x.body); got != x.want {
			t.Errorf("%v: %d, want %d", x.body, got, x.want)
		}
	}
	shared := func(visibility string, ids ...int64) {
		t.Helper()
		if err := w.Do(func(world.Core) {
			if v, have := server().SharedWith("organization", "SHARED"); v != visibility || !slices.Equal(have, ids) {
				t.Errorf("shared with %s %v, want %s %v", v, have, visibility, ids)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	shared("selected", 7, 8)
	if got := put(t, w, path, map[string]any{"encrypted_value": sealed, "key_id": key.GetKeyID(), "visibility": "selected"}); got != 204 {
		t.Fatalf("got %d", got)
	}
	shared("selected")
	if got := put(t, w, path, map[string]any{"encrypted_value": sealed, "key_id": key.GetKeyID(), "visibility": "selected", "selected_repository_ids": []int64{8}}); got != 204 {
		t.Fatalf("got %d", got)
	}
	shared("selected", 8)
}

// A classic token's scopes and its owner's role are told.
func TestClassicTokenTellsItsScopes(t *testing.T) {
	w, _ := start(t, func(s *github.Seed) { s.Tokens[0].Scopes, s.Tokens[0].Role = []string{"repo", "workflow"}, "push" })
	repo, resp, err := typed(t, w, "tok").Repositories.Get(t.Context(), "acme", "shop")
	if err != nil || resp.Header.Get("X-OAuth-Scopes") != "repo, workflow" {
		t.Fatalf("%v %v", resp.Header, err)
	}
	if p := repo.GetPermissions(); !p["push"] || p["admin"] || !p["pull"] {
		t.Errorf("%v", p)
	}
}
