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

// login gives a token of a role to a JWT whose claims the role binds. The world
// does not check signatures: whoever holds a JWT there got it from the world.
func (v *Server) login(w http.ResponseWriter, r *http.Request, rt route, _ *Token) {
	if v.appRoles(rt.mount) {
		v.loginAppRole(w, r, rt)
		return
	}
	var body struct {
		Role string `json:"role"`
		JWT  string `json:"jwt"`
	}
	if !decode(w, r, &body) {
		return
	}
	role := v.role(rt.mount, body.Role)
	claims, ok := read(body.JWT)
	switch {
	case body.Role == "":
		refuse(w, http.StatusBadRequest, "missing role")
	case role == nil:
		refuse(w, http.StatusBadRequest, `role "`+strings.ToLower(body.Role)+`" could not be found`)
	case role.Type == "oidc":
		refuse(w, http.StatusBadRequest, "role with oidc role_type is not allowed")
	case body.JWT == "":
		refuse(w, http.StatusBadRequest, "missing token")
	case !ok:
		refuse(w, http.StatusBadRequest, "error validating token: error verifying token signature: go-jose/go-jose: compact JWS format must have three parts")
	default:
		if why := role.refuses(claims, v.core.Now()); why != "" {
			refuse(w, http.StatusBadRequest, why)
			return
		}
		v.admit(w, role, map[string]string{"role": role.Name})
	}
}

// admit gives a token of a role; meta is what its lookup tells of the login.
func (v *Server) admit(w http.ResponseWriter, role *Role, meta map[string]string) {
	t := &Token{
		Name: issuedName + strconv.FormatInt(v.core.ID(), 10), Type: "service", Path: loginPath(role.Mount),
		Policies: slices.Clone(role.Policies), Meta: meta, Created: v.core.Now(), TTL: seconds(role.TTL),
	}
	if !role.NoDefaultPolicy {
		t.Policies = withDefault(t.Policies)
	}
	if t.TTL == 0 {
		t.TTL = systemTTL
	}
	if role.TokenType == "batch" {
		t.Type, t.Value = "batch", "hvb."+v.core.Text(90)
	} else {
		t.Accessor, t.Value = v.core.Text(24), "hvs."+v.core.Text(90)
	}
	v.core.Born(t.Name, t.Value)
	v.state.Tokens = append(v.state.Tokens, t)
	reply(w, http.StatusOK, map[string]any{"auth": map[string]any{
		"client_token": t.Value, "accessor": t.Accessor, "policies": t.Policies, "token_policies": t.Policies, "metadata": t.Meta,
		"lease_duration": int(t.TTL.Seconds()), "renewable": t.Type == "service", "entity_id": entity(t), "token_type": t.Type, "orphan": true,
		"mfa_requirement": nil, "num_uses": role.Uses,
	}})
}

// systemTTL is how long a token lives whose role does not say.
const systemTTL = 768 * time.Hour

// withDefault gives policies as a token has them: sorted, with the one everybody has.
func withDefault(policies []string) []string {
	out := append([]string{"default"}, policies...)
	slices.Sort(out)
	return slices.Compact(out)
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
// Source: hashicorp/vault-plugin-auth-jwt, path_login.go and claims.go; hashicorp/cap, jwt.go.
func (r *Role) refuses(claims map[string]any, now time.Time) string {
	if r.BoundSubject != "" && claims["sub"] != r.BoundSubject {
		return "error validating token: invalid subject (sub) claim"
	}
	aud := values(claims["aud"])
	if len(r.BoundAudiences) > 0 && !slices.ContainsFunc(aud, func(a any) bool { s, _ := a.(string); return slices.Contains(r.BoundAudiences, s) }) {
		return "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience"
	}
	if why := r.untimely(claims, now); why != "" {
		return "error validating token: " + why
	}
	// Since 1.17 also for one audience that is no list; this server follows the newer rule.
	if len(aud) > 0 && len(r.BoundAudiences) == 0 {
		return "audience claim found in JWT but no audiences bound to the role"
	}
	if _, ok := claims[r.UserClaim].(string); r.UserClaim != "" && !ok {
		return `claim "` + r.UserClaim + `" not found in token`
	}
	return r.unbound(claims)
}

// untimely judges the times of a JWT. The leeways are seconds; 0 stands for the
// default and anything below for none.
func (r *Role) untimely(claims map[string]any, now time.Time) string {
	at := func(name string) int64 { f, _ := claims[name].(float64); return int64(f) }
	leeway := func(n, otherwise int) int64 {
		if n == 0 {
			n = otherwise
		}
		return int64(max(n, 0))
	}
	iat, nbf, exp := at("iat"), at("nbf"), at("exp")
	if iat == 0 && nbf == 0 && exp == 0 {
		return "no issued at (iat), not before (nbf), or expiration time (exp) claims in token"
	}
	if exp == 0 {
		exp = max(iat, nbf) + leeway(r.ExpirationLeeway, 150)
	}
	if nbf == 0 {
		if nbf = iat; nbf == 0 {
			nbf = exp - leeway(r.NotBeforeLeeway, 150)
		}
	}
	skew := leeway(r.SkewLeeway, 60)
	switch n := now.Unix(); {
	case n+skew < nbf:
		return "invalid not before (nbf) claim: token not yet valid"
	case n-skew > exp:
		return "invalid expiration time (exp) claim: token is expired"
	case n+skew < iat:
		return "invalid issued at (iat) claim: token issued in the future"
	}
	return ""
}

// unbound says which bound claim is not met.
func (r *Role) unbound(claims map[string]any) string {
	for name, bound := range r.BoundClaims {
		if claims[name] == nil {
			return `error validating claims: claim "` + name + `" is missing`
		}
		have := values(claims[name])
		if !slices.ContainsFunc(values(bound), func(b any) bool {
			return slices.ContainsFunc(have, func(h any) bool { return r.matches(b, h) })
		}) {
			return `error validating claims: claim "` + name + `" does not match any associated bound claim values`
		}
	}
	return ""
}

func (r *Role) matches(bound, have any) bool {
	b, isText := bound.(string)
	h, alsoText := have.(string)
	if r.BoundClaimsType == "glob" {
		return isText && alsoText && glob(b, h)
	}
	return bound == have
}

// glob matches with * for any text, slashes included.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	for _, p := range parts[1 : len(parts)-1] {
		at := strings.Index(text, p)
		if at < 0 {
			return false
		}
		text = text[at+len(p):]
	}
	return ok && strings.HasSuffix(text, parts[len(parts)-1])
}

// values are a claim's values: itself, or its elements.
func values(v any) []any {
	switch x := v.(type) {
	case string, bool:
		return []any{x}
	case []any:
		return x
	}
	return nil
}
