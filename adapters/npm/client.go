package npm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

const (
	timeout    = time.Minute
	maxJSON    = 32 << 20
	maxTarball = 512 << 20
)

// reads are the only requests which the client for reading lets through.
var reads = []adapters.Route{
	{Name: "who am I", Method: http.MethodGet, Pattern: "/-/whoami"},
	{Name: "list tokens", Method: http.MethodGet, Pattern: "/-/npm/v1/tokens"},
	{Name: "dist-tags", Method: http.MethodGet, Pattern: "/-/package/*/dist-tags"},
	{Name: "package", Method: http.MethodGet, Pattern: "/*"},
	{Name: "tarball", Method: http.MethodGet, Pattern: "/*/-/*"},
	{Name: "tarball of a scoped package", Method: http.MethodGet, Pattern: "/*/*/-/*"},
}

type client struct {
	base   *url.URL // nil when no registry is known; its path ends in a slash
	token  secret.Text
	agent  string
	now    func() time.Time
	reads  *http.Client
	writes *http.Client // for Apply alone; the guarded one in a dry run
	lists  adapters.Together[tokenList]
}

func newClient(c Config, w adapters.Wire) (*client, error) {
	cl := &client{token: c.Token, agent: w.Agent, now: w.Now}
	if c.Registry == "" {
		return cl, nil
	}
	u, err := url.Parse(c.Registry)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("npm registry %q is not an http address; correct NPM_CONFIG_REGISTRY or registry= in your .npmrc", strip(c.Registry))
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	cl.base = u
	paced := adapters.Paced(w, adapters.Pace{Provider: "npm", Gap: 200 * time.Millisecond, Quiet: 30 * time.Second})
	guarded := adapters.ReadOnly(paced, adapters.Under(u.Path, reads))
	cl.reads = adapters.Direct(guarded, timeout)
	cl.writes = adapters.Direct(paced, timeout)
	if w.ReadOnly {
		cl.writes = cl.reads
	}
	return cl, nil
}

// strip takes what may be a password out of an address that does not parse.
func strip(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return "..." + address[i:]
	}
	return address
}

// request builds a request below the registry's address. path is escaped already.
func (c *client) request(ctx context.Context, method, path string, token secret.Text, body any) (*http.Request, error) {
	if c.base == nil {
		return nil, errNoRegistry
	}
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, errors.New("the request cannot be encoded as JSON")
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base.String(), "/")+path, r)
	if err != nil {
		return nil, errors.New("the request's address is not valid: " + method + " " + path)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if !token.Empty() {
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	return req, nil
}

// get reads JSON. Any status but 200 is an *adapters.Status.
func (c *client) get(ctx context.Context, path string, token secret.Text, into any) error {
	_, err := c.dated(ctx, path, token, into)
	return err
}

// dated is get, and gives the registry's own time of the answer; zero when it said none.
func (c *client) dated(ctx context.Context, path string, token secret.Text, into any) (time.Time, error) {
	req, err := c.request(ctx, http.MethodGet, path, token, nil)
	if err != nil {
		return time.Time{}, err
	}
	resp, err := c.reads.Do(req)
	if err != nil {
		return time.Time{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end, or given up
	if resp.StatusCode != http.StatusOK {
		return time.Time{}, c.status(resp)
	}
	return adapters.Server(resp), decode(resp, into)
}

func (c *client) status(resp *http.Response) error {
	after, _ := adapters.RetryAfter(resp, c.now())
	return &adapters.Status{Method: resp.Request.Method, Path: resp.Request.URL.Path, Code: resp.StatusCode, RetryAfter: after}
}

// decode reads an answer's JSON, and never quotes it in an error.
func decode(resp *http.Response, into any) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxJSON+1))
	if err != nil {
		return fmt.Errorf("the answer broke off: %w", err)
	}
	if len(b) > maxJSON {
		return fmt.Errorf("the answer is larger than %d bytes", maxJSON)
	}
	if json.Unmarshal(b, into) != nil {
		return errors.New("the answer is not the JSON that was expected; is this an npm registry?")
	}
	return nil
}

// send sends one mutation and reads its answer into into, when that is not nil. The
// status is 0 where there was no answer.
func (c *client) send(req *http.Request, into any) (o plan.Outcome, status int) {
	resp, err := c.writes.Do(req)
	if resp != nil {
		status = resp.StatusCode
		defer resp.Body.Close() //nolint:errcheck // read to its end, or given up
		if into != nil && resp.StatusCode >= 200 && resp.StatusCode < 300 {
			err = decode(resp, into)
		}
	}
	o = adapters.Classify(resp, err, c.now())
	if status == http.StatusForbidden && !o.Temporary {
		o.Permission = permitWrite
		o.Detail += "; needed: " + o.Permission
	}
	if status == http.StatusUnauthorized {
		o.Permission = permitPassword
		if strings.Contains(strings.ToUpper(resp.Header.Get("WWW-Authenticate")), "OTP") {
			o.Permission = "a current one-time password (otp_env)"
		}
		o.Detail += "; needed: " + o.Permission
	}
	return o, status
}

// whoami is the user a token belongs to. A token the registry does not know is an
// *adapters.Status with 401; nothing else means that it is dead.
func (c *client) whoami(ctx context.Context, token secret.Text) (string, error) {
	var who struct {
		Username string `json:"username"`
	}
	if token.Empty() {
		return "", errors.New("there is no token to ask with; add //HOST/:_authToken= to your own .npmrc")
	}
	if err := c.get(ctx, "/-/whoami", token, &who); err != nil {
		return "", err
	}
	if who.Username == "" {
		return "", errors.New("whoami named nobody; is this an npm registry?")
	}
	return who.Username, nil
}

// hash downloads a tarball, with our token (it may be private), and gives its SHA-256 in hex. The
// address must be on the registry's own host: elsewhere nothing may be reached.
func (c *client) hash(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || c.base == nil || !strings.EqualFold(u.Host, c.base.Host) || u.Scheme != c.base.Scheme || u.User != nil {
		return "", errors.New("the tarball is not on the registry's own host and was not fetched; check the registry's address")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", errors.New("the tarball's address is not valid")
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	if c.token.Empty() {
		req.Header.Del("Authorization")
	}
	resp, err := c.reads.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end, or given up
	if resp.StatusCode != http.StatusOK {
		return "", c.status(resp)
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(resp.Body, maxTarball+1))
	if err != nil {
		return "", fmt.Errorf("the tarball broke off: %w", err)
	}
	if n > maxTarball {
		return "", fmt.Errorf("the tarball is larger than %d bytes", maxTarball)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
