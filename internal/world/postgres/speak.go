package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Speak implements world.Speaking: one connection, whose login and statements are handed
// to h. Source: PostgreSQL documentation, "Frontend/Backend Protocol".
func (s *Server) Speak(ctx context.Context, c net.Conn, h http.Handler) {
	defer c.Close() //nolint:errcheck // whoever called notices
	t := &talk{ctx: ctx, c: c, b: pgproto3.NewBackend(c, c), h: h}
	if err := t.begin(); err != nil {
		return
	}
	for {
		m, err := t.b.Receive()
		if err != nil {
			return
		}
		switch m := m.(type) {
		case *pgproto3.Query:
			if t.say(m.String) != nil {
				return
			}
		case *pgproto3.Terminate:
			return
		default: // the extended protocol is not spoken here
			t.fail(result{Code: "0A000", Message: "only simple queries are answered"})
			if t.ready() != nil {
				return
			}
		}
	}
}

type talk struct {
	ctx      context.Context //nolint:containedctx // of the connection
	c        net.Conn
	b        *pgproto3.Backend
	h        http.Handler
	role     string
	password string
	agent    string
	readOnly bool
	open     bool // a transaction is
}

var errCut = errors.New("the connection is cut")

// begin takes the startup message and the password.
func (t *talk) begin() error {
	for {
		m, err := t.b.ReceiveStartupMessage()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := t.c.Write([]byte{'N'}); err != nil {
				return err
			}
			continue
		case *pgproto3.StartupMessage:
			t.role, t.agent = m.Parameters["user"], m.Parameters["application_name"]
		default:
			return errCut
		}
		break
	}
	t.b.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := t.b.Flush(); err != nil {
		return err
	}
	if err := t.b.SetAuthType(pgproto3.AuthTypeCleartextPassword); err != nil {
		return err
	}
	m, err := t.b.Receive()
	if err != nil {
		return err
	}
	p, ok := m.(*pgproto3.PasswordMessage)
	if !ok {
		return errCut
	}
	t.password = p.Password
	out, err := t.ask(`\login`)
	if err != nil {
		return err
	}
	if out.Code != "" {
		t.failed(out, "FATAL")
		return errors.Join(errCut, t.b.Flush())
	}
	t.b.Send(&pgproto3.AuthenticationOk{})
	for k, v := range map[string]string{"server_version": "15.0", "client_encoding": "UTF8", "standard_conforming_strings": "on", "TimeZone": "UTC"} {
		t.b.Send(&pgproto3.ParameterStatus{Name: k, Value: v})
	}
	t.b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	return t.ready()
}

func (t *talk) ready() error {
	status := byte('I')
	if t.open {
		status = 'T'
	}
	t.b.Send(&pgproto3.ReadyForQuery{TxStatus: status})
	return t.b.Flush()
}

func (t *talk) fail(r result) { t.failed(r, "ERROR") }

func (t *talk) failed(r result, severity string) {
	t.b.Send(&pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: r.Code, Message: r.Message, Routine: r.Routine})
}

// say answers one simple query.
func (t *talk) say(sql string) error {
	switch word := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(sql), ";")); word {
	case "begin", "begin read only":
		t.open, t.readOnly = true, word != "begin"
		t.b.Send(&pgproto3.CommandComplete{CommandTag: []byte("BEGIN")})
		return t.ready()
	case "commit", "rollback":
		t.open, t.readOnly = false, false
		t.b.Send(&pgproto3.CommandComplete{CommandTag: []byte(strings.ToUpper(word))})
		return t.ready()
	}
	out, err := t.ask(sql)
	if err != nil {
		return err
	}
	if out.Code != "" {
		t.fail(out)
		return t.ready()
	}
	if len(out.Columns) > 0 {
		var d pgproto3.RowDescription
		for _, c := range out.Columns {
			d.Fields = append(d.Fields, pgproto3.FieldDescription{Name: []byte(c.Name), DataTypeOID: c.Type, DataTypeSize: -1, TypeModifier: -1})
		}
		t.b.Send(&d)
	}
	for _, row := range out.Rows {
		var d pgproto3.DataRow
		for _, v := range row {
			if v == nil {
				d.Values = append(d.Values, nil)
				continue
			}
			d.Values = append(d.Values, []byte(*v))
		}
		t.b.Send(&d)
	}
	t.b.Send(&pgproto3.CommandComplete{CommandTag: []byte(out.Tag)})
	return t.ready()
}

// ask hands a statement to the world; an error is a connection that is to be cut.
func (t *talk) ask(sql string) (out result, err error) {
	r, err := http.NewRequestWithContext(t.ctx, http.MethodPost, "http://postgres/", strings.NewReader(sql))
	if err != nil {
		return out, err
	}
	r.Header.Set("User-Agent", t.agent)
	r.Header.Set(roleHeader, t.role)
	r.Header.Set(secretHeader, t.password)
	if t.readOnly {
		r.Header.Set(writeHeader, "1")
	}
	w := &memory{header: http.Header{}}
	defer func() {
		if recover() != nil { // the world's way to cut a connection
			err = errCut
		}
	}()
	t.h.ServeHTTP(w, r)
	switch {
	case w.status == http.StatusTooManyRequests || w.status == http.StatusServiceUnavailable:
		return result{Code: "53300", Message: "too many connections"}, nil
	case json.Unmarshal(w.body.Bytes(), &out) != nil:
		if w.status >= http.StatusInternalServerError {
			return result{Code: "XX000", Message: "internal error"}, nil
		}
		return result{}, errCut // what came is no answer
	}
	return out, nil
}

// memory keeps an answer.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *memory) Header() http.Header { return m.header }

func (m *memory) WriteHeader(status int) {
	if m.status == 0 {
		m.status = status
	}
}

func (m *memory) Write(b []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return m.body.Write(b)
}
