package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/secret"
)

// authenticator gives the token a request is signed with.
type authenticator interface {
	token(ctx context.Context) (secret.Text, error)
}

func identify(c Config, base *url.URL, rt http.RoundTripper, w adapters.Wire) authenticator {
	if c.App == nil {
		return fixed(c.Token)
	}
	login := adapters.Route{Name: "installation token", Method: http.MethodPost, Pattern: "/app/installations/*/access_tokens"}
	return &installation{app: *c.App, base: base, now: w.Now, client: &http.Client{
		Transport: adapters.ReadOnly(rt, nil, adapters.Under(base.Path, []adapters.Route{login})...),
	}}
}

type fixed secret.Text

func (f fixed) token(context.Context) (secret.Text, error) {
	if secret.Text(f).Empty() {
		return secret.Text{}, &adapters.NotSent{Err: adapters.Unconfigured("no GitHub token; set GITHUB_TOKEN, log in with gh auth login, or configure github.app")}
	}
	return secret.Text(f), nil
}

// signer puts the token on requests to GitHub's API and on nothing else.
type signer struct {
	next http.RoundTripper
	who  authenticator
	base *url.URL
}

// RoundTrip implements http.RoundTripper.
func (s signer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != s.base.Host || r.URL.Scheme != s.base.Scheme {
		return s.next.RoundTrip(r)
	}
	t, err := s.who.token(r.Context())
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+t.Reveal())
	return s.next.RoundTrip(r)
}

// installation logs in as a GitHub App and keeps the token until shortly before
// it ends. Source: GitHub REST reference, "Authenticating as a GitHub App installation".
type installation struct {
	app    App
	base   *url.URL
	now    func() time.Time
	client *http.Client

	mu   sync.Mutex
	have secret.Text
	ends time.Time
	may  map[string]string // "actions" → "write", as GitHub said at the last login; nil when it did not
}

// permissions is what the installation was granted.
func (i *installation) permissions() map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.may
}

func (i *installation) token(ctx context.Context) (secret.Text, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.now().Before(i.ends.Add(-5 * time.Minute)) {
		return i.have, nil
	}
	jwt, err := i.sign()
	if err != nil {
		return secret.Text{}, &adapters.NotSent{Err: err}
	}
	at := i.base.JoinPath(fmt.Sprintf("app/installations/%d/access_tokens", i.app.Installation))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), nil)
	if err != nil {
		return secret.Text{}, &adapters.NotSent{Err: err}
	}
	req.Header.Set("Authorization", "Bearer "+jwt.Reveal())
	req.Header.Set("Accept", "application/vnd.github+json")
	resp, err := i.client.Do(req)
	if err != nil {
		return secret.Text{}, &adapters.NotSent{Err: fmt.Errorf("log in as GitHub App %d: %w", i.app.ID, err)}
	}
	var out struct {
		Token   string            `json:"token"`
		Expires time.Time         `json:"expires_at"`
		May     map[string]string `json:"permissions"`
	}
	err = json.NewDecoder(resp.Body).Decode(&out)
	if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusCreated || out.Token == "" {
		return secret.Text{}, &adapters.NotSent{Err: fmt.Errorf("log in as GitHub App %d: GitHub answered %d; check github.app in firebreak.yaml", i.app.ID, resp.StatusCode)}
	}
	i.have, i.ends, i.may = secret.NewString(out.Token), out.Expires, out.May
	return i.have, nil
}

func (i *installation) sign() (secret.Text, error) {
	return appJWT(i.app.Key, fmt.Sprint(i.app.ID), i.now())
}
