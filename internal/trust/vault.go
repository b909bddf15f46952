package trust

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// VaultRole is a JWT auth role.
// Source: Vault, JWT/OIDC auth plugin, path_role.go and claims.go: all bound claims
// must hold, values of one are alternatives, a claim that is absent fails; in a glob
// only "*" is special and it crosses every character.
type VaultRole struct {
	Type       string              `json:"role_type"`
	Audiences  []string            `json:"bound_audiences"`
	Subject    string              `json:"bound_subject"`
	Claims     map[string][]string `json:"-"`
	ClaimsType string              `json:"bound_claims_type"`
	UserClaim  string              `json:"user_claim"`
}

// ParseVaultRole reads a role as the server gives it.
func ParseVaultRole(raw []byte) (*VaultRole, error) {
	var r struct {
		VaultRole
		Bound map[string]json.RawMessage `json:"bound_claims"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("read Vault role: %w", err)
	}
	if r.Type == "oidc" {
		return nil, errors.New("the role is for people at a browser, not for tokens")
	}
	r.VaultRole.Claims = map[string][]string{}
	for k, v := range r.Bound {
		r.VaultRole.Claims[k] = list(v)
	}
	return &r.VaultRole, nil
}

// Demands implements Document.
func (r *VaultRole) Demands() [][]Demand {
	way := []Demand{}
	for _, k := range sorted(r.Claims) {
		way = append(way, Demand{Claim: k, Any: r.Claims[k]})
	}
	if len(r.Audiences) > 0 {
		way = append(way, Demand{Claim: "aud", Any: r.Audiences})
	}
	if r.Subject != "" {
		way = append(way, Demand{Claim: "sub", Any: []string{r.Subject}})
	}
	return [][]Demand{way}
}

// Judge implements Document. The one statement of a role is number 1.
func (r *VaultRole) Judge(c Claims) Answer {
	if len(r.Audiences) > 0 && !slices.Contains(r.Audiences, c["aud"]) {
		return Answer{Why: "the audience is none of the role's"}
	}
	if r.Subject != "" && r.Subject != c["sub"] {
		return Answer{Why: fmt.Sprintf("bound_subject is not %q", c["sub"])}
	}
	out := Answer{Verdict: Allowed, Claims: c, Statement: 1}
	for _, k := range sorted(r.Claims) {
		v, ok := c[k]
		if !ok {
			if strings.HasPrefix(k, "/") || unsaid(k) || !githubClaims[k] {
				out = Answer{Verdict: Unknown, Why: "claim " + k + " of the token is not known"}
				continue
			}
			return Answer{Why: "the token has no " + k}
		}
		if k == "actor" {
			out = Answer{Verdict: Unknown, Why: "who triggers the run is not known before"}
			continue
		}
		if !slices.ContainsFunc(r.Claims[k], func(w string) bool { return r.same(w, v) }) {
			return Answer{Why: fmt.Sprintf("bound claim %s does not hold for %q", k, v)}
		}
	}
	return out
}

func (r *VaultRole) same(want, have string) bool {
	if r.ClaimsType != "glob" {
		return want == have
	}
	// "?" is a character like any other in Vault's globs.
	return Match(strings.ReplaceAll(want, "?", "\x05"), strings.ReplaceAll(have, "?", "\x05"))
}

// githubClaims are those a token of GitHub's can have.
// Source: GitHub Docs, "OpenID Connect reference", OIDC token claims.
var githubClaims = map[string]bool{
	"aud": true, "iss": true, "sub": true, "actor": true, "actor_id": true, "base_ref": true, "environment": true, "event_name": true, "head_ref": true,
	"job_workflow_ref": true, "ref": true, "ref_type": true, "repository": true, "repository_id": true, "repository_owner": true,
	"repository_owner_id": true, "repository_visibility": true, "runner_environment": true, "workflow": true, "workflow_ref": true, "enterprise": true, "enterprise_id": true,
}
