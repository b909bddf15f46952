package vault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
)

// reads are the only requests which the client for reading lets through. Four of them
// are writes by their method, and change nothing.
var reads = []adapters.Route{
	{Name: "health", Method: http.MethodGet, Pattern: "/v1/sys/health"},
	{Name: "who am I", Method: http.MethodGet, Pattern: "/v1/auth/token/lookup-self"},
	{Name: "list accessors", Method: http.MethodGet, Pattern: "/v1/auth/token/accessors"},
	lookup,
	ask,
	{Name: "role", Method: http.MethodGet, Pattern: "/v1/auth/*/role/*"},
	{Name: "list secret-ids", Method: http.MethodGet, Pattern: "/v1/auth/*/role/*/secret-id"},
	{Name: "role id", Method: http.MethodGet, Pattern: "/v1/auth/*/role/*/role-id"},
	lookupSecretID,
	lookupSecretIDAccessor,
	{Name: "KV data", Method: http.MethodGet, Pattern: "/v1/*/data/**"},
	{Name: "KV metadata", Method: http.MethodGet, Pattern: "/v1/*/metadata/**"},
}

var (
	lookup = adapters.Route{Name: "look up an accessor", Method: http.MethodPost, Pattern: "/v1/auth/token/lookup-accessor"}
	ask    = adapters.Route{Name: "what may I", Method: http.MethodPut, Pattern: "/v1/sys/capabilities-self"}

	lookupSecretID         = adapters.Route{Name: "look up a secret-id", Method: http.MethodPut, Pattern: "/v1/auth/*/role/*/secret-id/lookup"}
	lookupSecretIDAccessor = adapters.Route{Name: "look up a secret-id's accessor", Method: http.MethodPut, Pattern: "/v1/auth/*/role/*/secret-id-accessor/lookup"}
)

// client is two clients of one server: reads cannot change anything.
type client struct {
	address string
	now     func() time.Time
	reads   *api.Client
	writes  *api.Client // for Apply alone; the guarded one in a dry run
}

var errNoAddress error = adapters.Unconfigured("no Vault address is known; set VAULT_ADDR and VAULT_TOKEN")

func newClient(c Config, w adapters.Wire) (*client, error) {
	cl := &client{address: strings.TrimSuffix(c.Address, "/"), now: w.Now}
	if c.Address == "" {
		return cl, nil
	}
	u, err := url.Parse(c.Address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, errors.New("VAULT_ADDR is not a plain http address; correct it, for example https://vault.example:8200")
	}
	if w.Transport, err = believing(w.Transport, c.Roots); err != nil {
		return nil, err
	}
	harmless := adapters.Under(u.Path, []adapters.Route{lookup, ask, lookupSecretID, lookupSecretIDAccessor})
	paced := adapters.Paced(w, adapters.Pace{Provider: "vault", Writes: 4, Told: told, Mutates: func(r *http.Request) bool {
		return adapters.MutatesByMethod(r) && !adapters.Matches(harmless, r)
	}})
	guarded := adapters.ReadOnly(paced, adapters.Under(u.Path, reads))
	if cl.reads, err = dial(c, w, guarded); err != nil {
		return nil, err
	}
	if w.ReadOnly {
		cl.writes = cl.reads
		return cl, nil
	}
	cl.writes, err = dial(c, w, paced)
	return cl, err
}

// believing is the transport with other certificates that vouch for servers, for this
// provider alone; rt itself where there are none.
func believing(rt http.RoundTripper, roots *x509.CertPool) (http.RoundTripper, error) {
	if roots == nil {
		return rt, nil
	}
	t, ok := rt.(*http.Transport)
	if !ok {
		return nil, errors.New("certificates for Vault are given for a transport that takes none; unset VAULT_CACERT, VAULT_CACERT_BYTES and VAULT_CAPATH")
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.RootCAs = roots
	return t, nil
}

// dial makes an API client over rt. It sends nothing.
func dial(c Config, w adapters.Wire, rt http.RoundTripper) (*api.Client, error) {
	v, err := api.NewClient(&api.Config{
		Address: c.Address,
		HttpClient: &http.Client{
			Transport:     heard{rt},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Timeout:          time.Minute,
		MaxRetries:       0,
		DisableRedirects: true, // a redirect would send the mutation and the token again, elsewhere
	})
	if err != nil {
		return nil, fmt.Errorf("make the Vault client (it reads the VAULT_ variables of the environment; correct or unset them): %w", err)
	}
	// NewClient took token, namespace and headers from the environment.
	v.SetHeaders(http.Header{api.RequestHeaderName: {"true"}, "User-Agent": {w.Agent}})
	v.SetNamespace(c.Namespace)
	v.SetToken(c.Token.Reveal())
	v.SetWrappingLookupFunc(func(string, string) string { return "" }) // not VAULT_WRAP_TTL
	return v, nil
}

// heard keeps an answer for whoever asked, because the API client drops headers
// on the way to its error, and says what to do about a certificate that is not believed.
type heard struct{ next http.RoundTripper }

type answerKey struct{}

// RoundTrip implements http.RoundTripper.
func (h heard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := h.next.RoundTrip(r)
	if at, ok := r.Context().Value(answerKey{}).(**http.Response); ok {
		*at = resp
	}
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		err = fmt.Errorf("%w; name the certificate of Vault's CA in VAULT_CACERT", err)
	}
	return resp, err
}

func listen(ctx context.Context) (context.Context, **http.Response) {
	at := new(*http.Response)
	return context.WithValue(ctx, answerKey{}, at), at
}

// plain turns an error of the API client into one of ours: its text has the
// server's raw words in it, which may be anything.
func (c *client) plain(err error, resp *http.Response) error {
	var re *api.ResponseError
	if !errors.As(err, &re) {
		return err
	}
	s := &adapters.Status{Method: re.HTTPMethod, Code: re.StatusCode, Path: "/"}
	if u, perr := url.Parse(re.URL); perr == nil {
		s.Path = u.Path
	}
	if resp != nil {
		s.RetryAfter, _ = adapters.RetryAfter(resp, c.now())
	}
	return s
}

// read asks for a path below /v1/. There being nothing is an *adapters.Status with 404.
func (c *client) read(ctx context.Context, what string, query map[string][]string) (*api.Secret, error) {
	if c.reads == nil {
		return nil, errNoAddress
	}
	ctx, resp := listen(ctx)
	s, err := c.reads.Logical().ReadWithDataWithContext(ctx, what, query)
	return c.answered(s, err, *resp, http.MethodGet, what)
}

func (c *client) answered(s *api.Secret, err error, resp *http.Response, method, what string) (*api.Secret, error) {
	switch {
	case err != nil:
		return nil, c.plain(err, resp)
	case resp != nil && resp.StatusCode == http.StatusNotFound && (s == nil || s.Data == nil):
		return nil, &adapters.Status{Method: method, Path: path.Join("/v1", what), Code: http.StatusNotFound}
	case s == nil || s.Data == nil:
		return nil, errors.New("the answer to " + what + " has no data; is this a Vault server?")
	}
	return s, nil
}

// judged says what became of a mutation. permission is what it needs.
func (c *client) judged(err error, resp *http.Response, permission string) plan.Outcome {
	if resp == nil {
		err = c.plain(err, nil)
	}
	o := adapters.Classify(resp, err, c.now())
	if resp != nil && resp.StatusCode == http.StatusForbidden && !o.Temporary {
		o.Permission = permission
		o.Detail += "; needed: " + permission
	}
	return o
}

// told leaves the health check aside: there 429 means a standby.
// Source: Vault API, /sys/health; /sys/quotas/rate-limit.
func told(resp *http.Response, now time.Time) (adapters.Limit, error) {
	if resp.Request != nil && strings.HasSuffix(resp.Request.URL.Path, "/sys/health") {
		return adapters.Limit{}, nil
	}
	return adapters.Told(resp, now)
}
