package trust

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Policy is a role's trust policy.
// Source: AWS IAM User Guide, "IAM JSON policy reference"; "Policy evaluation logic".
type Policy struct {
	Statements []Statement
	issuer     string
}

// Statement is one statement. Actions and the like are as written.
type Statement struct {
	Sid          string
	Effect       string
	Actions      []string
	NotActions   []string
	Federated    []string // principals
	AWS          []string // principals, "*" among them
	Anybody      bool     // Principal: "*"
	NotPrincipal bool
	Conditions   []Condition
}

// Condition is one operator's demand on one key. All of a statement's must hold.
type Condition struct {
	Operator string
	Key      string
	Values   []string
}

// ParsePolicy reads a trust policy for tokens of an issuer, "" for GitHub's own.
func ParsePolicy(document []byte, issuer string) (*Policy, error) {
	var raw struct {
		Statement json.RawMessage
	}
	if err := json.Unmarshal(document, &raw); err != nil {
		return nil, fmt.Errorf("read trust policy: %w", err)
	}
	var list []json.RawMessage
	if json.Unmarshal(raw.Statement, &list) != nil {
		list = []json.RawMessage{raw.Statement} // one without a list
	}
	if issuer == "" {
		issuer = Issuer
	}
	p := &Policy{issuer: issuer}
	for i, b := range list {
		s, err := statement(b)
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		p.Statements = append(p.Statements, s)
	}
	if len(p.Statements) == 0 {
		return nil, errors.New("the trust policy has no statement")
	}
	return p, nil
}

func statement(b []byte) (Statement, error) {
	var raw struct {
		Sid, Effect                                string
		Action, NotAction, Principal, NotPrincipal json.RawMessage
		Condition                                  map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return Statement{}, err
	}
	s := Statement{Sid: raw.Sid, Effect: raw.Effect, NotPrincipal: raw.NotPrincipal != nil}
	s.Actions, s.NotActions = list(raw.Action), list(raw.NotAction)
	var by map[string]json.RawMessage
	if json.Unmarshal(raw.Principal, &by) == nil {
		s.Federated, s.AWS = list(by["Federated"]), list(by["AWS"])
	} else if one := list(raw.Principal); len(one) == 1 && one[0] == "*" {
		s.Anybody = true
	}
	for _, op := range sorted(raw.Condition) {
		for _, k := range sorted(raw.Condition[op]) {
			s.Conditions = append(s.Conditions, Condition{op, k, list(raw.Condition[op][k])})
		}
	}
	return s, nil
}

// list reads one value or a list of them; numbers and truths as text.
func list(b json.RawMessage) []string {
	if b == nil {
		return nil
	}
	var many []any
	if json.Unmarshal(b, &many) != nil {
		var one any
		if json.Unmarshal(b, &one) != nil {
			return nil
		}
		many = []any{one}
	}
	out := make([]string, 0, len(many))
	for _, v := range many {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// maxWays bounds how many ways in are told apart.
const maxWays = 256

// Demands implements Document: a way in for each Allow, together with one demand of each
// Deny that must not hold.
func (p *Policy) Demands() [][]Demand {
	var out [][]Demand
	for i := range p.Statements {
		if p.Statements[i].Effect != "Deny" {
			out = append(out, p.demands(&p.Statements[i]))
		}
	}
	for i := range p.Statements {
		if p.Statements[i].Effect != "Deny" {
			continue
		}
		var next [][]Demand
		for _, d := range p.demands(&p.Statements[i]) {
			d.Not = !d.Not
			for _, way := range out {
				if len(next) < maxWays {
					next = append(next, append(slices.Clone(way), d))
				}
			}
		}
		if next != nil {
			out = append(out, next...)
		}
	}
	return out
}

func (p *Policy) demands(s *Statement) []Demand {
	way := []Demand{}
	for _, c := range s.Conditions {
		o := parseOperator(c.Operator)
		if claim, known, _ := claimOf(c.Key, p.issuer); known && o.compare != nil {
			way = append(way, Demand{Claim: claim, Any: o.patterns(c.Values), Not: o.negative})
		}
	}
	return way
}

// Judge implements Document: an explicit Deny wins, then any Allow is enough.
func (p *Policy) Judge(c Claims) Answer {
	out := Answer{Why: "no statement allows it"}
	for i := range p.Statements {
		s := &p.Statements[i]
		v, why := p.judge(s, c)
		n := i + 1
		switch {
		case s.Effect == "Deny" && v == Allowed:
			return Answer{Why: fmt.Sprintf("statement %d denies it", n)}
		case s.Effect == "Deny" && v == Unknown:
			out = worstDeny(out, Answer{Verdict: Unknown, Why: fmt.Sprintf("statement %d may deny it: %s", n, why)})
		case s.Effect == "Deny":
		case v == Allowed && out.Verdict != Allowed && !strings.Contains(out.Why, "may deny"):
			out = Answer{Verdict: Allowed, Claims: c, Statement: n}
		case v == Unknown && out.Verdict == Denied:
			out = Answer{Verdict: Unknown, Why: fmt.Sprintf("statement %d: %s", n, why)}
		case v == Denied && out.Verdict == Denied && why != "":
			out.Why = fmt.Sprintf("statement %d: %s", n, why)
		}
	}
	return out
}

// worstDeny keeps a Deny that could not be judged before what was found so far.
func worstDeny(_, deny Answer) Answer { return deny }

// judge says whether a statement is about the token. For a Deny "allowed" means that it applies.
func (p *Policy) judge(s *Statement, c Claims) (Verdict, string) {
	const action = "sts:AssumeRoleWithWebIdentity"
	if len(s.NotActions) > 0 {
		if anyMatch(s.NotActions, action) {
			return Denied, ""
		}
	} else if !anyMatch(s.Actions, action) {
		return Denied, ""
	}
	switch {
	case s.NotPrincipal:
		return Unknown, "NotPrincipal is not evaluated"
	case s.Anybody:
	case !p.federated(s):
		return Denied, ""
	}
	out, why := Allowed, ""
	for _, x := range s.Conditions {
		v, because := p.condition(x, c)
		switch v {
		case Denied:
			return Denied, because
		case Unknown:
			out, why = Unknown, because
		}
	}
	return out, why
}

func (p *Policy) federated(s *Statement) bool {
	for _, f := range s.Federated {
		if f == "*" || strings.HasSuffix(strings.ToLower(f), ":oidc-provider/"+strings.ToLower(p.issuer)) {
			return true
		}
	}
	for _, a := range s.AWS {
		if a == "*" && len(s.Federated) == 0 {
			return false // AWS principals do not come with a web identity
		}
	}
	return false
}

func anyMatch(patterns []string, s string) bool {
	for _, p := range patterns {
		if Match(strings.ToLower(p), strings.ToLower(s)) {
			return true
		}
	}
	return false
}
