package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/diag"
)

const partner = `version: 1
http:
  partner:
    url: https://api.partner.example/v1
    auth: { env: IR_PARTNER_TOKEN, own: none }
    death: 60s
    list: { get: "/users/{user}/keys", items: /keys, id: /id, hint: /last4 }
    mint: { post: "/users/{user}/keys", json: { label: "{label}" }, ok: [201], id: /id, value: /key }
    destroy: { delete: "/keys/{id}", already: [404, 410] }
    probe: { get: /me, refused: [401, 403], is: { /ok: "true" } }
    checks: { hook-gone: { get: /hooks/7, ok: [404] } }
credentials:
  - secret: PARTNER_KEY
    issuer: { http.key: { service: partner, id: key_1, vars: { user: ci-bot } } }
`

func TestAServiceIsReadWhole(t *testing.T) {
	c, err := Parse("firebreak.yaml", []byte(partner))
	if err != nil {
		t.Fatal(err)
	}
	s := c.Services["partner"]
	if s.Header != "Authorization" || s.Scheme != "Bearer" || s.Own != "none" || s.Destroy.Method != "DELETE" || s.Mint.Body != `{"label":"{label}"}` ||
		!slices.Equal(s.Probe.Refused, []int{401, 403}) || s.Checks["hook-gone"].OK[0] != 404 || s.Probe.Is["/ok"] != "true" {
		t.Fatalf("read as %+v", s)
	}
	if c.Credentials[0].Issuer.With["vars"] != `{"user":"ci-bot"}` {
		t.Errorf("vars are %q", c.Credentials[0].Issuer.With["vars"])
	}
}

func TestMistakesOfAServiceAreToldAtOnce(t *testing.T) {
	for _, c := range []struct{ name, was, is, want string }{
		{"travels in the open", "https://api.partner.example/v1", "http://api.partner.example/v1", "keys would travel in the open"},
		{"a password in the address", "https://api.", "https://u:p@api.", "this is not a service's address"},
		{"whose key", ", own: none", "", "which of the keys is firebreak's own is not said"},
		{"a value instead of a variable", "env: IR_PARTNER_TOKEN", "env: pk-live-123", "is not the name of a variable"},
		{"no header", "env: IR_PARTNER_TOKEN", `env: IR_PARTNER_TOKEN, header: "X-Key: 1"`, `"X-Key: 1" is not the name of a header`},
		{"a line in a scheme", "env: IR_PARTNER_TOKEN", `env: IR_PARTNER_TOKEN, scheme: "Key\nX:"`, "a scheme has no control characters"},
		{"a probe that changes", "probe: { get: /me", "probe: { post: /me", `unknown key "post"`},
		{"no method", "destroy: { delete: \"/keys/{id}\", ", "destroy: { ", "the request has no method"},
		{"not a path", "get: /me", "get: me", `"me" is not a path`},
		{"not a pointer", "value: /key", "value: key", "does not point into an answer"},
		{"no status", "[404, 410]", "[404, 41]", "41 is not an HTTP status"},
		{"a mint without a value", ", value: /key", "", "a mint says where the new key's id and value stand"},
		{"a service nobody declared", "service: partner", "service: partmer", `there is no service "partmer"`},
		{"a variable nobody gives", "vars: { user: ci-bot }", "vars: { uesr: ci-bot }", "use {user}, which has no value here"},
		{"nothing to prove with", "probe: { get: /me, refused: [401, 403], is: { /ok: \"true\" } }", "page: https://partner.example", "declares no probe"},
	} {
		if !strings.Contains(partner, c.was) {
			t.Fatalf("%s: the declaration lacks %q", c.name, c.was)
		}
		_, err := Parse("firebreak.yaml", []byte(strings.Replace(partner, c.was, c.is, 1)))
		var list diag.List
		if !errors.As(err, &list) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: told %v, want %q", c.name, err, c.want)
			continue
		}
		for _, d := range list {
			if d.Line == 0 {
				t.Errorf("%s: no position: %+v", c.name, d)
			}
		}
	}
}
