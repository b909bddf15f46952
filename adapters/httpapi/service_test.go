package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// partner is a service with keys as many have them: a paged list that shows the last
// characters, keys that live on for a while after they were destroyed, and codes of its
// own for "gone already" and "dead".
type partner struct {
	mu   sync.Mutex
	now  time.Time
	keys []*partnerKey
	made int
	page int // entries a page
	lag  time.Duration
}

type partnerKey struct {
	id, user, value string
	created         time.Time
	gone, dead      time.Time
}

const (
	admin  = "adm_Zx8cVb7nMq2wErT5yUiOp0aSdFgHjKlQ"
	stolen = "pk_live_4Jh7Gf3Ds9Aq1Wz6Xc8Vb5Nm2Lk0PoIu"
	other  = "pk_live_Qw2Er4Ty6Ui8Op0As1Df3Gh5Jk7Lz9Xc"
)

func newPartner() *partner {
	at := time.Date(2025, 3, 14, 16, 0, 0, 0, time.UTC)
	return &partner{now: at.Add(time.Hour), page: 1, lag: 40 * time.Second, keys: []*partnerKey{
		{id: "key_1", user: "ci-bot", value: stolen, created: at},
		{id: "key_2", user: "ci-bot", value: other, created: at},
		{id: "key_3", user: "mallory", value: "pk_live_of_mallory_000000000000000000000", created: at},
	}}
}

func (p *partner) Now() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return p.now }

func (p *partner) advance(d time.Duration) { p.mu.Lock(); defer p.mu.Unlock(); p.now = p.now.Add(d) }

func (p *partner) works(value string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.alive(value)
}

func (p *partner) alive(value string) bool {
	if value == admin {
		return true
	}
	for _, k := range p.keys {
		if k.value == value && (k.dead.IsZero() || p.now.Before(k.dead)) {
			return true
		}
	}
	return false
}

// RoundTrip implements http.RoundTripper: the service without a network.
func (p *partner) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var body []byte
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = b
	}
	code, answer := p.serve(r, body)
	b, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}, "Date": {p.now.UTC().Format(http.TimeFormat)}},
		Body:   io.NopCloser(bytes.NewReader(b)), ContentLength: int64(len(b)),
	}, nil
}

type object = map[string]any

func (p *partner) serve(r *http.Request, body []byte) (int, any) {
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || !p.alive(value) {
		return 403, object{"error": "who are you"}
	}
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	user, isList := strings.CutPrefix(path, "/users/")
	user, isList = strings.CutSuffix(user, "/keys")
	id, isKey := strings.CutPrefix(path, "/keys/")
	switch {
	case r.Method == http.MethodGet && path == "/me":
		return 200, object{"ok": true}
	case value != admin:
		return 403, object{"error": "not yours"}
	case r.Method == http.MethodGet && isList:
		return p.list(user, r.URL.Query().Get("from"))
	case r.Method == http.MethodPost && isList:
		var in struct {
			Label string `json:"label"`
		}
		if json.Unmarshal(body, &in) != nil || in.Label == "" {
			return 422, object{"error": "label"}
		}
		p.made++
		k := &partnerKey{id: fmt.Sprint("key_new_", p.made), user: user, value: fmt.Sprintf("pk_live_fresh_%024d", p.made), created: p.now}
		p.keys = append(p.keys, k)
		return 201, object{"id": k.id, "key": k.value}
	case r.Method == http.MethodDelete && isKey:
		for _, k := range p.keys {
			if k.id == id && k.gone.IsZero() {
				k.gone, k.dead = p.now, p.now.Add(p.lag)
				return 204, nil
			}
		}
		return 410, object{"error": "gone"}
	}
	return 404, object{"error": "no such thing"}
}

func (p *partner) list(user, from string) (int, any) {
	items, next, after := []object{}, "", from == ""
	for _, k := range p.keys {
		if k.user != user || !k.gone.IsZero() {
			continue
		}
		if !after {
			after = k.id == from
			continue
		}
		if len(items) == p.page {
			next = "/v1/users/" + user + "/keys?from=" + items[len(items)-1]["id"].(string)
			break
		}
		items = append(items, object{"id": k.id, "created_at": k.created.Format(time.RFC3339), "last4": "..." + k.value[len(k.value)-4:]})
	}
	return 200, object{"keys": items, "next": next}
}

func TestTheFakeServiceKeepsItsOwnRules(t *testing.T) {
	p := newPartner()
	p.keys[0].dead = p.now.Add(time.Second)
	if !p.works(stolen) {
		t.Fatal("dead too early")
	}
	p.advance(2 * time.Second)
	if p.works(stolen) {
		t.Fatal("dead too late")
	}
}
