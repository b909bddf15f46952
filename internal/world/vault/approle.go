package vault

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AppRole is a role of an AppRole auth mount. A login shows its role id and one of its
// secret-ids.
// Source: Vault API documentation, "AppRole"; hashicorp/vault, builtin/credential/approle.
type AppRole struct {
	Mount     string     `json:"mount"` // "approle" when empty
	Name      string     `json:"name"`
	RoleID    string     `json:"role_id"` // made when empty
	Policies  []string   `json:"token_policies"`
	TokenType string     `json:"token_type"` // "default", "service", "batch"
	TTL       int        `json:"token_ttl"`  // seconds, like every duration here
	MaxTTL    int        `json:"token_max_ttl"`
	Unbound   bool       `json:"unbound,omitempty"` // its role id alone logs in
	IDTTL     int        `json:"secret_id_ttl"`
	IDUses    int        `json:"secret_id_num_uses"`
	SecretIDs []SecretID `json:"secret_ids"`
}

// SecretID is one of a role's.
type SecretID struct {
	Name       string            `json:"name"` // in the world's register of credentials
	Value      string            `json:"value"`
	Accessor   string            `json:"accessor"` // made when empty
	Metadata   map[string]string `json:"metadata,omitempty"`
	CIDRs      []string          `json:"cidr_list,omitempty"`
	TokenCIDRs []string          `json:"token_bound_cidrs,omitempty"`
	Created    time.Time         `json:"created"`
	TTL        int               `json:"ttl,omitempty"`
	Uses       int               `json:"uses,omitempty"` // that are left; 0: no limit
	Dead       time.Time         `json:"dead,omitzero"`
}

func (s *SecretID) live(now time.Time) bool {
	return s.Dead.IsZero() && (s.TTL == 0 || now.Before(s.Created.Add(seconds(s.TTL))))
}

const issuedSecretID = "vault secret-id "

func (v *Server) seedAppRole(r AppRole) {
	if r.Mount == "" {
		r.Mount = "approle"
	}
	if r.RoleID == "" {
		r.RoleID = v.core.Text(36)
	}
	if r.TokenType == "" {
		r.TokenType = "default"
	}
	r.Name, r.SecretIDs = strings.ToLower(r.Name), slices.Clone(r.SecretIDs)
	for i := range r.SecretIDs {
		s := &r.SecretIDs[i]
		if s.Value == "" {
			s.Value = v.core.Text(36)
		}
		if s.Accessor == "" {
			s.Accessor = v.core.Text(36)
		}
		if s.Created.IsZero() {
			s.Created = v.core.Now().Add(-time.Hour)
		}
		v.core.Born(s.Name, s.Value)
	}
	v.state.AppRoles = append(v.state.AppRoles, &r)
}

func (v *Server) appRoles(mount string) bool {
	return slices.ContainsFunc(v.state.AppRoles, func(r *AppRole) bool { return r.Mount == mount })
}

func (v *Server) appRole(mount, name string) *AppRole {
	for _, r := range v.state.AppRoles {
		if r.Mount == mount && r.Name == strings.ToLower(name) {
			return r
		}
	}
	return nil
}

// parseAppRole reads what stands below a role's name: auth/MOUNT/role/NAME/....
func parseAppRole(rt *route, method string, parts []string) {
	rt.mount, rt.object = parts[1], parts[3]
	switch what := method + " " + strings.TrimSuffix(strings.Join(parts[4:], "/"), "/"); what {
	case "LIST secret-id":
		rt.call, rt.need, rt.serve = "LIST secret-ids", []string{"list"}, (*Server).listSecretIDs
	case "PUT secret-id":
		rt.call, rt.need, rt.change, rt.serve = "POST secret-id", []string{"update"}, true, (*Server).makeSecretID
	case "PUT secret-id/lookup":
		rt.call, rt.need, rt.serve = "POST secret-id lookup", []string{"update"}, (*Server).lookupSecretID
	case "PUT secret-id-accessor/lookup":
		rt.call, rt.need, rt.serve = "POST secret-id accessor lookup", []string{"update"}, (*Server).lookupSecretIDAccessor
	case "PUT secret-id-accessor/destroy":
		rt.call, rt.need, rt.change, rt.serve = "POST secret-id accessor destroy", []string{"update"}, true, (*Server).destroySecretID
	case "GET role-id":
		rt.call, rt.need, rt.serve = "GET role-id", []string{"read"}, (*Server).readRoleID
	}
}

func (v *Server) readAppRole(w http.ResponseWriter, r *AppRole) {
	data(w, map[string]any{
		"bind_secret_id": !r.Unbound, "local_secret_ids": false, "secret_id_bound_cidrs": nil, "secret_id_num_uses": r.IDUses, "secret_id_ttl": r.IDTTL,
		"token_bound_cidrs": []string{}, "token_explicit_max_ttl": 0, "token_max_ttl": r.MaxTTL, "token_no_default_policy": false, "token_num_uses": 0,
		"token_period": 0, "token_policies": append([]string{}, r.Policies...), "token_ttl": r.TTL, "token_type": r.TokenType,
	})
}

func noRole(name string) string { return "role " + strconv.Quote(name) + " does not exist" }

func (v *Server) readRoleID(w http.ResponseWriter, _ *http.Request, rt route, _ *Token) {
	if r := v.appRole(rt.mount, rt.object); r != nil {
		data(w, map[string]any{"role_id": r.RoleID})
		return
	}
	refuse(w, http.StatusNotFound)
}

func (v *Server) listSecretIDs(w http.ResponseWriter, _ *http.Request, rt route, _ *Token) {
	r := v.appRole(rt.mount, rt.object)
	if r == nil {
		refuse(w, http.StatusBadRequest, noRole(rt.object))
		return
	}
	keys := []string{}
	for i := range r.SecretIDs {
		if r.SecretIDs[i].live(v.core.Now()) {
			keys = append(keys, r.SecretIDs[i].Accessor)
		}
	}
	if len(keys) == 0 {
		refuse(w, http.StatusNotFound)
		return
	}
	slices.Sort(keys)
	data(w, map[string]any{"keys": keys})
}

// makeSecretID gives a new one; its value is told once.
func (v *Server) makeSecretID(w http.ResponseWriter, req *http.Request, rt route, _ *Token) {
	var body struct {
		Metadata   string   `json:"metadata"`
		CIDRs      []string `json:"cidr_list"`
		TokenCIDRs []string `json:"token_bound_cidrs"`
	}
	if !decode(w, req, &body) {
		return
	}
	r := v.appRole(rt.mount, rt.object)
	switch {
	case r == nil:
		refuse(w, http.StatusNotFound, noRole(rt.object))
		return
	case r.Unbound:
		refuse(w, http.StatusBadRequest, "bind_secret_id is not set on the role")
		return
	}
	meta, ok := pairs(body.Metadata)
	if !ok {
		refuse(w, http.StatusBadRequest, "failed to parse metadata: failed to parse the metadata")
		return
	}
	s := SecretID{
		Name: issuedSecretID + strconv.FormatInt(v.core.ID(), 10), Value: v.core.Text(36), Accessor: v.core.Text(36), Metadata: meta,
		CIDRs: body.CIDRs, TokenCIDRs: body.TokenCIDRs, Created: v.core.Now(), TTL: r.IDTTL, Uses: r.IDUses,
	}
	v.core.Born(s.Name, s.Value)
	r.SecretIDs = append(r.SecretIDs, s)
	data(w, map[string]any{"secret_id": s.Value, "secret_id_accessor": s.Accessor, "secret_id_ttl": s.TTL, "secret_id_num_uses": s.Uses})
}

// known answers a lookup: nothing where there is no such secret-id.
func (v *Server) known(w http.ResponseWriter, s *SecretID) {
	if s == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	ends := time.Time{}
	if s.TTL > 0 {
		ends = s.Created.Add(seconds(s.TTL))
	}
	meta := s.Metadata
	if meta == nil {
		meta = map[string]string{}
	}
	data(w, map[string]any{
		"secret_id_accessor": s.Accessor, "secret_id_num_uses": s.Uses, "secret_id_ttl": s.TTL, "creation_time": s.Created.UTC().Format(time.RFC3339Nano),
		"expiration_time": ends.UTC().Format(time.RFC3339Nano), "last_updated_time": s.Created.UTC().Format(time.RFC3339Nano), "metadata": meta,
		"cidr_list": append([]string{}, s.CIDRs...), "token_bound_cidrs": append([]string{}, s.TokenCIDRs...),
	})
}

// secretIDOf finds the one a request's member names; done after it has answered.
func (v *Server) secretIDOf(w http.ResponseWriter, req *http.Request, rt route, member string, is func(SecretID, string) bool) (s *SecretID, value string, done bool) {
	var body map[string]any
	if !decode(w, req, &body) {
		return nil, "", true
	}
	value, _ = body[member].(string)
	r := v.appRole(rt.mount, rt.object)
	switch {
	case value == "":
		refuse(w, http.StatusBadRequest, "missing "+member)
		return nil, "", true
	case r == nil:
		refuse(w, http.StatusInternalServerError, listed(noRole(rt.object)))
		return nil, "", true
	}
	for i := range r.SecretIDs {
		if is(r.SecretIDs[i], value) && r.SecretIDs[i].live(v.core.Now()) {
			return &r.SecretIDs[i], value, false
		}
	}
	return nil, value, false
}

func byAccessor(s SecretID, a string) bool { return s.Accessor == a }

func (v *Server) lookupSecretID(w http.ResponseWriter, req *http.Request, rt route, _ *Token) {
	if s, _, done := v.secretIDOf(w, req, rt, "secret_id", func(s SecretID, x string) bool { return s.Value == x }); !done {
		v.known(w, s)
	}
}

func noAccessor(a string) string {
	return "failed to find accessor entry for secret_id_accessor: " + strconv.Quote(a)
}

func (v *Server) lookupSecretIDAccessor(w http.ResponseWriter, req *http.Request, rt route, _ *Token) {
	s, a, done := v.secretIDOf(w, req, rt, "secret_id_accessor", byAccessor)
	switch {
	case done:
	case s == nil:
		reply(w, http.StatusNotFound, map[string]any{"data": map[string]string{"error": noAccessor(a)}})
	default:
		v.known(w, s)
	}
}

// destroySecretID ends one. One that is not there is an error of the server's, of which
// nothing tells whether it was there before.
func (v *Server) destroySecretID(w http.ResponseWriter, req *http.Request, rt route, me *Token) {
	s, a, done := v.secretIDOf(w, req, rt, "secret_id_accessor", byAccessor)
	switch {
	case done:
	case s == nil:
		refuse(w, http.StatusInternalServerError, listed(noAccessor(a)))
	default:
		s.Dead = v.core.Now()
		v.core.Dies(s.Name, s.Dead, "destroyed by "+me.Name)
		w.WriteHeader(http.StatusNoContent)
	}
}

// loginAppRole gives a token for a role id and a secret-id.
func (v *Server) loginAppRole(w http.ResponseWriter, req *http.Request, rt route) {
	var body struct {
		RoleID   string `json:"role_id"`
		SecretID string `json:"secret_id"`
	}
	if !decode(w, req, &body) {
		return
	}
	i := slices.IndexFunc(v.state.AppRoles, func(r *AppRole) bool { return r.Mount == rt.mount && r.RoleID == body.RoleID })
	switch {
	case body.RoleID == "":
		refuse(w, http.StatusInternalServerError, "failed to determine alias name from login request")
		return
	case i < 0:
		refuse(w, http.StatusBadRequest, "invalid role ID")
		return
	}
	r, meta := v.state.AppRoles[i], map[string]string{}
	if !r.Unbound {
		at := slices.IndexFunc(r.SecretIDs, func(s SecretID) bool { return s.Value == body.SecretID && s.live(v.core.Now()) })
		switch {
		case body.SecretID == "":
			refuse(w, http.StatusBadRequest, "missing secret_id")
			return
		case at < 0: // later versions answer 400
			refuse(w, http.StatusInternalServerError, "invalid secret id")
			return
		}
		maps.Copy(meta, r.SecretIDs[at].Metadata)
		v.used(&r.SecretIDs[at])
	}
	meta["role_name"] = r.Name
	v.admit(w, &Role{Mount: r.Mount, Name: r.Name, Policies: r.Policies, TokenType: r.TokenType, TTL: r.TTL}, meta)
}

// used counts a login; the last one that is allowed ends the secret-id.
func (v *Server) used(s *SecretID) {
	switch s.Uses {
	case 0:
	case 1:
		s.Dead = v.core.Now()
		v.core.Dies(s.Name, s.Dead, "used up")
	default:
		s.Uses--
	}
}

// pairs reads metadata as Vault does: a JSON object, or words like key=value.
func pairs(text string) (map[string]string, bool) {
	out := map[string]string{}
	if text == "" {
		return out, true
	}
	return out, unmarshal(text, &out)
}

// projectAppRoles tells what is left of a role's secret-ids.
func (v *Server) projectAppRoles(now time.Time, out map[string]string) {
	for _, r := range v.state.AppRoles {
		made := 0
		for i := range r.SecretIDs {
			s := &r.SecretIDs[i]
			switch live := s.live(now); {
			case !strings.HasPrefix(s.Name, issuedSecretID):
				out["credential "+s.Name] = map[bool]string{true: "alive", false: "dead"}[live]
			case live:
				made++
			}
		}
		out["new secret-ids of "+r.Name] = strconv.Itoa(made)
	}
}
