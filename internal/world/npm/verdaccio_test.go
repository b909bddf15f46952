package npm_test

import (
	"crypto/sha1" //nolint:gosec // the registry's own field "shasum"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/tally"
	"github.com/firebreak/firebreak/internal/world/npm"
)

// step is one request of the table both registries are asked. {token} and the like in
// a path stand for what an earlier answer gave.
type step struct {
	name   string
	method string
	path   string
	as     string // whose token; "" for none
	body   any
	// relied are the members of the answer that must be there in both, of the same kind
	// of JSON value; "objects.0.key" goes down.
	relied []string
	// apart says why the statuses differ: what npm itself does, with its source. Then
	// both are named, the world's first.
	apart         string
	world, theirs int
}

const (
	asNPM     = "npm answers a token that is dead or was never given out with 401 (npm/npm issue 16448); Verdaccio refuses a dead one with 403, and takes an unknown one for nobody"
	asDocs    = "npm deletes with 204 and knows no token twice; Verdaccio answers 200 whether there was one or not"
	asForever = "npm refuses a number that was ever used with 403 (npm blog, \"No More npm publish -f\"); Verdaccio with 409"
	asMade    = "npm makes a token with 201, as a resource; Verdaccio with 200. npm's client and we take either"
	asOK      = "npm's registry answers 200 and Verdaccio 201; npm's client takes either"
)

func table() []step {
	good, bad := map[string]any{"password": password, "name": "x", "readonly": false, "cidr_whitelist": []string{}}, map[string]any{"password": "wrong", "readonly": false, "cidr_whitelist": []string{}}
	reader := map[string]any{"password": password, "readonly": true, "cidr_whitelist": []string{}}
	const tokens, pkg = "/-/npm/v1/tokens", "/@acme%2fnew"
	return []step{
		{name: "who am I", method: "GET", path: "/-/whoami", as: "login", relied: []string{"username"}},
		{name: "who is nobody", method: "GET", path: "/-/whoami", apart: asNPM, world: 401, theirs: 200},
		{name: "who is a stranger", method: "GET", path: "/-/whoami", as: "stranger", apart: asNPM, world: 401, theirs: 200},
		{name: "make a token", method: "POST", path: tokens, as: "login", body: good, relied: []string{"token", "key", "readonly", "created"}, apart: asMade, world: 201, theirs: 200},
		{name: "make a reader", method: "POST", path: tokens, as: "login", body: reader, relied: []string{"token", "key", "readonly"}, apart: asMade, world: 201, theirs: 200},
		{name: "a wrong password", method: "POST", path: tokens, as: "login", body: bad, relied: []string{"error"}},
		{name: "no login", method: "POST", path: tokens, body: good, relied: []string{"error"}},
		{name: "list", method: "GET", path: tokens, as: "login", relied: []string{"objects.0.token", "objects.0.key", "objects.0.readonly", "objects.0.created", "urls"}},
		{name: "list by the new one", method: "GET", path: tokens, as: "make a token", relied: []string{"objects.0.key"}},
		{name: "list for nobody", method: "GET", path: tokens, relied: []string{"error"}},
		{name: "no package", method: "GET", path: pkg, relied: []string{"error"}},
		{name: "publish", method: "PUT", path: pkg, as: "make a token", body: npmDocument("1.0.0"), apart: asOK, world: 200, theirs: 201},
		{name: "publish it again", method: "PUT", path: pkg, as: "make a token", body: npmDocument("1.0.0"), relied: []string{"error"}, apart: asForever, world: 403, theirs: 409},
		{name: "publish as nobody", method: "PUT", path: pkg, body: npmDocument("1.0.1"), relied: []string{"error"}},
		{name: "publish as a reader", method: "PUT", path: pkg, as: "make a reader", body: npmDocument("1.0.2"), relied: []string{"error"}},
		{name: "publish what broke", method: "PUT", path: pkg, as: "make a token", body: broken("1.0.3"), relied: []string{"error"}},
		{name: "package", method: "GET", path: pkg, relied: []string{"name", "dist-tags.latest", "versions.1\uff0e0\uff0e0.dist.tarball", "versions.1\uff0e0\uff0e0.dist.shasum", "time"}},
		{name: "tarball", method: "GET", path: "/@acme/new/-/new-1.0.0.tgz"},
		{name: "no tarball", method: "GET", path: "/@acme/new/-/new-9.9.9.tgz", relied: []string{"error"}},
		{name: "tag", method: "PUT", path: "/-/package/@acme%2fnew/dist-tags/next", as: "make a token", body: "1.0.0"},
		{name: "tags", method: "GET", path: "/-/package/@acme%2fnew/dist-tags", relied: []string{"next", "latest"}},
		{name: "tag what is not", method: "PUT", path: "/-/package/@acme%2fnew/dist-tags/next", as: "make a token", body: "9.9.9", relied: []string{"error"}},
		{name: "tag as nobody", method: "PUT", path: "/-/package/@acme%2fnew/dist-tags/next", body: "1.0.0", relied: []string{"error"}},
		{name: "make as a reader", method: "POST", path: tokens, as: "make a reader", body: good, relied: []string{"error"}},
		{name: "delete as a reader", method: "DELETE", path: tokens + "/token/{make a token}", as: "make a reader", relied: []string{"error"}},
		{name: "delete as nobody", method: "DELETE", path: tokens + "/token/{make a token}", relied: []string{"error"}},
		{name: "delete", method: "DELETE", path: tokens + "/token/{make a token}", as: "login", apart: asDocs, world: 204, theirs: 200},
		{name: "delete again", method: "DELETE", path: tokens + "/token/{make a token}", as: "login", apart: asDocs, world: 404, theirs: 200},
		{name: "who is dead", method: "GET", path: "/-/whoami", as: "make a token", relied: []string{"error"}, apart: asNPM, world: 401, theirs: 403},
		{name: "list by a dead one", method: "GET", path: tokens, as: "make a token", relied: []string{"error"}, apart: asNPM, world: 401, theirs: 403},
		{name: "publish by a dead one", method: "PUT", path: pkg, as: "make a token", body: npmDocument("6.6.6"), relied: []string{"error"}, apart: asNPM, world: 401, theirs: 403},
		{name: "list after", method: "GET", path: tokens, as: "login", relied: []string{"objects.0.key"}},
	}
}

const password = "correct-horse-battery"

// npmDocument is what the npm client sends to publish.
// Source: npm CLI, libnpmpublish.
func npmDocument(version string) map[string]any {
	tarball := []byte("tarball " + version)
	sum := sha1.Sum(tarball) //nolint:gosec // the registry's own field
	return map[string]any{
		"_id": "@acme/new", "name": "@acme/new", "description": "", "access": nil, "dist-tags": map[string]string{"latest": version},
		"versions": map[string]any{version: map[string]any{
			"_id": "@acme/new@" + version, "name": "@acme/new", "version": version,
			"dist": map[string]any{"tarball": "http://127.0.0.1/@acme/new/-/new-" + version + ".tgz", "shasum": hex.EncodeToString(sum[:])},
		}},
		"_attachments": map[string]any{"@acme/new-" + version + ".tgz": map[string]any{"content_type": "application/octet-stream", "data": tarball, "length": len(tarball)}},
	}
}

// broken is a document whose tarball arrived damaged.
func broken(version string) map[string]any {
	d := npmDocument(version)
	d["versions"].(map[string]any)[version].(map[string]any)["dist"].(map[string]any)["shasum"] = strings.Repeat("0", 40)
	return d
}

// asker asks one registry and remembers what it gave.
type asker struct {
	r      counterpart.Registry
	tokens map[string]string // by the name of the step that made it
	keys   map[string]string
}

func (a *asker) ask(t *testing.T, s step) counterpart.Answer {
	t.Helper()
	path := s.path
	for name, key := range a.keys {
		path = strings.ReplaceAll(path, "{"+name+"}", key)
	}
	got := a.r.Call(t, a.tokens[s.as], s.method, path, s.body)
	if token, ok := got.Body["token"].(string); ok {
		a.tokens[s.name] = token
		a.keys[s.name] = fmt.Sprint(got.Body["key"])
	}
	return got
}

// kind is the kind of JSON value a dotted path leads to, "" when it leads nowhere.
func kind(v any, path string) string {
	for _, p := range strings.Split(path, ".") {
		p = strings.ReplaceAll(p, "\uff0e", ".") // a version's own dots
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			if len(x) == 0 {
				return ""
			}
			v = x[0]
		default:
			return ""
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%T", v)
}

// The world and Verdaccio are asked the same; where they differ npm's own word counts,
// and the difference is named. One that is not there any more fails.
func TestTheWorldAnswersAsVerdaccio(t *testing.T) {
	theirs := &asker{r: counterpart.Verdaccio(t), keys: map[string]string{}}
	theirs.tokens = map[string]string{"login": theirs.r.User(t, "acme-bot", password), "stranger": "npm_neverGivenOut"}
	w := startWith(t, npm.Seed{
		Users:  []npm.User{{Name: "acme-bot", Password: password}},
		Tokens: []npm.Token{{Name: "login", Value: operator, Key: "k-login", User: "acme-bot"}},
	})
	ours := &asker{r: counterpart.Registry{URL: w.URL("npm")}, keys: map[string]string{}, tokens: map[string]string{"login": operator, "stranger": "npm_neverGivenOut"}}
	apart := map[string]bool{}
	all := table()
	for _, s := range all {
		a, b := ours.ask(t, s), theirs.ask(t, s)
		if strings.HasPrefix(s.name, "delete") {
			w.Clock.Advance(2 * time.Minute) // Verdaccio has no delay
		}
		if s.apart == "" {
			s.world, s.theirs = b.Status, b.Status
		} else {
			apart[s.apart] = true
		}
		if a.Status != s.world || b.Status != s.theirs || s.apart != "" && s.world == s.theirs {
			t.Errorf("%s: the world answers %d, Verdaccio %d; want %d and %d (%s)\n%s\n%s", s.name, a.Status, b.Status, s.world, s.theirs, s.apart, a.Text, b.Text)
		}
		for _, m := range s.relied {
			if x, y := kind(a.Body, m), kind(b.Body, m); x != y || x == "" {
				t.Errorf("%s: %s is %q in the world and %q at Verdaccio\n%s\n%s", s.name, m, x, y, a.Text, b.Text)
			}
		}
		if s.name == "tarball" && a.Text != b.Text {
			t.Errorf("the tarballs differ: %q, %q", a.Text, b.Text)
		}
	}
	counterpart.Proved(t, "npm", counterpart.Verdaccio6, "the embedded world answers every request of one table as this server does, named ones aside")
	differ := 0
	for _, s := range all {
		if s.apart != "" {
			differ++
		}
	}
	tally.Note(t, "world/npm beside Verdaccio 6.10.4: %d requests, %d with a status of its own for %d named reasons", len(all), differ, len(apart))
}
