package github_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/adapters/adaptertest"
	"github.com/firebreak/firebreak/adapters/github"
	"github.com/firebreak/firebreak/internal/counterpart"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

func TestMain(m *testing.M) {
	p, err := github.New(github.Config{}, adapters.Wire{})
	if err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(counterpart.Judged{M: adaptertest.Every{M: m, Provider: p}})
}

// An App logs in with a JWT signed by its key, once, and works with the token; the
// login is let through also where nothing may be changed.
func TestApp(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	var headers []string
	c := &canned{answers: map[string]reply{
		"POST /api/v3/app/installations/9/access_tokens": {201, nil, `{"token":"ghs_installation","expires_at":"2025-03-14T13:00:00Z"}`},
		"GET " + api + "/actions/caches":                 {200, nil, `{"total_count":0,"actions_caches":[]}`},
	}}
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		headers = append(headers, r.Header.Get("Authorization"))
		return c.RoundTrip(r)
	})
	p, err := github.New(github.Config{BaseURL: "https://ghe.example/api/v3/", App: &github.App{ID: 5, Installation: 9, Key: secret.New(text)}},
		adapters.Wire{Transport: rt, Now: func() time.Time { return noon }, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := p.Actions()[5].Verify(t.Context(), adapters.Task{Inputs: map[string]any{"repository": shop}}); r.State != plan.Held {
			t.Fatalf("%+v", r)
		}
	}
	if len(c.sent) != 3 || headers[1] != "Bearer ghs_installation" || headers[2] != headers[1] {
		t.Errorf("sent %v with %v", c.sent, headers)
	}
	parts := strings.Split(strings.TrimPrefix(headers[0], "Bearer "), ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %s", headers[0])
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], sig); err != nil {
		t.Error(err)
	}
	if self, err := p.Self(t.Context()); err != nil || self.Who != "app/5" {
		t.Errorf("%+v, %v", self, err)
	}
}

// Without a token nothing is sent, and the message says what to set.
func TestNoToken(t *testing.T) {
	c := &canned{}
	p, err := github.New(github.Config{}, adapters.Wire{Transport: c, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	o := p.Actions()[1].Apply(t.Context(), adapters.Task{}, cancelOf("cancel"))
	if o.State != plan.Refused || !strings.Contains(o.Detail, "GITHUB_TOKEN") || len(c.sent) > 0 {
		t.Errorf("%+v, sent %v", o.Outcome, c.sent)
	}
}

func TestConfigMistakes(t *testing.T) {
	for _, c := range []github.Config{{BaseURL: "ghe.example"}, {Token: secret.NewString("x"), App: &github.App{}}} {
		if _, err := github.New(c, adapters.Wire{}); err == nil || !strings.Contains(err.Error(), "GITHUB_") {
			t.Errorf("got %v", err)
		}
	}
}
