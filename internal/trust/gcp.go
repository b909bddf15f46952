package trust

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// Pool is a workload identity provider with what its principals may become: the two
// gates of GCP. A token must pass the provider's condition, and a binding must name
// what it is mapped to.
// Source: Google Cloud, "Workload Identity Federation", attribute mappings and
// conditions; without a condition every token of the issuer passes.
type Pool struct {
	Provider  string            `json:"provider"` // projects/N/locations/global/workloadIdentityPools/P/providers/Q
	Issuer    string            `json:"issuer"`
	Audiences []string          `json:"allowed_audiences"`
	Mapping   map[string]string `json:"attribute_mapping"` // "google.subject" and "attribute.X" → CEL over assertion
	Condition string            `json:"attribute_condition"`
	Members   []string          `json:"members"` // principal:// and principalSet:// of the service account's binding

	compiled map[string]compiled
}

// compiled is an expression that was read once.
type compiled struct {
	cel.Program
	err error
}

// Demands implements Document. What a CEL expression asks of which claim is not taken
// apart: every text of the condition and of the members is tried on every claim.
func (p *Pool) Demands() [][]Demand {
	texts := literals(p.Condition)
	for _, k := range sorted(p.Mapping) {
		texts = append(texts, literals(p.Mapping[k])...)
	}
	for _, m := range p.Members {
		if _, v, ok := strings.Cut(m, "/attribute."); ok {
			_, v, _ = strings.Cut(v, "/")
			texts = append(texts, v)
		}
		if _, v, ok := strings.Cut(m, "/subject/"); ok {
			texts = append(texts, v)
		}
	}
	out := [][]Demand{{}}
	for _, aud := range p.Audiences {
		out = append(out, []Demand{{Claim: "aud", Any: []string{aud}}})
	}
	for _, t := range texts {
		for _, claim := range []string{"sub", "ref", "job_workflow_ref", "workflow_ref", "environment"} {
			for _, form := range []string{t, t + "*", "*" + t, "*" + t + "*"} {
				out = append(out, []Demand{{Claim: claim, Any: []string{form}}})
			}
		}
	}
	return out
}

// literals are the texts in a CEL expression.
func literals(expression string) []string {
	var out []string
	for i := 0; i < len(expression); i++ {
		q := expression[i]
		if q != '\'' && q != '"' {
			continue
		}
		n := strings.IndexByte(expression[i+1:], q)
		if n < 0 {
			break
		}
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(expression[i+1:i+1+n], "^"), "$"))
		i += n + 1
	}
	return out
}

// Judge implements Document. The statement is the number of the member that names the token.
func (p *Pool) Judge(c Claims) Answer {
	if p.Issuer != "" && strings.TrimSuffix(p.Issuer, "/") != c["iss"] {
		return Answer{Why: "the issuer is " + p.Issuer}
	}
	if len(p.Audiences) > 0 && !contains(p.Audiences, c["aud"]) {
		return Answer{Why: "the audience is none of the provider's"}
	}
	assertion := map[string]any{}
	for k, v := range c {
		assertion[k] = v
	}
	google, attribute := map[string]any{}, map[string]any{}
	vars := map[string]any{"assertion": assertion, "google": google, "attribute": attribute}
	for _, k := range sorted(p.Mapping) {
		prg := p.program(p.Mapping[k])
		if prg.err != nil {
			return Answer{Verdict: Unknown, Why: fmt.Sprintf("the mapping of %s is not understood: %v", k, prg.err)}
		}
		v, _, err := prg.Eval(vars)
		if err != nil {
			return lacking(p.Mapping[k], c, k+" cannot be mapped: the token lacks a claim")
		}
		if name, ok := strings.CutPrefix(k, "google."); ok {
			google[name] = v.Value()
		} else if name, ok := strings.CutPrefix(k, "attribute."); ok {
			attribute[name] = v.Value()
		}
	}
	if p.Condition != "" {
		prg := p.program(p.Condition)
		if prg.err != nil {
			return Answer{Verdict: Unknown, Why: fmt.Sprintf("the condition is not understood: %v", prg.err)}
		}
		switch v, _, err := prg.Eval(vars); {
		case err != nil:
			return lacking(p.Condition, c, "the provider's condition refuses it: the token lacks a claim")
		case v.Value() != true:
			return Answer{Why: "the provider's condition refuses it"}
		}
	}
	for i, m := range p.Members {
		if member(m, google, attribute) {
			return Answer{Verdict: Allowed, Claims: c, Statement: i + 1}
		}
	}
	return Answer{Why: "no binding names it"}
}

// lacking is a denial for want of a claim, unless every token has that claim and we do
// not know it.
func lacking(expression string, c Claims, why string) Answer {
	for claim := range githubClaims {
		if _, ok := c[claim]; !ok && unsaid(claim) && strings.Contains(expression, claim) {
			return Answer{Verdict: Unknown, Why: "a claim of the token is not known that " + expression + " asks for"}
		}
	}
	return Answer{Why: why}
}

// member says whether a principal is the token's.
func member(m string, google, attribute map[string]any) bool {
	switch {
	case strings.HasPrefix(m, "principalSet://") && strings.HasSuffix(m, "/*"):
		return true
	case strings.HasPrefix(m, "principal://"):
		_, s, ok := strings.Cut(m, "/subject/")
		return ok && google["subject"] == s
	case strings.HasPrefix(m, "principalSet://"):
		_, rest, ok := strings.Cut(m, "/attribute.")
		name, value, has := strings.Cut(rest, "/")
		return ok && has && attribute[name] == value
	}
	return false
}

// program reads a CEL expression, once.
func (p *Pool) program(expression string) compiled {
	if c, ok := p.compiled[expression]; ok {
		return c
	}
	var c compiled
	c.Program, c.err = compile(expression)
	if p.compiled == nil {
		p.compiled = map[string]compiled{}
	}
	p.compiled[expression] = c
	return c
}

func compile(expression string) (cel.Program, error) {
	env, err := cel.NewEnv(cel.Variable("assertion", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("google", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("attribute", cel.MapType(cel.StringType, cel.DynType)), ext.Strings())
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return env.Program(ast)
}
