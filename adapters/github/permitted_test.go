package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/snapshot"
	fake "github.com/firebreak/firebreak/internal/world/github"
)

// permission gives what a survey says of one permission.
func permission(t *testing.T, s *snapshot.Snapshot, name string) snapshot.Permission {
	t.Helper()
	for _, p := range s.Permissions {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no word on %s: %+v", name, s.Permissions)
	return snapshot.Permission{}
}

func checkPermission(t *testing.T, s *snapshot.Snapshot, name, on, granted, why, link string) {
	t.Helper()
	p := permission(t, s, name)
	if p.Provider != "github" || p.On != on || p.Granted != granted || !strings.Contains(p.Why, why) || !strings.HasSuffix(p.Link, link) || link == "" && p.Link != "" {
		t.Errorf("%+v, want %s on %s: %s, %s", p, granted, on, why, link)
	}
}

// Every permission that an action names is said, once, and in the order of names.
func TestEveryPermissionOfOurActionsIsSaid(t *testing.T) {
	s, _ := surveyed(t, nil)
	seen := map[string]bool{}
	for i, p := range s.Permissions {
		if seen[p.Name] || i > 0 && s.Permissions[i-1].On == p.On && s.Permissions[i-1].Name > p.Name {
			t.Errorf("%s is there twice, or out of order", p.Name)
		}
		seen[p.Name] = true
	}
	p, err := github.New(github.Config{}, adapters.Wire{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range p.Actions() {
		for _, name := range a.Spec().Permissions {
			if !seen[name] {
				t.Errorf("%s needs %s, of which nothing is said", a.Spec().Name, name)
			}
		}
	}
}

// A fine-grained token: what GitHub refused is "no", and with the right to read that to
// write; what it answered may be read; the rest nobody knows.
func TestPermissionsOfAFineGrainedToken(t *testing.T) {
	s, _ := surveyed(t, func(s *fake.Seed) {
		s.Tokens[0].Permissions = map[string]string{"metadata": "read", "contents": "read", "actions": "write", "secrets": "read", "organization_secrets": "read"}
	})
	checkPermission(t, s, "environments=write", shop, "no", "environments/prod%2Feu/secrets"[:12], "/settings/personal-access-tokens")
	checkPermission(t, s, "dependabot_secrets=write", shop, "no", "dependabot/secrets", "/settings/personal-access-tokens")
	checkPermission(t, s, "organization_codespaces_secrets=write", "acme", "no", "orgs/acme/codespaces/secrets", "/settings/personal-access-tokens")
	checkPermission(t, s, "actions=read", shop, "yes", "was answered", "")
	checkPermission(t, s, "actions=write", shop, "unknown", "only when it refuses", "/settings/personal-access-tokens")
	checkPermission(t, s, "organization_secrets=write", "acme", "unknown", "only when it refuses", "/settings/personal-access-tokens")
}

// Who may only read the repository may not write to it, whatever the token was granted.
func TestPermissionsEndAtTheUsersRole(t *testing.T) {
	s, _ := surveyed(t, func(s *fake.Seed) { s.Tokens[0].Role = "triage" })
	checkPermission(t, s, "actions=write", shop, "no", "may not write to acme/shop", "/acme/shop/settings/access")
	checkPermission(t, s, "organization_secrets=write", "acme", "unknown", "", "/settings/personal-access-tokens")
}

// A classic token tells its scopes with every answer.
func TestPermissionsOfAClassicToken(t *testing.T) {
	s, _ := surveyed(t, func(s *fake.Seed) { s.Tokens[0].Scopes, s.Private = []string{"repo", "workflow"}, true })
	checkPermission(t, s, "secrets=write", shop, "yes", "scope repo", "")
	checkPermission(t, s, "organization_secrets=write", "acme", "no", "[repo workflow], it needs admin:org", "/settings/tokens")
	s, _ = surveyed(t, func(s *fake.Seed) { s.Tokens[0].Scopes, s.Private = []string{}, true })
	checkPermission(t, s, "actions=write", shop, "no", "it needs repo", "/settings/tokens")
	s, _ = surveyed(t, func(s *fake.Seed) { s.Tokens[0].Scopes = []string{"public_repo"} })
	checkPermission(t, s, "actions=write", shop, "unknown", "", "/settings/tokens")
}

const bare = `{"id":42,"full_name":"acme/shop","default_branch":"main","html_url":"https://ghe.example/acme/shop","owner":{"login":"acme","type":"Organization"},"permissions":{"admin":false,"push":false,"pull":false}}`

// An App's installation is granted what its login answers, and no more; what the
// repository says of a user's role does not concern it.
func TestPermissionsOfAnApp(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	c := &canned{answers: map[string]reply{
		"POST /api/v3/app/installations/9/access_tokens": {201, nil, `{"token":"ghs_installation","expires_at":"2025-03-14T13:00:00Z","permissions":{"actions":"write","secrets":"read"}}`},
		"GET " + api: {200, nil, bare},
	}}
	p, err := github.New(github.Config{BaseURL: "https://ghe.example/api/v3/", App: &github.App{ID: 5, Installation: 9, Key: secret.New(text)}},
		adapters.Wire{Transport: c, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	s := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	const page = "https://ghe.example/organizations/acme/settings/installations/9"
	checkPermission(t, s, "actions=write", shop, "yes", "actions=write", "")
	checkPermission(t, s, "secrets=write", shop, "no", "secrets=read", page)
	checkPermission(t, s, "environments=write", shop, "no", "not granted", page)
	checkPermission(t, s, "organization_secrets=write", "acme", "no", "not granted", page)
}

// surveyOver surveys the shop with a token, over canned answers.
func surveyOver(t *testing.T, c *canned) *snapshot.Snapshot {
	t.Helper()
	p, err := github.New(github.Config{BaseURL: "https://ghe.example/api/v3/", Token: secret.NewString(token)}, adapters.Wire{Transport: c, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	s := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{shop}}, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// A refusal for want of single sign-on, or of one of several permissions together, does
// not say that one is missing.
func TestPermissionsThatARefusalDoesNotName(t *testing.T) {
	for name, x := range map[string]map[string]string{
		"single sign-on": {"X-Accepted-GitHub-Permissions": "dependabot_secrets=read", "X-GitHub-SSO": "required; url=https://x"},
		"together":       {"X-Accepted-GitHub-Permissions": "dependabot_secrets=read,contents=read"},
		"not said":       {},
	} {
		c := &canned{answers: map[string]reply{
			"GET " + api:                         {200, nil, strings.ReplaceAll(bare, "false", "true")},
			"GET " + api + "/dependabot/secrets": {403, x, `{"message":"no"}`},
		}}
		s := surveyOver(t, c)
		if p := permission(t, s, "dependabot_secrets=write"); p.Granted != "unknown" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Who may not write may read all the same.
func TestPermissionsOfAReader(t *testing.T) {
	s, _ := surveyed(t, func(s *fake.Seed) { s.Tokens[0].Role = "pull" })
	checkPermission(t, s, "actions=read", shop, "yes", "was answered", "")
}

// Each repository's permissions stay when another one is surveyed after it.
func TestPermissionsOfSeveralRepositories(t *testing.T) {
	c := &canned{answers: map[string]reply{
		"GET " + api:                     {200, nil, bare},
		"GET /api/v3/repos/acme/docs":    {200, nil, strings.NewReplacer("shop", "docs", "42", "43", `"push":false`, `"push":true`).Replace(bare)},
		"GET " + api + "/actions/caches": {200, nil, `{"total_count":0,"actions_caches":[]}`},
	}}
	p, err := github.New(github.Config{BaseURL: "https://ghe.example/api/v3/", Token: secret.NewString(token)}, adapters.Wire{Transport: c, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	s := &snapshot.Snapshot{}
	if err := p.Survey(t.Context(), adapters.Scope{Repositories: []string{shop, "acme/docs"}}, s); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range s.Permissions {
		if x.Name == "actions=write" {
			got[x.On] = x.Granted
		}
	}
	if len(got) != 2 || got[shop] != "no" || got["acme/docs"] != "unknown" {
		t.Errorf("%v", got)
	}
}
