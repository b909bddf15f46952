package aws

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

func (s *Server) getCallerIdentity(c *call) (reply, *fault) {
	id := "AIDA"
	if c.caller.session != nil && c.caller.session.User != "" {
		id += c.caller.session.User
	} else if c.caller.session != nil {
		id = "AROA:" + c.caller.session.Name
	} else {
		id += c.caller.key.User
	}
	return []node{leaf("Arn", s.arn(c.caller)), leaf("UserId", id), leaf("Account", s.st.Account)}, nil
}

// getSessionToken makes a session of the user whose key asks. It outlives the key.
// Source: STS API reference, GetSessionToken.
func (s *Server) getSessionToken(c *call) (reply, *fault) {
	if c.caller.key == nil {
		return nil, denied("Cannot call GetSessionToken with session credentials")
	}
	x := s.userSession(c.caller.key.User)
	return []node{tree("Credentials", leaf("AccessKeyId", x.ID), leaf("SecretAccessKey", x.Secret), leaf("SessionToken", x.Token), leaf("Expiration", stamp(x.Expires)))}, nil
}

func (s *Server) userSession(user string) *Session {
	now := s.core.Now()
	x := &Session{
		ID: "ASIA" + strings.ToUpper(s.core.Text(16)), Secret: s.core.Text(40), Token: s.core.Text(120),
		User: user, Name: "user", Issued: now, Expires: now.Add(36 * time.Hour),
	}
	s.st.Sessions[x.ID] = x
	return x
}

func (s *Server) wanted(c *call) (*Role, *fault) {
	_, name, ok := strings.Cut(c.form.Get("RoleArn"), ":role/")
	if r := s.st.Roles[name]; ok && r != nil && c.form.Get("RoleArn") == s.roleARN(name) {
		return r, nil
	}
	return nil, denied("Not authorized to perform sts:" + c.action)
}

func (s *Server) assumeRole(c *call) (reply, *fault) {
	if s.foreign(c.form.Get("RoleArn")) {
		return s.elsewhere(c), nil
	}
	r, f := s.wanted(c)
	if f != nil {
		return nil, f
	}
	region := s.loggedIn(c)
	byName, byAccount := s.admits(r.Trust.Enforced.Get(s.core.Now()), c.caller)
	if !byName && !byAccount {
		s.assumed(c.caller, region, s.roleARN(r.Name), c.form.Get("RoleSessionName"), nil, s.core.Now())
		return nil, denied(fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", s.arn(c.caller), s.roleARN(r.Name)))
	}
	x := s.begin(c, r)
	s.assumed(c.caller, region, s.roleARN(r.Name), x.Name, x, s.core.Now())
	return s.credentials(x), nil
}

// loggedIn is the region whose CloudTrail a call of STS is in: that of its endpoint.
// Source: CloudTrail user guide, "CloudTrail supported services", STS.
func (s *Server) loggedIn(c *call) string { return orDefault(c.region, "us-east-1") }

// elsewhere answers for a role of another account: its session is of no use here.
func (s *Server) elsewhere(c *call) reply {
	arn := c.form.Get("RoleArn")
	x := &Session{ID: "ASIA" + strings.ToUpper(s.core.Text(16)), Secret: s.core.Text(40), Token: s.core.Text(120), Name: orDefault(c.form.Get("RoleSessionName"), "session"), Issued: s.core.Now(), Expires: s.core.Now().Add(sessionSpan)}
	s.assumed(c.caller, s.loggedIn(c), arn, x.Name, x, s.core.Now())
	return s.credentials(x)
}

// assumeRoleWithWebIdentity takes a JWT without a signature: whoever holds its
// text holds the token, as with a real one.
// Source: STS API reference, AssumeRoleWithWebIdentity.
func (s *Server) assumeRoleWithWebIdentity(c *call) (reply, *fault) {
	claims, err := readToken(c.form.Get("WebIdentityToken"))
	if err != nil {
		return nil, &fault{http.StatusBadRequest, "InvalidIdentityToken", err.Error()}
	}
	if exp, ok := claims["exp"].(float64); !ok || !s.core.Now().Before(time.Unix(int64(exp), 0)) {
		return nil, &fault{http.StatusBadRequest, "ExpiredTokenException", "Token expired"}
	}
	r, f := s.wanted(c)
	if f != nil {
		return nil, f
	}
	now := s.core.Now()
	if p := s.st.Providers[s.providerARN(issuerHost(claims))]; p == nil || p.Enforced.Get(now).URL == "" {
		return nil, &fault{http.StatusBadRequest, "InvalidIdentityToken", fmt.Sprintf("No OpenIDConnect provider found in your account for %v", claims["iss"])}
	}
	if !s.trusts(r.Trust.Enforced.Get(now), claims) {
		return nil, denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	out := s.session(c, r)
	return append(out, leaf("SubjectFromWebIdentityToken", fmt.Sprint(claims["sub"])), leaf("Audience", fmt.Sprint(claims["aud"]))), nil
}

func (s *Server) trusts(doc string, claims map[string]any) bool {
	host := issuerHost(claims)
	keys := map[string]words{}
	for k, v := range claims {
		if text, ok := v.(string); ok {
			keys[host+":"+k] = words{text}
		}
	}
	allowed, _ := decide([]string{doc}, asked{action: "sts:AssumeRoleWithWebIdentity", kind: "Federated", who: s.providerARN(host), keys: keys})
	return allowed
}

func (s *Server) session(c *call, r *Role) []node { return s.credentials(s.begin(c, r)) }

// begin makes the session that a call asks for. One that was had by another role's
// session lives an hour at most.
// Source: IAM user guide, "Roles terms and concepts", role chaining.
func (s *Server) begin(c *call, r *Role) *Session {
	span := sessionSpan
	if d, err := time.ParseDuration(c.form.Get("DurationSeconds") + "s"); err == nil && d > 0 {
		span = d
	}
	x := s.issue(r, orDefault(c.form.Get("RoleSessionName"), "session"), span)
	r.Dead = false // issuing said that the role works; say again whether it does
	if c.caller.session != nil && c.caller.session.User == "" && c.caller.session.Role != r.Name {
		r.From = c.caller.session.Role
		if last := s.core.Now().Add(time.Hour); x.Expires.After(last) {
			x.Expires = last
		}
	}
	s.judge(r, "every session is denied")
	return x
}

func (s *Server) credentials(x *Session) []node {
	return []node{
		tree("Credentials", leaf("AccessKeyId", x.ID), leaf("SecretAccessKey", x.Secret), leaf("SessionToken", x.Token), leaf("Expiration", stamp(x.Expires))),
		tree("AssumedRoleUser", leaf("Arn", s.arn(caller{session: x})), leaf("AssumedRoleId", "AROA:"+x.Name)),
	}
}

// Token makes an unsigned JWT with the given claims.
func Token(claims map[string]any) string {
	b, err := json.Marshal(claims)
	if err != nil {
		panic(fmt.Sprintf("world aws: claims are not plain data: %v", err))
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + enc.EncodeToString(b) + "."
}

func readToken(t string) (map[string]any, error) {
	parts := strings.Split(t, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("the ID Token provided is not a valid JWT")
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("the ID Token provided is not a valid JWT")
	}
	var claims map[string]any
	if err := json.Unmarshal(b, &claims); err != nil {
		return nil, fmt.Errorf("the ID Token provided is not a valid JWT")
	}
	return claims, nil
}
