package vault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Role is a JWT auth role, with Vault's own field names.
type Role struct {
	Mount            string            `json:"mount"` // "jwt" when empty
	Name             string            `json:"name"`
	Type             string            `json:"role_type"` // "jwt" when a seed leaves it out, "oidc" when a write does
	BoundAudiences   []string          `json:"bound_audiences"`
	BoundSubject     string            `json:"bound_subject"`
	BoundClaims      map[string]any    `json:"bound_claims"`
	BoundClaimsType  string            `json:"bound_claims_type"` // "string", "glob"
	ClaimMappings    map[string]string `json:"claim_mappings"`
	UserClaim        string            `json:"user_claim"`
	UserClaimPointer bool              `json:"user_claim_json_pointer"`
	GroupsClaim      string            `json:"groups_claim"`
	Scopes           []string          `json:"oidc_scopes"`
	Redirects        []string          `json:"allowed_redirect_uris"`
	Verbose          bool              `json:"verbose_oidc_logging"`
	MaxAge           int               `json:"max_age"` // seconds, like every duration here
	ExpirationLeeway int               `json:"expiration_leeway"`
	NotBeforeLeeway  int               `json:"not_before_leeway"`
	SkewLeeway       int               `json:"clock_skew_leeway"`
	Policies         []string          `json:"token_policies"`
	TokenType        string            `json:"token_type"` // "default", "service", "batch"
	TTL              int               `json:"token_ttl"`
	MaxTTL           int               `json:"token_max_ttl"`
	ExplicitMaxTTL   int               `json:"token_explicit_max_ttl"`
	Period           int               `json:"token_period"`
	Uses             int               `json:"token_num_uses"`
	NoDefaultPolicy  bool              `json:"token_no_default_policy"`
	BoundCIDRs       []string          `json:"token_bound_cidrs"`
}

// members are the role's own fields as a read gives them.
func (r *Role) members() map[string]json.RawMessage {
	x := *r
	if x.Policies == nil {
		x.Policies = []string{}
	}
	if x.BoundCIDRs == nil {
		x.BoundCIDRs = []string{}
	}
	out := map[string]json.RawMessage{}
	b, err := json.Marshal(x)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("vault: a role is not plain data: %v", err))
	}
	delete(out, "mount")
	delete(out, "name")
	return out
}

// written are the members of r which a request's body names, in the body's words;
// where it names none, what is there stays. Two are reset when they are left out.
// Source: hashicorp/vault-plugin-auth-jwt, path_role.go.
func (r *Role) written(body map[string]json.RawMessage) (*Role, error) {
	all := r.members()
	all["role_type"], all["bound_claims_type"] = json.RawMessage(`"oidc"`), json.RawMessage(`"string"`)
	for name, given := range body {
		have, known := all[name]
		if !known {
			continue
		}
		member, err := coerce(name, have, given)
		if err != nil {
			return nil, err
		}
		all[name] = member
	}
	b, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	out := &Role{Mount: r.Mount, Name: r.Name}
	return out, json.Unmarshal(b, out)
}

var lists = []string{"bound_audiences", "oidc_scopes", "allowed_redirect_uris", "token_policies", "token_bound_cidrs"}

// coerce takes a list as words with commas, and seconds as text.
func coerce(name string, have, given json.RawMessage) (json.RawMessage, error) {
	var text string
	var was float64
	null := string(given) == "null"
	isText, isNumber := json.Unmarshal(given, &text) == nil, json.Unmarshal(have, &was) == nil && string(have) != "null"
	list := slices.Contains(lists, name)
	switch {
	case null && list:
		return json.RawMessage("[]"), nil
	case null:
		return have, nil
	case isText && list:
		words := []string{}
		for w := range strings.SplitSeq(text, ",") {
			if w = strings.TrimSpace(w); w != "" {
				words = append(words, w)
			}
		}
		return json.Marshal(words)
	case isText && isNumber:
		if d, err := time.ParseDuration(text); err == nil {
			return json.Marshal(int(d.Seconds()))
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("field validation failed: error converting input for field %q", name)
		}
		return json.Marshal(n)
	}
	return given, nil
}

// invalid says why Vault does not take the role, "" when it does.
func (r *Role) invalid() string {
	switch {
	case r.Type != "jwt" && r.Type != "oidc":
		return "invalid 'role_type': " + r.Type
	case r.BoundClaimsType != "string" && r.BoundClaimsType != "glob":
		return "invalid 'bound_claims_type': " + r.BoundClaimsType
	case r.TokenType != "" && r.TokenType != "default" && r.TokenType != "service" && r.TokenType != "batch":
		return "invalid 'token_type' value " + strconv.Quote(r.TokenType)
	case r.UserClaim == "":
		return "a user claim must be defined on the role"
	case r.Type == "oidc" && len(r.Redirects) == 0:
		return "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified."
	case r.Type == "jwt" && len(r.BoundAudiences)+len(r.BoundCIDRs)+len(r.BoundClaims) == 0 && r.BoundSubject == "":
		return "must have at least one bound constraint when creating/updating a role"
	case r.MaxTTL > 0 && r.TTL > r.MaxTTL:
		return "'token_ttl' cannot be greater than 'token_max_ttl'"
	}
	return ""
}

// role finds a role; names are kept in lower case.
func (v *Server) role(mount, name string) *Role {
	for _, r := range v.state.Roles {
		if r.Mount == mount && r.Name == strings.ToLower(name) {
			return r
		}
	}
	return nil
}

func (v *Server) readRole(w http.ResponseWriter, _ *http.Request, rt route, _ *Token) {
	if r := v.appRole(rt.mount, rt.object); r != nil {
		v.readAppRole(w, r)
		return
	}
	r := v.role(rt.mount, rt.object)
	if r == nil {
		refuse(w, http.StatusNotFound)
		return
	}
	data(w, r.members())
}

func (v *Server) writeRole(w http.ResponseWriter, req *http.Request, rt route, _ *Token) {
	var body map[string]json.RawMessage
	if !decode(w, req, &body) {
		return
	}
	old := v.role(rt.mount, rt.object)
	base := old
	if base == nil {
		base = &Role{Mount: rt.mount, Name: strings.ToLower(rt.object), TokenType: "default"}
	}
	r, err := base.written(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if why := r.invalid(); why != "" {
		refuse(w, http.StatusBadRequest, why)
		return
	}
	if old == nil {
		v.state.Roles = append(v.state.Roles, r)
	} else {
		*old = *r
	}
	w.WriteHeader(http.StatusNoContent)
}

func (v *Server) deleteRole(w http.ResponseWriter, _ *http.Request, rt route, _ *Token) {
	v.state.Roles = slices.DeleteFunc(v.state.Roles, func(r *Role) bool { return r == v.role(rt.mount, rt.object) })
	w.WriteHeader(http.StatusNoContent)
}
