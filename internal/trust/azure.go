package trust

import (
	"fmt"
	"strings"
)

// FederatedCredential is one of an Entra application or identity; several of one
// identity are alternatives.
// Source: Microsoft Learn, "Workload identity federation" and "Flexible federated
// identity credentials": a classic one compares exactly; a flexible one has claims
// compared by eq and matches ("*" and "?"), joined by and.
type FederatedCredential struct {
	Name       string   `json:"name"`
	Issuer     string   `json:"issuer"`
	Subject    string   `json:"subject"`
	Audiences  []string `json:"audiences"`
	Expression *struct {
		Value   string `json:"value"`
		Version int    `json:"languageVersion"`
	} `json:"claimsMatchingExpression"`
}

type comparison struct {
	claim, value string
	matches      bool
}

// Demands implements Document.
func (f *FederatedCredential) Demands() [][]Demand {
	way := []Demand{}
	if len(f.Audiences) > 0 {
		way = append(way, Demand{Claim: "aud", Any: f.Audiences})
	}
	if f.Subject != "" {
		way = append(way, Demand{Claim: "sub", Any: []string{f.Subject}})
	}
	if parts, err := f.parts(); err == nil {
		for _, p := range parts {
			way = append(way, Demand{Claim: p.claim, Any: []string{p.value}})
		}
	}
	return [][]Demand{way}
}

// Judge implements Document.
func (f *FederatedCredential) Judge(c Claims) Answer {
	if f.Issuer != c["iss"] {
		return Answer{Why: "the issuer is " + f.Issuer}
	}
	if len(f.Audiences) > 0 && !contains(f.Audiences, c["aud"]) {
		return Answer{Why: "the audience is none of the credential's"}
	}
	if f.Expression == nil {
		if f.Subject != c["sub"] {
			return Answer{Why: fmt.Sprintf("the subject is not %q", c["sub"])}
		}
		return Answer{Verdict: Allowed, Claims: c, Statement: 1}
	}
	parts, err := f.parts()
	if err != nil {
		return Answer{Verdict: Unknown, Why: err.Error()}
	}
	for _, p := range parts {
		have, ok := c[p.claim]
		if !ok && unsaid(p.claim) {
			return Answer{Verdict: Unknown, Why: "claim " + p.claim + " of the token is not known"}
		}
		if !ok || p.matches && !Match(p.value, have) || !p.matches && p.value != have {
			return Answer{Why: fmt.Sprintf("claim %s does not hold for %q", p.claim, have)}
		}
	}
	return Answer{Verdict: Allowed, Claims: c, Statement: 1}
}

// parts reads claims['NAME'] eq|matches 'VALUE' and ...
func (f *FederatedCredential) parts() ([]comparison, error) {
	if f.Expression == nil {
		return nil, nil
	}
	bad := fmt.Errorf("the expression %q is not understood", f.Expression.Value)
	rest := strings.TrimSpace(f.Expression.Value)
	var out []comparison
	for {
		var p comparison
		var ok bool
		if rest, ok = strings.CutPrefix(rest, "claims['"); !ok {
			return nil, bad
		}
		if p.claim, rest, ok = strings.Cut(rest, "']"); !ok {
			return nil, bad
		}
		rest = strings.TrimSpace(rest)
		if r, is := strings.CutPrefix(rest, "matches"); is {
			rest, p.matches = r, true
		} else if r, is := strings.CutPrefix(rest, "eq"); is {
			rest = r
		} else {
			return nil, bad
		}
		if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "'"); !ok {
			return nil, bad
		}
		if p.value, rest, ok = strings.Cut(rest, "'"); !ok {
			return nil, bad
		}
		out = append(out, p)
		if rest = strings.TrimSpace(rest); rest == "" {
			return out, nil
		}
		if rest, ok = strings.CutPrefix(rest, "and "); !ok {
			return nil, bad
		}
		rest = strings.TrimSpace(rest)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
