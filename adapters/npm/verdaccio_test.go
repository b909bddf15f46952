package npm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/npm"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// place is a user at a real registry with a token of ours, a stolen one and another.
type place struct {
	registry        counterpart.Registry
	user            string
	operator        string
	stolen, id      string
	other           string
	ahead           time.Duration // the test's clock before the registry's: waiting takes no time
	users           int
	inputs          adapters.Inputs
	secrets         map[string]secret.Text
	canaries        []secret.Text
	scope           adapters.Scope
	refuseTheStolen bool // what the suite's truth asks for
}

func (p *place) now() time.Time { return time.Now().Add(p.ahead) }

// fresh makes a user in whose place everything begins again.
func (p *place) fresh(t *testing.T) {
	t.Helper()
	p.users++
	p.user, p.ahead = fmt.Sprintf("bot-%d", p.users), 0
	login := p.registry.User(t, p.user, password)
	p.operator, _ = p.registry.Token(t, login, password, false)
	p.stolen, p.id = p.registry.Token(t, login, password, false)
	p.other, _ = p.registry.Token(t, login, password, true)
	p.scope.Issuers[0].With["user"] = p.user
	p.canaries[0], p.canaries[1], p.canaries[2] = secret.NewString(p.operator), secret.NewString(p.stolen), secret.NewString(password)
}

func newPlace(t *testing.T) *place {
	return &place{
		registry: counterpart.Verdaccio(t), inputs: adapters.Inputs{}, secrets: map[string]secret.Text{}, canaries: make([]secret.Text, 3),
		scope: adapters.Scope{Issuers: []adapters.Selector{{Name: "npm.token", With: map[string]string{}}}},
	}
}

func (p *place) provider(t testing.TB, w adapters.Wire) *npm.Provider {
	t.Helper()
	x, err := npm.New(npm.Config{Registry: p.registry.URL, Token: secret.NewString(p.operator), Getenv: env}, w)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// suite runs an action's conformance suite at the registry; prepare says what it is
// about, each time anew.
func (p *place) suite(action string, prepare func()) adaptertest.Suite {
	s := adaptertest.Suite{
		Action: action, Scope: p.scope, Inputs: p.inputs, Secrets: p.secrets, Canaries: p.canaries,
		Provider: func(t *testing.T, w adapters.Wire) adapters.Provider { return p.provider(t, w) },
	}
	s.World = func(t *testing.T) adaptertest.World {
		p.fresh(t)
		prepare()
		w := adaptertest.World{Transport: http.DefaultTransport, Now: p.now, Advance: func(d time.Duration) { p.ahead += d }}
		if p.refuseTheStolen {
			at := *p
			w.Truth = func() bool {
				dead, ours, theirs := at.registry.Call(t, at.stolen, "GET", "/-/whoami", nil), at.registry.Call(t, at.operator, "GET", "/-/whoami", nil), at.registry.Call(t, at.other, "GET", "/-/whoami", nil)
				return dead.Status == http.StatusForbidden && ours.Body["username"] == at.user && theirs.Body["username"] == at.user
			}
		}
		return w
	}
	prepare()
	return s
}

func TestVerdaccioRevoke(t *testing.T) {
	p := newPlace(t)
	p.refuseTheStolen = true
	t.Run("by id", func(t *testing.T) {
		s := p.suite("npm.token.revoke", func() {
			p.inputs["user"], p.inputs["id"], p.inputs["old"] = literal(p.user), literal(p.id), plan.Value{Held: "old:NPM_TOKEN"}
			p.secrets["old"] = secret.NewString(p.stolen)
		})
		s.Quirks.IgnoresBody = true
		adaptertest.Run(t, s)
	})
	delete(p.inputs, "id")
	t.Run("by value", func(t *testing.T) {
		s := p.suite("npm.token.revoke", func() {
			p.inputs["user"], p.inputs["old"] = literal(p.user), plan.Value{Held: "old:NPM_TOKEN"}
			p.secrets["old"] = secret.NewString(p.stolen)
		})
		s.Quirks = adaptertest.Quirks{IgnoresBody: true, Blind: true}
		adaptertest.Run(t, s)
	})
	counterpart.Proved(t, "npm.token.revoke", counterpart.Verdaccio6, "it passes the conformance suite: by id, and by the masks of the list; the token is refused and no other is")
}

func TestVerdaccioMint(t *testing.T) {
	p := newPlace(t)
	s := p.suite("npm.token.mint", func() {
		p.inputs["user"], p.inputs["password_env"] = literal(p.user), literal("IR_NPM_PASSWORD")
	})
	s.Quirks.Blind = true
	adaptertest.Run(t, s)
	counterpart.Proved(t, "npm.token.mint", counterpart.Verdaccio6, "it passes the conformance suite: with the user's password, and a token whose answer was lost is found, deleted and made anew")
}

func TestVerdaccioTestToken(t *testing.T) {
	p := newPlace(t)
	s := p.suite("npm.token.test", func() {
		p.inputs["user"], p.inputs["value"] = literal(p.user), plan.Value{Output: &plan.Ref{Action: "mint", Name: "value"}}
		p.secrets["value"] = secret.NewString(p.other)
	})
	s.Quirks.NotByWorld = true
	adaptertest.Run(t, s)
	w := adapters.Wire{Transport: http.DefaultTransport, Now: p.now}
	for _, a := range p.provider(t, w).Actions() {
		if a.Spec().Name != "npm.token.test" {
			continue
		}
		for value, want := range map[string]plan.State{p.other: plan.Held, "npm_neverGivenOut": plan.Unknown} {
			task := adapters.Task{Inputs: map[string]any{"user": p.user}, Secrets: map[string]secret.Text{"value": secret.NewString(value)}, Now: p.now()}
			if r := a.Verify(t.Context(), task); r.State != want {
				t.Errorf("want %s, got %+v", want, r)
			}
		}
	}
	counterpart.Proved(t, "npm.token.test", counterpart.Verdaccio6, "it passes the conformance suite: a live token is told by its user's name")
}

// What the real client publishes is what the digest is read back of.
func TestVerdaccioDigest(t *testing.T) {
	p := newPlace(t)
	p.fresh(t)
	client := counterpart.NPMClient(t, p.registry.URL)
	if said, code := client.Run(p.stolen, client.Package("@acme/shop", "1.0.0"), "publish"); code != 0 {
		t.Fatalf("npm publish ended with %d:\n%s", code, said)
	}
	tarball := p.registry.Call(t, "", "GET", "/@acme/shop/-/shop-1.0.0.tgz", nil)
	sum := sha256.Sum256([]byte(tarball.Text))
	s := p.suite("npm.dist.digest", func() {
		p.inputs["package"], p.inputs["tag"], p.inputs["digest"] = literal("@acme/shop"), literal("latest"), literal(hex.EncodeToString(sum[:]))
	})
	s.Quirks.NotByWorld = true
	adaptertest.Run(t, s)
	digest := func(want string) plan.Reading {
		for _, a := range p.provider(t, adapters.Wire{Transport: http.DefaultTransport, Now: p.now}).Actions() {
			if a.Spec().Name == "npm.dist.digest" {
				return a.Verify(t.Context(), adapters.Task{Inputs: map[string]any{"package": "@acme/shop", "digest": want}, Now: p.now()})
			}
		}
		return plan.Reading{}
	}
	if r := digest(hex.EncodeToString(sum[:])); r.State != plan.Held || tarball.Status != http.StatusOK {
		t.Errorf("want held, got %+v", r)
	}
	if r := digest(strings.Repeat("0", 64)); r.State != plan.Broken {
		t.Errorf("another tarball: want broken, got %+v", r)
	}
	counterpart.Proved(t, "npm.dist.digest", counterpart.Verdaccio6, "it passes the conformance suite: the tarball that the real npm client published is told from another one")
}
