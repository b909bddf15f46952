package vault_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/vault"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const root = "hvs.root-of-the-test"

func start(t *testing.T) *worldtest.World {
	t.Helper()
	return worldtest.New(t, world.Options{}, func(c world.Core) world.Provider {
		return vault.New(c, vault.Seed{
			Policies: map[string][]vault.Rule{"ci": {{Path: "secret/data/ci/*", Capabilities: []string{"read"}}, {Path: "secret/data/ci/hidden", Capabilities: []string{"deny"}}}},
			Tokens:   []vault.Token{{Name: "root", Value: root, Policies: []string{"root"}}},
			Roles: []vault.Role{
				{Name: "ci", UserClaim: "actor", BoundAudiences: []string{"vault"}, BoundClaims: map[string]any{"repository": "acme/shop", "ref": []any{"refs/heads/main", "refs/heads/legacy"}}, Policies: []string{"ci"}, TTL: 600},
				{Name: "batch", UserClaim: "actor", BoundSubject: "s", Policies: []string{"ci"}, TokenType: "batch", TTL: 600},
			},
			KV: []vault.Secret{{Path: "ci/npm", Data: map[string]any{"token": "one"}}, {Path: "ci/hidden", Data: map[string]any{"x": "y"}}},
		})
	})
}

// client is the unmodified one, over the world's transport.
func client(t *testing.T, w *worldtest.World, token string) *api.Client {
	t.Helper()
	c, err := api.NewClient(&api.Config{Address: w.URL("vault"), HttpClient: w.Client()})
	if err != nil {
		t.Fatal(err)
	}
	c.SetToken(token)
	return c
}

func jwt(t *testing.T, claims map[string]any) string {
	t.Helper()
	b, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(b) + ".x"
}

func status(err error) int {
	var re *api.ResponseError
	if errors.As(err, &re) {
		return re.StatusCode
	}
	return 0
}

func login(t *testing.T, w *worldtest.World, role string, claims map[string]any) (*api.Secret, error) {
	t.Helper()
	return client(t, w, "").Logical().WriteWithContext(t.Context(), "auth/jwt/login", map[string]any{"role": role, "jwt": jwt(t, claims)})
}

func TestLoginBindsClaims(t *testing.T) {
	w := start(t)
	good := map[string]any{"exp": w.Clock.Now().Add(time.Minute).Unix(), "actor": "alice", "aud": "vault", "repository": "acme/shop", "ref": "refs/heads/legacy"}
	for name, change := range map[string]map[string]any{
		"another repository": {"repository": "mallory/shop"}, "another ref": {"ref": "refs/heads/x"},
		"another audience": {"aud": "sts"}, "expired": {"exp": w.Clock.Now().Add(-2 * time.Minute).Unix()}, "no actor": {"actor": nil}, "no times": {"exp": 0},
	} {
		claims := map[string]any{}
		for k, v := range good {
			claims[k] = v
		}
		for k, v := range change {
			claims[k] = v
		}
		if _, err := login(t, w, "ci", claims); status(err) != 400 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s, err := login(t, w, "ci", good)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, w, s.Auth.ClientToken)
	if _, err := c.KVv2("secret").Get(t.Context(), "ci/npm"); err != nil {
		t.Errorf("the policy lets it read: %v", err)
	}
	if _, err := c.KVv2("secret").Get(t.Context(), "ci/hidden"); status(err) != 403 {
		t.Errorf("deny wins, got %v", err)
	}
	if _, err := c.KVv2("secret").Put(t.Context(), "ci/npm", map[string]any{"token": "x"}); status(err) != 403 {
		t.Errorf("it may not write, got %v", err)
	}
	w.Clock.Advance(11 * time.Minute)
	if _, err := c.Auth().Token().LookupSelfWithContext(t.Context()); status(err) != 403 {
		t.Errorf("its lease is over, got %v", err)
	}
}

func TestRevokeAccessorTakesTheTree(t *testing.T) {
	w := worldtest.New(t, world.Options{}, func(c world.Core) world.Provider {
		return vault.New(c, vault.Seed{Tokens: []vault.Token{
			{Name: "root", Value: root, Accessor: "a-root", Policies: []string{"root"}},
			{Name: "parent", Value: "hvs.parent", Accessor: "a-parent"},
			{Name: "child", Value: "hvs.child", Accessor: "a-child", Parent: "a-parent"},
			{Name: "other", Value: "hvs.other", Accessor: "a-other"},
		}})
	})
	r := client(t, w, root)
	if err := r.Auth().Token().RevokeAccessorWithContext(t.Context(), "a-parent"); err != nil {
		t.Fatal(err)
	}
	w.Reopen(t)
	for _, c := range []struct {
		token string
		code  int
	}{{"hvs.parent", 403}, {"hvs.child", 403}, {"hvs.other", 0}} {
		if _, err := client(t, w, c.token).Auth().Token().LookupSelfWithContext(t.Context()); status(err) != c.code {
			t.Errorf("%s: got %v", c.token, err)
		}
	}
	if err := client(t, w, root).Auth().Token().RevokeAccessorWithContext(t.Context(), "a-parent"); err != nil {
		t.Errorf("twice: got %v", err)
	}
	s, err := client(t, w, root).Logical().ListWithContext(t.Context(), "auth/token/accessors")
	if err != nil || len(s.Data["keys"].([]any)) != 2 {
		t.Errorf("accessors: %v, %v", s, err)
	}
}

func TestBatchTokensHaveNoAccessor(t *testing.T) {
	w := start(t)
	s, err := login(t, w, "batch", map[string]any{"sub": "s", "actor": "alice", "iat": w.Clock.Now().Unix()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Auth.Accessor != "" || s.Auth.ClientToken[:4] != "hvb." {
		t.Errorf("got accessor %q", s.Auth.Accessor)
	}
}

func TestCheckAndSet(t *testing.T) {
	w := start(t)
	kv := client(t, w, root).KVv2("secret")
	s, err := kv.Put(t.Context(), "ci/npm", map[string]any{"token": "two"}, api.WithCheckAndSet(1))
	if err != nil || s.VersionMetadata.Version != 2 {
		t.Fatalf("%v, %+v", err, s)
	}
	if _, err := kv.Put(t.Context(), "ci/npm", map[string]any{"token": "three"}, api.WithCheckAndSet(1)); status(err) != 400 {
		t.Errorf("a stale version: got %v", err)
	}
	if s, err = kv.GetVersion(t.Context(), "ci/npm", 1); err != nil || s.Data["token"] != "one" {
		t.Errorf("version 1: %v", err)
	}
	if err := kv.Destroy(t.Context(), "ci/npm", []int{1}); err != nil {
		t.Fatal(err)
	}
	if s, err = kv.GetVersion(t.Context(), "ci/npm", 1); err != nil || s.Data != nil || !s.VersionMetadata.Destroyed {
		t.Errorf("a destroyed version has metadata and no data: %v, %+v", err, s)
	}
	m, err := kv.GetMetadata(t.Context(), "ci/npm")
	if err != nil || m.CurrentVersion != 2 || !m.Versions["1"].Destroyed {
		t.Errorf("metadata: %v, %+v", err, m)
	}
}

// The log names who called, and which calls would change something.
func TestDescribe(t *testing.T) {
	w := start(t)
	r := client(t, w, root)
	if _, err := r.Auth().Token().LookupAccessorWithContext(t.Context(), "nobody"); status(err) != 400 {
		t.Fatal(err)
	}
	if _, err := login(t, w, "batch", map[string]any{"sub": "s", "actor": "alice", "iat": w.Clock.Now().Unix()}); err != nil {
		t.Fatal(err)
	}
	got := w.Requests(false)
	if len(got) != 2 || got[0].Call != "vault POST lookup-accessor" || got[0].Mutating || got[0].Credential != "root" || got[1].Call != "vault POST login" || !got[1].Mutating {
		t.Errorf("got %+v", got)
	}
}
