package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/firebreak/firebreak/adapters"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/secret"
)

// server is one database server and our own login there.
type server struct {
	p        *Provider
	address  string // HOST:PORT/DATABASE
	base     url.URL
	user     string
	password secret.Text
}

func statusOfError(err error) int {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return statusOf(said)
	}
	return 0
}

// server reads the connection string out of the variable that dsn_env names.
func (p *Provider) server(env string) (*server, error) {
	text := p.getenv(env)
	if env == "" || text == "" {
		return nil, adapters.Unconfigured("the variable " + env + " is empty; set it to postgres://ROLE:PASSWORD@HOST:PORT/DATABASE?sslmode=...")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Hostname() == "" || u.User == nil {
		return nil, adapters.Unconfigured("the variable " + env + " holds no address of the form postgres://ROLE:PASSWORD@HOST:PORT/DATABASE; correct it")
	}
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	q := u.Query()
	database := strings.TrimPrefix(u.Path, "/")
	if database == "" {
		database = u.User.Username()
	}
	q.Set("dbname", database)
	password, _ := u.User.Password()
	host := net.JoinHostPort(u.Hostname(), port)
	return &server{
		p: p, address: host + "/" + database, user: u.User.Username(), password: secret.NewString(password),
		base: url.URL{Scheme: "postgres", Host: host, RawQuery: q.Encode()},
	}, nil
}

// request is for a statement; path is its escaped path.
func (s *server) request(ctx context.Context, method, path, user string, password secret.Text, body string) (*http.Request, error) {
	u := s.base
	u.RawPath = path // its segments are escaped: a role may be called anything
	var err error
	if u.Path, err = url.PathUnescape(path); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(user, password.Reveal())
	req.Header.Set("User-Agent", s.p.agent)
	return req, nil
}

// read asks as ourselves, or as somebody whose password is tried.
func (s *server) read(ctx context.Context, path, user string, password secret.Text, v any) error {
	req, err := s.request(ctx, http.MethodGet, path, user, password, "")
	if err != nil {
		return err
	}
	resp, err := s.p.reads.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", s.address, err)
	}
	return s.decode(resp, v)
}

func (s *server) decode(resp *http.Response, v any) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("read the answer of %s: %w", s.address, err)
	}
	if resp.StatusCode != http.StatusOK {
		var said struct {
			Message string `json:"message"`
			Code    string `json:"code"`
		}
		if json.Unmarshal(b, &said) != nil || said.Message == "" {
			said.Message = http.StatusText(resp.StatusCode)
		}
		return adapters.Coded(fmt.Errorf("%s refuses: %s (%s)", s.address, said.Message, said.Code), resp.StatusCode)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("the answer of %s cannot be read: %w", s.address, err)
	}
	return nil
}

func (s *server) roles(ctx context.Context) (roleRows, error) {
	var out roleRows
	err := s.read(ctx, "/roles", s.user, s.password, &out)
	if err == nil && (out.Roles == nil || out.Now.IsZero()) {
		err = fmt.Errorf("the answer of %s holds no roles", s.address)
	}
	return out, err
}

func (s *server) sessions(ctx context.Context) (sessionRows, error) {
	var out sessionRows
	err := s.read(ctx, "/sessions", s.user, s.password, &out)
	if err == nil && (out.Sessions == nil || out.Now.IsZero()) {
		err = fmt.Errorf("the answer of %s holds no sessions", s.address)
	}
	return out, err
}

// try logs in as a role and asks who that is.
func (s *server) try(ctx context.Context, role string, password secret.Text) error {
	var out identity
	if err := s.read(ctx, "/self", role, password, &out); err != nil {
		return err
	}
	if out.Role != role {
		return fmt.Errorf("%s says that %s is %q", s.address, role, out.Role)
	}
	return nil
}

// change sends one statement that changes something.
func (s *server) change(ctx context.Context, path, body string) plan.Outcome {
	req, err := s.request(ctx, http.MethodPost, path, s.user, s.password, body)
	if err != nil {
		return plan.Outcome{State: plan.Refused, Detail: err.Error()}
	}
	resp, err := s.p.writes.Do(req)
	if err != nil {
		return adapters.Classify(nil, err, s.p.now())
	}
	var said done
	o := adapters.Classify(resp, nil, s.p.now())
	err = s.decode(resp, &said)
	switch code := adapters.StatusOf(err); {
	case code != 0:
		o.Detail = err.Error()
		if code == http.StatusForbidden {
			o.Permission = permitAlter
		}
	case err != nil || !said.Done:
		o.State, o.Detail = plan.Unknown, "the server's answer to the change cannot be read"
	}
	return o
}

// skew is the server's clock minus ours.
func (s *server) skew(now time.Time) time.Duration { return now.Sub(s.p.now()) }
