package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// partner is a service nobody has written an adapter for, in a process of its own as
// far as firebreak is concerned.
type partner struct {
	mu   sync.Mutex
	keys map[string]string // id → value
	sent []string          // mutating requests
}

const partnerAdmin = "adm_0123456789abcdefghij"

func (p *partner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	value := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	answer := func(code int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(v)
	}
	known := value == partnerAdmin
	for _, v := range p.keys {
		known = known || v == value
	}
	if r.Method != http.MethodGet {
		p.sent = append(p.sent, r.Method+" "+r.URL.Path)
	}
	switch {
	case !known:
		answer(401, map[string]any{})
	case r.URL.Path == "/v1/me":
		answer(200, map[string]any{"ok": true})
	case value != partnerAdmin:
		answer(403, map[string]any{})
	case r.Method == http.MethodGet:
		list := []map[string]any{}
		for id, v := range p.keys {
			list = append(list, map[string]any{"id": id, "last4": "..." + v[len(v)-4:]})
		}
		answer(200, map[string]any{"keys": list})
	case r.Method == http.MethodPost:
		id := fmt.Sprint("key_", len(p.sent))
		p.keys[id] = fmt.Sprintf("pk_fresh_%016d", len(p.sent))
		answer(201, map[string]any{"id": id, "key": p.keys[id]})
	case r.Method == http.MethodDelete:
		id := strings.TrimPrefix(r.URL.Path, "/v1/keys/")
		if _, there := p.keys[id]; !there {
			answer(410, map[string]any{})
			return
		}
		delete(p.keys, id)
		w.WriteHeader(204)
	}
}

// A credential of a service that is only declared in firebreak.yaml is killed, made
// anew, delivered and tested, and the dry run sends the service nothing but reads.
func TestDeclaredService(t *testing.T) {
	t.Parallel()
	w := serve(t, scenario(t, quick()...))
	d := furnished(t, w)
	p := &partner{keys: map[string]string{"key_stolen": "pk_stolen_0123456789", "key_other": "pk_other_9876543210"}}
	at := httptest.NewServer(p)
	t.Cleanup(at.Close)
	d.env["IR_PARTNER_TOKEN"] = partnerAdmin
	folder := d.env["HOME"] + "/.config/firebreak"
	cfg := read(t, folder, "firebreak.yaml")
	was := "issuer: { npm.token: { user: acme-bot, id: 3f9c1d7ab204, password_env: REHEARSAL_NPM_PASSWORD, otp_env: REHEARSAL_NPM_OTP } }"
	if !strings.Contains(cfg, was) {
		t.Fatal("the scenario's configuration declares NPM_TOKEN otherwise now")
	}
	write(t, strings.Replace(cfg, was, "issuer: { http.key: { service: partner, id: key_stolen } }", 1)+`
http:
  partner:
    url: `+at.URL+`/v1
    auth: { env: IR_PARTNER_TOKEN, own: none }
    list: { get: /keys, items: /keys, id: /id, hint: /last4 }
    mint: { post: /keys, json: { name: "{label}" }, id: /id, value: /key }
    destroy: { delete: "/keys/{id}", already: [410] }
    probe: { get: /me }
`, folder, "firebreak.yaml")
	write(t, `version: 1
playbook: partner
title: Rotate one key
inputs:
  repository: { type: repository, required: true }
  workflow: { type: [workflow], required: true }
  package: { type: string }
  since: { type: timestamp }
steps:
  disable:
    - for: w in inputs.workflow
      use: github.workflow.disable
      with: { workflow: "${{ w }}" }
    - for: w in inputs.workflow
      use: github.runs.cancel
      with: { workflow: "${{ w }}" }
  revoke:
    - for: role in inventory.identities.filter(i, i.kind == "aws.role")
      use: aws.role.deny_trust
      with: { role: "${{ role.arn }}" }
    - for: role in inventory.identities.filter(i, i.kind == "aws.role")
      use: aws.role.revoke_sessions
      with: { role: "${{ role.arn }}" }
    - for: role in inventory.identities.filter(i, i.kind == "vault.jwt_role")
      use: vault.token.revoke
      with: { role: "${{ role.role }}", mount: "${{ role.mount }}" }
  invalidate:
    - for: c in inventory.credentials.filter(c, "publish" in c.authority)
      rotate: "${{ c }}"
`, d.dir, "partner.yaml")
	d.must(0, with("plan", "partner.yaml", "-o", "plan.json")...)
	if len(p.sent) > 0 {
		t.Fatalf("planning sent %v", p.sent)
	}
	says(t, d.must(0, "show", "plan.json").out, "http.key.revoke", "key_stolen", "http.key.mint", "http.key.test")
	d.must(0, "approve", "plan.json", "--key", "bob")
	e := d.must(5, "run", "plan.json", "--approval", "plan.json.approval", "--non-interactive", "--output", "json")
	proofs := map[string]string{}
	for _, a := range parse[incident](t, e.out).Actions {
		proofs[a.Action] += a.Outcome + " " + a.Proof
	}
	for action, want := range map[string]string{"http.key.revoke": "done P2", "http.key.mint": "done P1", "http.key.test": "done P3"} {
		if proofs[action] != want {
			t.Errorf("%s is %q, want %q\n%s", action, proofs[action], want, e.err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, alive := p.keys["key_stolen"]; alive || p.keys["key_other"] == "" || len(p.keys) != 2 || len(p.sent) != 2 {
		t.Errorf("the service has %d keys, was sent %v", len(p.keys), p.sent)
	}
	if strings.Contains(e.out+e.err, "pk_fresh_") || strings.Contains(e.out+e.err, partnerAdmin) {
		t.Error("a value of the service was printed")
	}
}
