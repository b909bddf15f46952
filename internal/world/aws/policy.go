package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// policy is an IAM policy document.
// Source: IAM user guide, "IAM JSON policy elements reference".
type policy struct {
	Statement statements
}

type statements []statement

type statement struct {
	Sid       string
	Effect    string
	Principal principals
	Action    words
	NotAction words
	Condition map[string]map[string]words
}

// words is one string or a list of them.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// principals are lists by kind; "*" alone is kind "*".
type principals map[string]words

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*p = principals{one: words{one}}
		return nil
	}
	return json.Unmarshal(b, (*map[string]words)(p))
}

// UnmarshalJSON implements json.Unmarshaler: a document may hold one statement bare.
func (s *statements) UnmarshalJSON(b []byte) error {
	var one statement
	if len(b) > 0 && b[0] == '{' {
		if err := json.Unmarshal(b, &one); err != nil {
			return err
		}
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(b, (*[]statement)(s))
}

func parsePolicy(doc string) (policy, error) {
	var p policy
	if err := json.Unmarshal([]byte(doc), &p); err != nil {
		return p, fmt.Errorf("policy document: %w", err)
	}
	if len(p.Statement) == 0 {
		return p, fmt.Errorf("policy document: there is no statement")
	}
	seen := map[string]bool{}
	for _, st := range p.Statement {
		if st.Effect != "Allow" && st.Effect != "Deny" {
			return p, fmt.Errorf("policy document: effect %q", st.Effect)
		}
		if st.Sid != "" && seen[st.Sid] {
			return p, fmt.Errorf("policy document: statement ids must be unique")
		}
		seen[st.Sid] = true
	}
	return p, nil
}

// asked is what a policy is asked about.
type asked struct {
	action    string
	kind, who string           // principal of a trust policy: "Federated" or "AWS"; "" for an identity policy
	keys      map[string]words // condition context; absent keys are absent
}

// decide evaluates documents: an explicit Deny wins, then any Allow. A document
// that cannot be read denies.
func decide(docs []string, q asked) (allowed, deny bool) {
	for _, d := range docs {
		p, err := parsePolicy(d)
		if err != nil {
			return false, true
		}
		for _, st := range p.Statement {
			if !st.matches(q) {
				continue
			}
			if st.Effect == "Deny" {
				return false, true
			}
			allowed = true
		}
	}
	return allowed, false
}

func (st statement) matches(q asked) bool {
	if q.kind != "" && !st.Principal.match(q) {
		return false
	}
	if len(st.Action) > 0 && !anyLike(st.Action, q.action, true) || len(st.NotAction) > 0 && anyLike(st.NotAction, q.action, true) {
		return false
	}
	for op, tests := range st.Condition {
		for key, values := range tests {
			if !holds(op, lookup(q.keys, key), values, st.Effect == "Deny") {
				return false
			}
		}
	}
	return true
}

func (p principals) match(q asked) bool {
	if _, all := p["*"]; all {
		return true
	}
	for _, v := range p[q.kind] {
		if v == "*" && q.kind == "AWS" || v == q.who {
			return true
		}
	}
	return false
}

func lookup(keys map[string]words, name string) words {
	for k, v := range keys {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

// holds evaluates one condition operator. A key that is absent fails positive
// operators and passes negated and ...IfExists ones. An operator this world does
// not know is taken the safe way: it holds in a Deny and fails in an Allow.
func holds(op string, have, want words, deny bool) bool {
	set, base, qualified := strings.Cut(op, ":")
	if !qualified {
		set, base = "", op
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	if len(have) == 0 {
		switch {
		case base == "Null":
			return slices.Contains(want, "true")
		case ifExists || set == "ForAllValues" || strings.Contains(base, "Not"):
			return true
		}
		return false
	}
	if base == "Null" {
		return slices.Contains(want, "false")
	}
	one, known := compare(base)
	if !known {
		return deny
	}
	test := func(h string) bool {
		hit := slices.ContainsFunc(want, func(w string) bool { return one(h, w) })
		return hit != strings.Contains(base, "Not")
	}
	if set == "ForAllValues" {
		return !slices.ContainsFunc(have, func(h string) bool { return !test(h) })
	}
	return slices.ContainsFunc(have, test)
}

func compare(op string) (func(have, want string) bool, bool) {
	switch op {
	case "StringEquals", "StringNotEquals", "ArnEquals", "ArnNotEquals":
		return func(h, w string) bool { return h == w }, true
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "Bool":
		return strings.EqualFold, true
	case "StringLike", "StringNotLike", "ArnLike", "ArnNotLike":
		return func(h, w string) bool { return like(w, h) }, true
	case "DateLessThan":
		return dates(func(h, w time.Time) bool { return h.Before(w) }), true
	case "DateLessThanEquals":
		return dates(func(h, w time.Time) bool { return !h.After(w) }), true
	case "DateGreaterThan":
		return dates(func(h, w time.Time) bool { return h.After(w) }), true
	case "DateGreaterThanEquals":
		return dates(func(h, w time.Time) bool { return !h.Before(w) }), true
	}
	return nil, false
}

func dates(f func(have, want time.Time) bool) func(string, string) bool {
	return func(h, w string) bool {
		a, err1 := time.Parse(time.RFC3339, h)
		b, err2 := time.Parse(time.RFC3339, w)
		return err1 == nil && err2 == nil && f(a, b)
	}
}

func anyLike(patterns []string, s string, fold bool) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if fold {
			return like(strings.ToLower(p), strings.ToLower(s))
		}
		return like(p, s)
	})
}

// like matches * and ?, both of which cross every separator.
func like(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	if pattern[0] == '*' {
		return like(pattern[1:], s) || s != "" && like(pattern, s[1:])
	}
	return s != "" && (pattern[0] == '?' || pattern[0] == s[0]) && like(pattern[1:], s[1:])
}
