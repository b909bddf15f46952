package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/firebreak/firebreak/adapters"
)

// Dial opens a connection; in a rehearsal it knows only the world.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Gateway speaks PostgreSQL for requests of the scheme "postgres", so that guards,
// pacing, limits and the conformance suite hold for statements as they do for HTTP. The
// path names a statement of this package, never SQL; the query holds connection
// parameters, and Basic authorization the role and its password. Each request has a
// connection of its own; what reads runs in a read-only transaction.
//
// A statement that the server refuses is an answer with a status: 401 for a password or a
// role that may not log in, 403 for what is not permitted (pg_hba.conf included), 404 for
// what is not there, 503 for a server that takes nobody now, else 400. Where no
// connection was made the error is *adapters.NotSent; any other error of a change means
// that it is not known whether it happened.
func Gateway(dial Dial) http.RoundTripper { return gateway{dial} }

type gateway struct{ dial Dial }

// timeout bounds a connection and, after it, a statement.
const timeout = 20 * time.Second

// RoundTrip implements http.RoundTripper.
func (g gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := content(r)
	if err != nil {
		return nil, &adapters.NotSent{Err: err}
	}
	s, args, ok := find(r)
	if !ok {
		return nil, &adapters.NotSent{Err: fmt.Errorf("%s %s is no statement of this program", r.Method, r.URL.Path)}
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*timeout)
	defer cancel()
	conn, err := g.connect(ctx, r)
	if err != nil {
		return refused(r, err, true)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // everything was answered
	out, err := s.run(ctx, conn, append(args, string(body)))
	if err != nil {
		return refused(r, err, s.reads)
	}
	return answer(r, http.StatusOK, out), nil
}

func content(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(r.Body)
	return b, errors.Join(err, r.Body.Close())
}

// connect logs in as the request says. Nothing of the environment counts: what the DSN
// does not say is set here.
func (g gateway) connect(ctx context.Context, r *http.Request) (*pgx.Conn, error) {
	user, password, _ := r.BasicAuth()
	q := r.URL.Query()
	defaults := map[string]string{"sslmode": "verify-full", "target_session_attrs": "any", "application_name": r.UserAgent(), "options": "", "passfile": "", "servicefile": "", "sslcert": "", "sslkey": ""}
	for k, v := range defaults {
		if !q.Has(k) {
			q.Set(k, v)
		}
	}
	database := q.Get("dbname")
	q.Del("dbname")
	dsn := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: r.URL.Host, Path: "/" + database, RawQuery: q.Encode()}
	c, err := pgx.ParseConfig(dsn.String())
	if err != nil {
		return nil, errDSN
	}
	c.DialFunc = pgconn.DialFunc(g.dial)
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // the dialer looks names up
	c.ConnectTimeout = timeout
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return pgx.ConnectConfig(ctx, c)
}

var errDSN = errors.New("the connection string is none PostgreSQL knows; write postgres://ROLE:PASSWORD@HOST:PORT/DATABASE?sslmode=...")

// refused makes an answer of what the server said, and an error of what it did not.
func refused(r *http.Request, err error, harmless bool) (*http.Response, error) {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		if harmless {
			return nil, &adapters.NotSent{Err: withoutSecrets(err)}
		}
		return nil, withoutSecrets(err)
	}
	resp := answer(r, statusOf(said), map[string]string{"message": said.Message, "code": said.Code})
	if resp.StatusCode == http.StatusServiceUnavailable {
		resp.Header.Set("Retry-After", "10")
	}
	return resp, nil
}

// withoutSecrets keeps of an error of pgx what its message says of the cause: the message
// itself names the user and the database.
func withoutSecrets(err error) error {
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		return op
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the server did not answer in time: %w", context.DeadlineExceeded)
	case errors.Is(err, errDSN):
		return errDSN
	}
	var failed *pgconn.ConnectError
	if errors.As(err, &failed) && failed.Unwrap() != nil {
		err = failed.Unwrap()
	}
	return fmt.Errorf("the connection failed: %w", err)
}

// statusOf maps an SQLSTATE. A role that may not log in and a host that pg_hba.conf does
// not let in have the same code, 28000; the server's routine tells them apart, whatever
// language it speaks.
// Source: PostgreSQL documentation, Appendix A, "PostgreSQL Error Codes"; src/backend:
// InitializeSessionUserId, ClientAuthentication.
func statusOf(e *pgconn.PgError) int {
	switch {
	case e.Code == "28P01", e.Code == "28000" && e.Routine == "InitializeSessionUserId":
		return http.StatusUnauthorized
	case e.Code == "28000", e.Code == "42501", e.Code == "25006":
		return http.StatusForbidden
	case e.Code == "42704", e.Code == "3D000":
		return http.StatusNotFound
	case e.Code == "53300", e.Code == "57P03", e.Code == "57P01":
		return http.StatusServiceUnavailable
	case strings.HasPrefix(e.Code, "XX"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "58"):
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

func answer(r *http.Request, status int, v any) *http.Response {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"message":"the answer cannot be encoded"}`)
	}
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(b)), ContentLength: int64(len(b)), Request: r,
	}
}
