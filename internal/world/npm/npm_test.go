package npm_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/world"
	"github.com/firebreak/firebreak/internal/world/npm"
	"github.com/firebreak/firebreak/internal/world/worldtest"
)

const (
	token    = "npm_aBcDeFgH1jK2lM3nO4pQ5rS6tU7vW8xYzwin"
	operator = "npm_OPERxKq7ZyW3nR8vT2mB5cL9sD4fG6hJOPER"
)

func startWith(t *testing.T, s npm.Seed) *worldtest.World {
	t.Helper()
	return worldtest.New(t, world.Options{Delays: map[string]time.Duration{npm.Delay: 90 * time.Second}}, func(c world.Core) world.Provider { return npm.New(c, s) })
}

func start(t *testing.T) (*worldtest.World, func() *npm.Registry) {
	t.Helper()
	var reg *npm.Registry
	w := worldtest.New(t, world.Options{Delays: map[string]time.Duration{npm.Delay: 90 * time.Second}}, func(c world.Core) world.Provider {
		reg = npm.New(c, npm.Seed{
			Users: []npm.User{{Name: "acme-bot", Password: "pass-of-acme-bot", OTP: "123456", PasswordEnv: "IR_NPM_PASSWORD"}, {Name: "mallory", Password: "m"}},
			Tokens: []npm.Token{
				{Name: "operator", Value: operator, Key: "k-operator", User: "acme-bot"},
				{Name: "NPM_TOKEN", Value: token, Key: "k-token", User: "acme-bot"},
				{Name: "mallory", Value: "npm_mallory", Key: "k-mallory", User: "mallory"},
				{Name: "reader", Value: "npm_reader", Key: "k-reader", User: "acme-bot", ReadOnly: true},
			},
			Packages: []npm.Package{{Name: "@acme/shop", Maintainers: []string{"acme-bot"}, Tags: map[string]string{"latest": "1.0.0"}, Versions: []npm.Version{{Version: "1.0.0", Tarball: []byte("one")}}}},
			Operator: "operator", PageSize: 2,
		})
		return reg
	})
	return w, func() *npm.Registry { return reg }
}

// ask sends a request with a token and gives status and body.
func ask(t *testing.T, w *worldtest.World, method, path, bearer string, body any, header ...string) (int, string) {
	t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.URL("npm")+path, r)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func want(t *testing.T, what string, got, status int) {
	t.Helper()
	if got != status {
		t.Errorf("%s: got %d, want %d", what, got, status)
	}
}

func document(version string) map[string]any {
	return map[string]any{
		"name": "@acme/shop", "dist-tags": map[string]string{"latest": version},
		"versions":     map[string]any{version: map[string]any{"name": "@acme/shop", "version": version}},
		"_attachments": map[string]any{"shop-" + version + ".tgz": map[string]any{"data": []byte("tarball " + version)}},
	}
}

// A stolen token publishes until it is really dead, also after the world was
// closed and opened again.
func TestDeletedTokenWorksUntilItIsDead(t *testing.T) {
	w, _ := start(t)
	publish := func(v string) int {
		code, _ := ask(t, w, "PUT", "/@acme%2fshop", token, document(v))
		return code
	}
	want(t, "publish", publish("1.0.1"), 200)
	code, _ := ask(t, w, "DELETE", "/-/npm/v1/tokens/token/k-token", operator, nil)
	want(t, "delete", code, 204)
	_, list := ask(t, w, "GET", "/-/npm/v1/tokens", operator, nil)
	if strings.Contains(list, "k-token") {
		t.Error("a deleted token is in the list")
	}
	w.Clock.Advance(80 * time.Second)
	want(t, "publish inside the delay", publish("1.0.2"), 200)
	w.Reopen(t)
	w.Clock.Advance(20 * time.Second)
	want(t, "publish when dead", publish("1.0.3"), 401)
	code, _ = ask(t, w, "GET", "/-/whoami", token, nil)
	want(t, "whoami when dead", code, 401)
	var died time.Time
	for _, e := range w.Entries() {
		if e.Kind == "dies" && e.Credential == "NPM_TOKEN" {
			died = e.At
		}
	}
	if !died.Equal(worldtest.Start.Add(90 * time.Second)) {
		t.Errorf("the log says it died at %s", died)
	}
}

func TestListIsMaskedPagedAndOnesOwn(t *testing.T) {
	w, _ := start(t)
	_, first := ask(t, w, "GET", "/-/npm/v1/tokens", operator, nil)
	_, second := ask(t, w, "GET", "/-/npm/v1/tokens?page=1&perPage=2", operator, nil)
	for _, key := range []string{"k-operator", "k-token", "k-reader"} {
		if !strings.Contains(first+second, `"`+key+`"`) {
			t.Errorf("%s is on no page", key)
		}
	}
	if strings.Contains(first+second, "k-mallory") || strings.Contains(first+second, token) || !strings.Contains(first, `"next"`) || strings.Contains(second, `"next"`) {
		t.Errorf("somebody else's token, a whole value or a wrong next page:\n%s\n%s", first, second)
	}
}

func TestCreateNeedsPasswordAndOTP(t *testing.T) {
	w, _ := start(t)
	good := map[string]any{"password": "pass-of-acme-bot", "name": "new"}
	code, _ := ask(t, w, "POST", "/-/npm/v1/tokens", operator, map[string]any{"password": "wrong"}, "Npm-Otp", "123456")
	want(t, "wrong password", code, 401)
	code, body := ask(t, w, "POST", "/-/npm/v1/tokens", operator, good)
	want(t, "no one-time password", code, 401)
	if !strings.Contains(body, "one-time") {
		t.Errorf("got %s", body)
	}
	code, body = ask(t, w, "POST", "/-/npm/v1/tokens", operator, good, "Npm-Otp", "123456")
	want(t, "both", code, 201)
	var made struct{ Token, Key string }
	if err := json.Unmarshal([]byte(body), &made); err != nil || made.Token == "" || made.Key == "" {
		t.Fatalf("%v: %s", err, body)
	}
	code, body = ask(t, w, "GET", "/-/whoami", made.Token, nil)
	want(t, "the new token", code, 200)
	if !strings.Contains(body, "acme-bot") {
		t.Errorf("got %s", body)
	}
}

// The projection counts what was minted, so that an orphan shows (invariants I5, I6).
func TestProjectionCountsMintedTokens(t *testing.T) {
	w, _ := start(t)
	for _, n := range []string{"1", "2"} {
		code, _ := ask(t, w, "POST", "/-/npm/v1/tokens", operator, map[string]any{"password": "pass-of-acme-bot", "name": n}, "Npm-Otp", "123456")
		want(t, "create", code, 201)
		if got := w.Projection()["npm minted tokens of acme-bot"]; got != n+" alive" {
			t.Errorf("after %s: %q", n, got)
		}
	}
}

func TestPublish(t *testing.T) {
	w, reg := start(t)
	for _, c := range []struct {
		name, bearer, version string
		code                  int
	}{
		{"nobody", "", "2.0.0", 401},
		{"not a maintainer", "npm_mallory", "2.0.0", 403},
		{"read only", "npm_reader", "2.0.0", 403},
		{"a version that exists", token, "1.0.0", 403},
		{"fine", token, "2.0.0", 200},
	} {
		code, _ := ask(t, w, "PUT", "/@acme%2fshop", c.bearer, document(c.version))
		want(t, c.name, code, c.code)
	}
	_, doc := ask(t, w, "GET", "/@acme%2fshop", "", nil)
	var p struct {
		Tags     map[string]string                                  `json:"dist-tags"`
		Versions map[string]struct{ Dist struct{ Tarball string } } `json:"versions"`
	}
	if err := json.Unmarshal([]byte(doc), &p); err != nil {
		t.Fatal(err)
	}
	at := p.Versions[p.Tags["latest"]].Dist.Tarball
	if !strings.HasPrefix(at, w.URL("npm")+"/") {
		t.Fatalf("the tarball is elsewhere: %s", at)
	}
	if _, body := ask(t, w, "GET", strings.TrimPrefix(at, w.URL("npm")), "", nil); body != "tarball 2.0.0" {
		t.Errorf("latest is %q", body)
	}
	var log []npm.Publish
	if err := w.Do(func(world.Core) { log = reg().Published() }); err != nil {
		t.Fatal(err)
	}
	if len(log) != 1 || log[0].Token != "NPM_TOKEN" || log[0].Version != "2.0.0" {
		t.Errorf("publish log: %+v", log)
	}
}

func TestDistTag(t *testing.T) {
	w, _ := start(t)
	code, _ := ask(t, w, "PUT", "/-/package/@acme%2fshop/dist-tags/next", token, "1.0.0")
	want(t, "tag", code, 201)
	code, _ = ask(t, w, "PUT", "/-/package/@acme%2fshop/dist-tags/next", token, "9.9.9")
	want(t, "tag of no version", code, 404)
	if _, body := ask(t, w, "GET", "/-/package/@acme%2fshop/dist-tags", "", nil); !strings.Contains(body, `"next":"1.0.0"`) {
		t.Errorf("got %s", body)
	}
}

func TestDescribeNamesCallsForFaults(t *testing.T) {
	w, _ := start(t)
	ask(t, w, "DELETE", "/-/npm/v1/tokens/token/k-token", operator, nil)
	ask(t, w, "GET", "/-/whoami", "npm_nobody-knows-this", nil)
	ask(t, w, "PATCH", "/whatever", "", nil)
	var got []string
	for _, e := range w.Requests(false) {
		got = append(got, e.Call+" by "+e.Credential)
		if e.Mutating != (e.Call != "npm GET whoami") {
			t.Errorf("%s mutating: %v", e.Call, e.Mutating)
		}
	}
	if s := strings.Join(got, ", "); s != "npm DELETE token by operator, npm GET whoami by unknown, npm PATCH unknown by " {
		t.Errorf("got %s", s)
	}
}

func TestEnvironment(t *testing.T) {
	w, _ := start(t)
	env, err := w.Environment()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(env["NPM_CONFIG_USERCONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(env["NPM_CONFIG_REGISTRY"], "http://127.0.0.1:") || env["IR_NPM_PASSWORD"] != "pass-of-acme-bot" || !strings.Contains(string(b), ":_authToken="+operator) {
		t.Errorf("got %v, %s", env, b)
	}
}
