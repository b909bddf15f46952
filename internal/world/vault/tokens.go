package vault

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const issuedName = "vault token "

// issued tells the name of a token made by a login.
func issued(name string) bool { return strings.HasPrefix(name, issuedName) }

func loginPath(mount string) string { return "auth/" + mount + "/login" }

func (v *Server) byAccessor(a string) *Token {
	for _, t := range v.state.Tokens {
		if a != "" && t.Accessor == a && t.live(v.core.Now()) {
			return t
		}
	}
	return nil
}

func (t *Token) json(now time.Time, withID bool) map[string]any {
	ttl := 0
	if t.TTL > 0 {
		ttl = int(t.Created.Add(t.TTL).Sub(now).Seconds())
	}
	d := map[string]any{
		"accessor": t.Accessor, "creation_time": t.Created.Unix(), "creation_ttl": int(t.TTL.Seconds()), "ttl": ttl,
		"path": t.Path, "policies": t.Policies, "meta": t.Meta, "type": t.Type, "orphan": t.Parent == "", "id": "", "renewable": t.Type == "service",
	}
	if withID {
		d["id"] = t.Value
	}
	return d
}

func (v *Server) lookupSelf(w http.ResponseWriter, _ *http.Request, _ route, me *Token) {
	data(w, me.json(v.core.Now(), true))
}

func (v *Server) accessor(w http.ResponseWriter, r *http.Request) (*Token, bool) {
	var body struct {
		Accessor string `json:"accessor"`
	}
	if !decode(w, r, &body) {
		return nil, false
	}
	t := v.byAccessor(body.Accessor)
	if t == nil {
		refuse(w, http.StatusForbidden, "invalid accessor")
	}
	return t, t != nil
}

func (v *Server) lookupAccessor(w http.ResponseWriter, r *http.Request, _ route, _ *Token) {
	if t, ok := v.accessor(w, r); ok {
		data(w, t.json(v.core.Now(), false))
	}
}

// revokeAccessor ends a token and every token made with it.
func (v *Server) revokeAccessor(w http.ResponseWriter, r *http.Request, _ route, me *Token) {
	t, ok := v.accessor(w, r)
	if !ok {
		return
	}
	v.revoke(t, "revoked by "+me.Name)
	w.WriteHeader(http.StatusNoContent)
}

func (v *Server) revoke(t *Token, why string) {
	now := v.core.Now()
	if t.live(now) {
		t.Dead = now
		v.core.Dies(t.Name, now, why)
	}
	for _, child := range v.state.Tokens {
		if t.Accessor != "" && child.Parent == t.Accessor && child.live(now) {
			v.revoke(child, why+" with its parent")
		}
	}
}

func (v *Server) listAccessors(w http.ResponseWriter, _ *http.Request, _ route, _ *Token) {
	keys := []string{}
	for _, t := range v.state.Tokens {
		if t.Accessor != "" && t.live(v.core.Now()) {
			keys = append(keys, t.Accessor)
		}
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		refuse(w, http.StatusNotFound)
		return
	}
	data(w, map[string]any{"keys": keys})
}

// login gives a token of a role to a JWT whose claims the role binds. The world
// does not check signatures: whoever holds a JWT there got it from the world.
func (v *Server) login(w http.ResponseWriter, r *http.Request, rt route, _ *Token) {
	var body struct {
		Role string `json:"role"`
		JWT  string `json:"jwt"`
	}
	if !decode(w, r, &body) {
		return
	}
	role := v.role(rt.mount, body.Role)
	if role == nil {
		refuse(w, http.StatusBadRequest, `role "`+body.Role+`" could not be found`)
		return
	}
	claims, ok := read(body.JWT)
	if !ok {
		refuse(w, http.StatusBadRequest, "error validating token: malformed jwt")
		return
	}
	if why := role.refuses(claims, v.core.Now()); why != "" {
		refuse(w, http.StatusBadRequest, "error validating claims: "+why)
		return
	}
	t := &Token{
		Name: issuedName + strconv.FormatInt(v.core.ID(), 10), Type: "service", Path: loginPath(rt.mount),
		Policies: append([]string{"default"}, role.Policies...), Meta: map[string]string{"role": role.Name}, Created: v.core.Now(), TTL: seconds(role.TTL),
	}
	if role.TokenType == "batch" {
		t.Type, t.Value = "batch", "hvb."+v.core.Text(90)
	} else {
		t.Accessor, t.Value = v.core.Text(24), "hvs."+v.core.Text(90)
	}
	v.core.Born(t.Name, t.Value)
	v.state.Tokens = append(v.state.Tokens, t)
	raw(w, http.StatusOK, map[string]any{"auth": map[string]any{
		"client_token": t.Value, "accessor": t.Accessor, "policies": t.Policies, "token_policies": t.Policies, "metadata": t.Meta,
		"lease_duration": role.TTL, "renewable": t.Type == "service", "token_type": t.Type, "orphan": true,
	}})
}

// read gives a JWT's claims.
func read(jwt string) (map[string]any, bool) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil, false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, false
	}
	var claims map[string]any
	return claims, json.Unmarshal(b, &claims) == nil
}

// refuses says why a role does not take these claims, "" when it does.
func (r *Role) refuses(claims map[string]any, now time.Time) string {
	if exp, ok := claims["exp"].(float64); ok && now.After(time.Unix(int64(exp), 0)) {
		return "token is expired"
	}
	if r.BoundSubject != "" && claims["sub"] != r.BoundSubject {
		return "sub claim does not match bound subject"
	}
	if len(r.BoundAudiences) > 0 && !slices.ContainsFunc(values(claims["aud"]), func(a string) bool { return slices.Contains(r.BoundAudiences, a) }) {
		return "aud claim does not match any bound audience"
	}
	for name, bound := range r.BoundClaims {
		have := values(claims[name])
		if !slices.ContainsFunc(values(bound), func(b string) bool { return slices.Contains(have, b) }) {
			return `claim "` + name + `" does not match any associated bound claim values`
		}
	}
	return ""
}

func values(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, e := range x {
			out = append(out, values(e)...)
		}
		return out
	case []string:
		return x
	}
	return nil
}

func (v *Server) role(mount, name string) *Role {
	for _, r := range v.state.Roles {
		if r.Mount == mount && r.Name == name {
			return r
		}
	}
	return nil
}

func (v *Server) readRole(w http.ResponseWriter, _ *http.Request, rt route, _ *Token) {
	r := v.role(rt.mount, rt.object)
	if r == nil {
		refuse(w, http.StatusNotFound)
		return
	}
	data(w, r)
}

func (v *Server) writeRole(w http.ResponseWriter, req *http.Request, rt route, _ *Token) {
	r := v.role(rt.mount, rt.object)
	fresh := r == nil
	if fresh {
		r = &Role{Mount: rt.mount, Name: rt.object, TokenType: "default"}
	}
	if !decode(w, req, r) {
		return
	}
	r.Mount, r.Name = rt.mount, rt.object
	if fresh {
		v.state.Roles = append(v.state.Roles, r)
	}
	w.WriteHeader(http.StatusNoContent)
}
