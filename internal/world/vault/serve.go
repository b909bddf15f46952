package vault

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// route is what a request asks for.
type route struct {
	call   string // "PUT kv data"; "vault " goes in front in the world's log
	object string
	mount  string
	path   string   // below /v1/
	need   []string // capabilities the token must have
	change bool
	login  bool                      // asked without a token
	fresh  func(*Server, route) bool // whether the object does not exist: a write then needs create, not update
	serve  func(*Server, http.ResponseWriter, *http.Request, route, *Token)
}

func parse(r *http.Request) route {
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	method := r.Method
	if method == http.MethodPost {
		method = http.MethodPut // Vault takes both for a write
	}
	if method == http.MethodGet && r.URL.Query().Get("list") == "true" {
		method = "LIST"
	}
	if method == "LIST" && !strings.HasSuffix(path, "/") {
		path += "/"
	}
	rt := route{path: path, object: path}
	fixed := map[string]route{
		"GET sys/health":                 {call: "GET health", serve: (*Server).health},
		"GET auth/token/lookup-self":     {call: "GET lookup-self", need: []string{"read"}, serve: (*Server).lookupSelf},
		"PUT auth/token/lookup-accessor": {call: "POST lookup-accessor", need: []string{"update"}, serve: (*Server).lookupAccessor},
		"PUT auth/token/revoke-accessor": {call: "POST revoke-accessor", need: []string{"update"}, change: true, serve: (*Server).revokeAccessor},
		"PUT sys/capabilities-self":      {call: "POST capabilities-self", need: []string{"update"}, serve: (*Server).capabilitiesSelf},
		"LIST auth/token/accessors":      {call: "LIST accessors", need: []string{"list", "sudo"}, serve: (*Server).listAccessors},
	}
	// The client asks for the list with a slash at the end.
	if f, ok := fixed[method+" "+strings.TrimSuffix(path, "/")]; ok {
		f.path, f.object = path, path
		return f
	}
	parts := strings.Split(path, "/")
	switch {
	case len(parts) == 3 && parts[0] == "auth" && parts[2] == "login" && method == http.MethodPut:
		rt.call, rt.mount, rt.change, rt.login, rt.serve = "POST login", parts[1], true, true, (*Server).login
	case len(parts) > 4 && parts[0] == "auth" && parts[2] == "role":
		parseAppRole(&rt, method, parts)
	case len(parts) == 4 && parts[0] == "auth" && parts[2] == "role":
		rt.mount, rt.object = parts[1], parts[3]
		rt.fresh = func(v *Server, rt route) bool { return v.role(rt.mount, rt.object) == nil }
		rt.pick(method, "jwt role", (*Server).readRole, (*Server).writeRole)
		if method == http.MethodDelete {
			rt.need, rt.change, rt.fresh, rt.serve = []string{"delete"}, true, nil, (*Server).deleteRole
		}
	case len(parts) > 2 && parts[1] == "data":
		rt.mount, rt.object = parts[0], strings.Join(parts[2:], "/")
		rt.fresh = func(v *Server, rt route) bool { return v.Read(rt.mount, rt.object) == nil }
		rt.pick(method, "kv data", (*Server).readData, (*Server).writeData)
	case len(parts) > 2 && parts[1] == "metadata":
		rt.mount, rt.object = parts[0], strings.Join(parts[2:], "/")
		rt.fresh = func(v *Server, rt route) bool { return v.secret(rt.mount, rt.object) == nil }
		rt.pick(method, "kv metadata", (*Server).readMetadata, (*Server).writeMetadata)
	case len(parts) > 2 && parts[1] == "destroy" && method == http.MethodPut:
		rt.mount, rt.object = parts[0], strings.Join(parts[2:], "/")
		rt.pick(method, "kv destroy", nil, (*Server).destroy)
	}
	if rt.serve == nil {
		rt.call, rt.change = method+" unknown", method == http.MethodPut || method == http.MethodDelete || method == http.MethodPatch
	}
	return rt
}

type handler = func(*Server, http.ResponseWriter, *http.Request, route, *Token)

func (rt *route) pick(method, what string, read, write handler) {
	rt.call = method + " " + what
	switch method {
	case http.MethodGet:
		rt.need, rt.serve = []string{"read"}, read
	case http.MethodPut:
		rt.need, rt.change, rt.serve = []string{"update"}, true, write
	}
}

// ServeHTTP implements world.Provider. A namespace header is ignored.
func (v *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", v.core.Now().UTC().Format(http.TimeFormat))
	rt := parse(r)
	if rt.login && !v.mounted(rt) { // nothing is told to somebody without a token
		refuse(w, http.StatusForbidden, "permission denied")
		return
	}
	var me *Token
	if !rt.login && rt.call != "GET health" {
		me = v.presented(r.Header.Get("X-Vault-Token"))
		if me == nil {
			refuse(w, http.StatusForbidden, "permission denied")
			return
		}
		if need := v.needed(rt); !v.may(me, rt.path, need...) {
			refuse(w, http.StatusForbidden, listed("permission denied"))
			return
		}
	}
	if rt.serve == nil || !v.mounted(rt) {
		refuse(w, http.StatusNotFound, `no handler for route "`+rt.path+`". route entry not found.`)
		return
	}
	rt.serve(v, w, r, rt, me)
}

// needed are the capabilities for a request. A write makes what does not exist yet.
func (v *Server) needed(rt route) []string {
	if rt.serve == nil {
		return []string{"read"}
	}
	if rt.change && rt.fresh != nil && rt.fresh(v, rt) {
		return []string{"create"}
	}
	return rt.need
}

// mounted reports whether the mount a request names exists: those of the seed's roles
// and paths, and the two a server is expected to have.
func (v *Server) mounted(rt route) bool {
	return rt.mount == "" || rt.mount == "jwt" || rt.mount == "secret" ||
		v.appRoles(rt.mount) ||
		slices.ContainsFunc(v.state.Roles, func(r *Role) bool { return r.Mount == rt.mount }) ||
		slices.ContainsFunc(v.state.KV, func(s *Secret) bool { return s.Mount == rt.mount })
}

// listed is how Vault words an error that it met below its router.
func listed(message string) string { return "1 error occurred:\n\t* " + message + "\n\n" }

func (v *Server) presented(value string) *Token {
	for _, t := range v.state.Tokens {
		if value != "" && t.Value == value && t.live(v.core.Now()) {
			return t
		}
	}
	return nil
}

func (v *Server) health(w http.ResponseWriter, _ *http.Request, _ route, _ *Token) {
	raw(w, http.StatusOK, map[string]any{
		"initialized": true, "sealed": false, "standby": false, "performance_standby": false,
		"replication_performance_mode": "disabled", "replication_dr_mode": "disabled",
		"server_time_utc": v.core.Now().Unix(), "version": "1.13.2", "cluster_name": "world", "cluster_id": v.state.Cluster,
	})
}

// data answers with what was asked for.
func data(w http.ResponseWriter, d any) { reply(w, http.StatusOK, map[string]any{"data": d}) }

// reply answers in the envelope every Vault answer has.
func reply(w http.ResponseWriter, status int, members map[string]any) {
	all := map[string]any{
		"request_id": "", "lease_id": "", "renewable": false, "lease_duration": 0, "data": nil, "wrap_info": nil, "warnings": nil, "auth": nil,
	}
	maps.Copy(all, members)
	raw(w, status, all)
}

func raw(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b) //nolint:errcheck // the caller is gone; the world has recorded the effect
}

func refuse(w http.ResponseWriter, status int, messages ...string) {
	if messages == nil {
		messages = []string{}
	}
	raw(w, status, map[string]any{"errors": messages})
}

// decode reads a JSON body; false after it has answered 400.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "error parsing JSON")
		return false
	}
	return true
}

func unmarshal(text string, into any) bool { return json.Unmarshal([]byte(text), into) == nil }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
