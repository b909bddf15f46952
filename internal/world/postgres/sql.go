package postgres

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query is a statement that is understood.
type query struct {
	call    string // for the world's log
	object  string
	mutates bool
	match   []string
}

var known = []struct {
	call    string
	mutates bool
	pattern *regexp.Regexp
}{
	{"login", false, regexp.MustCompile(`^\\login$`)},
	{"self", false, regexp.MustCompile(`^SELECT r\.rolname, now\(\), r\.rolsuper, r\.rolcreaterole FROM pg_roles r WHERE r\.rolname = current_user$`)},
	{"system", false, regexp.MustCompile(`^SELECT system_identifier::text FROM pg_control_system\(\)$`)},
	{"now", false, regexp.MustCompile(`^SELECT now\(\)$`)},
	{"roles", false, regexp.MustCompile(`^SELECT r\.rolname, r\.rolcanlogin, .* FROM pg_roles r WHERE r\.rolname !~ '\^pg_' ORDER BY r\.rolname$`)},
	{"sessions", false, regexp.MustCompile(`^SELECT pid, coalesce\(usename, ''\), backend_start, coalesce\(host\(client_addr\), ''\) FROM pg_stat_activity WHERE .* ORDER BY pid$`)},
	{"ALTER ROLE NOLOGIN", true, regexp.MustCompile(`^ALTER ROLE "((?:[^"]|"")+)" NOLOGIN$`)},
	{"ALTER ROLE PASSWORD NULL", true, regexp.MustCompile(`^ALTER ROLE "((?:[^"]|"")+)" NOLOGIN PASSWORD NULL$`)},
	{"ALTER ROLE PASSWORD", true, regexp.MustCompile(`^ALTER ROLE "((?:[^"]|"")+)" LOGIN PASSWORD '(SCRAM-SHA-256\$[^']+)'$`)},
	{"terminate", true, regexp.MustCompile(`^SELECT pg_terminate_backend\(pid\) FROM pg_stat_activity WHERE pid = +'(\d+)' *::int AND usename = +'([^']*)' +AND backend_start = +'([^']*)' *$`)},
}

func understand(sql string) (query, bool) {
	sql = strings.TrimSuffix(strings.TrimSpace(sql), ";")
	for _, k := range known {
		if m := k.pattern.FindStringSubmatch(sql); m != nil {
			q := query{call: k.call, mutates: k.mutates, match: m}
			if len(m) > 1 {
				q.object = strings.ReplaceAll(m[1], `""`, `"`)
			}
			return q, true
		}
	}
	return query{call: "unknown statement"}, false
}

// result is what a statement gives: rows, or an SQLSTATE.
type result struct {
	Columns []column    `json:"columns,omitempty"`
	Rows    [][]*string `json:"rows,omitempty"`
	Tag     string      `json:"tag,omitempty"`
	Code    string      `json:"code,omitempty"`
	Routine string      `json:"routine,omitempty"`
	Message string      `json:"message,omitempty"`
}

type column struct {
	Name string `json:"name"`
	Type uint32 `json:"type"`
}

// Types by their object ids. Source: PostgreSQL, src/include/catalog/pg_type.dat.
const (
	boolean   = 16
	bigint    = 20
	integer   = 23
	text      = 25
	timestamp = 1184
)

// The headers in which a connection says who it is and with which password it came.
const (
	roleHeader   = "X-Role"
	secretHeader = "X-Secret"
	writeHeader  = "X-Read-Only"
)

// ServeHTTP implements http.Handler: one login or statement.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out := s.answer(r, string(body))
	status := http.StatusOK
	if out.Code != "" {
		status = http.StatusForbidden
	}
	b, err := json.Marshal(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	w.Write(b) //nolint:errcheck // into memory
}

func (s *Server) answer(r *http.Request, sql string) result {
	q, ok := understand(sql)
	us := s.role(r.Header.Get(roleHeader))
	switch {
	case !ok:
		return result{Code: "42601", Message: "syntax error"}
	case q.call == "login":
		return s.login(us, r.Header.Get(secretHeader))
	case us == nil:
		return result{Code: "28000", Routine: "InitializeSessionUserId", Message: "role does not exist"}
	case q.mutates && r.Header.Get(writeHeader) != "":
		return result{Code: "25006", Message: "cannot execute this in a read-only transaction"}
	case q.mutates && !us.Super:
		return result{Code: "42501", Message: "permission denied"}
	case q.mutates:
		return s.change(q)
	}
	return s.read(q, us)
}

// login checks the password first, and then whether the role may log in, as the real
// server does.
func (s *Server) login(us *Role, password string) result {
	switch {
	case us == nil || !s.matches(password, us.Verifier):
		return result{Code: "28P01", Routine: "auth_failed", Message: "password authentication failed"}
	case !us.Login:
		return result{Code: "28000", Routine: "InitializeSessionUserId", Message: "role is not permitted to log in"}
	}
	return result{Tag: "LOGIN"}
}

func str(v any) *string {
	x := fmt.Sprint(v)
	switch y := v.(type) {
	case bool:
		x = map[bool]string{true: "t", false: "f"}[y]
	case time.Time:
		x = y.UTC().Format("2006-01-02 15:04:05.000000+00")
	}
	return &x
}

func (s *Server) read(q query, us *Role) result {
	out := result{Tag: "SELECT"}
	switch q.call {
	case "self":
		out.Columns = []column{{"rolname", text}, {"now", timestamp}, {"rolsuper", boolean}, {"rolcreaterole", boolean}}
		out.Rows = [][]*string{{str(us.Name), str(s.core.Now()), str(us.Super), str(us.CreateRole)}}
	case "system":
		out.Columns, out.Rows = []column{{"system_identifier", text}}, [][]*string{{str(s.st.System)}}
	case "now":
		out.Columns, out.Rows = []column{{"now", timestamp}}, [][]*string{{str(s.core.Now())}}
	case "roles":
		out.Columns = []column{
			{"rolname", text}, {"rolcanlogin", boolean}, {"rolsuper", boolean}, {"rolcreaterole", boolean}, {"rolcreatedb", boolean}, {"rolreplication", boolean}, {"rolbypassrls", boolean},
			{"rolvaliduntil", timestamp}, {"member_of", text}, {"sessions", bigint},
		}
		for _, r := range s.st.Roles {
			n := 0
			for _, x := range s.st.Sessions {
				if x.Role == r.Name {
					n++
				}
			}
			out.Rows = append(out.Rows, []*string{str(r.Name), str(r.Login), str(r.Super), str(r.CreateRole), str(false), str(false), str(false), nil, str(strings.Join(r.MemberOf, ",")), str(n)})
		}
	case "sessions":
		out.Columns = []column{{"pid", integer}, {"usename", text}, {"backend_start", timestamp}, {"client_addr", text}}
		for _, x := range s.st.Sessions {
			out.Rows = append(out.Rows, []*string{str(x.PID), str(x.Role), str(x.Began), str("10.0.0.1")})
		}
	}
	return out
}

func (s *Server) change(q query) result {
	if q.call == "terminate" {
		return s.terminate(q)
	}
	r := s.role(q.object)
	if r == nil {
		return result{Code: "42704", Message: "role does not exist"}
	}
	switch q.call {
	case "ALTER ROLE NOLOGIN":
		r.Login = false
	case "ALTER ROLE PASSWORD NULL":
		r.Login, r.Verifier = false, ""
	case "ALTER ROLE PASSWORD":
		r.Login, r.Verifier = true, q.match[2]
		s.st.Made++
		name := made + strconv.Itoa(s.st.Made)
		s.core.Born(name, r.Verifier)
		s.st.Credentials = append(s.st.Credentials, Credential{Name: name, Role: r.Name, Verifier: r.Verifier})
	}
	s.judge(q.call + " " + r.Name)
	return result{Tag: "ALTER ROLE"}
}

// terminate ends the session with this number, role and beginning; another's it leaves.
func (s *Server) terminate(q query) result {
	began, err := time.Parse("2006-01-02 15:04:05.999999999Z07:00", q.match[3])
	if err != nil {
		return result{Code: "22007", Message: "invalid input syntax for type timestamp"}
	}
	out := result{Tag: "SELECT", Columns: []column{{"pg_terminate_backend", boolean}}}
	s.st.Sessions = slices.DeleteFunc(s.st.Sessions, func(x Session) bool {
		meant := strconv.FormatInt(x.PID, 10) == q.match[1] && x.Role == q.match[2] && x.Began.Equal(began)
		if meant {
			out.Rows = append(out.Rows, []*string{str(true)})
		}
		return meant
	})
	s.judge("session ended")
	return out
}
