package aws

import "testing"

func TestConditions(t *testing.T) {
	one := func(v ...string) words { return v }
	for _, c := range []struct {
		op         string
		have, want words
		deny, ok   bool
	}{
		{"StringEquals", one("a"), one("b", "a"), false, true},
		{"StringEquals", one("A"), one("a"), false, false},
		{"StringEqualsIgnoreCase", one("A"), one("a"), false, true},
		{"StringEquals", nil, one("a"), false, false},
		{"StringEqualsIfExists", nil, one("a"), false, true},
		{"StringNotEquals", nil, one("a"), false, true},
		{"StringNotEquals", one("a"), one("a", "b"), false, false},
		{"StringLike", one("repo:acme/shop:ref:refs/heads/main"), one("repo:acme/shop:*"), false, true},
		{"StringLike", one("repo:acme-evil/shop:pull_request"), one("repo:acme*"), false, true},
		{"StringLike", one("repo:acme-evil/shop:pull_request"), one("repo:acme/*"), false, false},
		{"StringLike", one("ab"), one("a?"), false, true},
		{"ForAllValues:StringEquals", nil, one("a"), false, true},
		{"ForAllValues:StringEquals", one("a", "x"), one("a"), false, false},
		{"ForAnyValue:StringEquals", one("x", "a"), one("a"), false, true},
		{"ForAnyValue:StringEquals", nil, one("a"), false, false},
		{"Null", nil, one("true"), false, true},
		{"Null", one("a"), one("true"), false, false},
		{"DateLessThan", one("2025-03-14T16:57:00Z"), one("2025-03-14T16:57:01Z"), true, true},
		{"DateLessThan", one("2025-03-14T16:57:01Z"), one("2025-03-14T16:57:01Z"), true, false},
		{"DateLessThan", nil, one("2025-03-14T16:57:01Z"), true, false},
		{"DateLessThan", one("yesterday"), one("2025-03-14T16:57:01Z"), true, false},
		{"IpAddress", one("10.0.0.1"), one("10.0.0.0/8"), true, true},
		{"IpAddress", one("10.0.0.1"), one("10.0.0.0/8"), false, false},
	} {
		if got := holds(c.op, c.have, c.want, c.deny); got != c.ok {
			t.Errorf("%s have %q want %q: %v", c.op, c.have, c.want, got)
		}
	}
}

func TestDecide(t *testing.T) {
	const allow = `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"p"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"h:aud":"a"},"StringLike":{"h:sub":"repo:a/b:*"}}}]}`
	const both = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:*"},{"Sid":"D","Effect":"Deny","Principal":{"Federated":["p"]},"Action":["sts:AssumeRoleWithWebIdentity"]}]}`
	web := func(who string, keys map[string]words) asked {
		return asked{action: "sts:AssumeRoleWithWebIdentity", kind: "Federated", who: who, keys: keys}
	}
	good := map[string]words{"h:aud": {"a"}, "h:sub": {"repo:a/b:pull_request"}}
	for name, c := range map[string]struct {
		doc           string
		q             asked
		allowed, deny bool
	}{
		"all conditions":    {allow, web("p", good), true, false},
		"keys ignore case":  {allow, web("p", map[string]words{"H:AUD": {"a"}, "h:sub": {"repo:a/b:x"}}), true, false},
		"one of two":        {allow, web("p", map[string]words{"h:aud": {"a"}, "h:sub": {"repo:a/bc:x"}}), false, false},
		"another provider":  {allow, web("q", good), false, false},
		"deny wins":         {both, web("p", good), false, true},
		"deny is for p":     {both, web("q", good), true, false},
		"other action":      {both, asked{action: "sts:AssumeRole", kind: "AWS", who: "x"}, true, false},
		"cannot be read":    {`{"Statement":`, web("p", good), false, true},
		"bare statement":    {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`, web("p", nil), true, false},
		"not action":        {`{"Statement":{"Effect":"Allow","Principal":"*","NotAction":"sts:AssumeRoleWith*"}}`, web("p", nil), false, false},
		"no such principal": {`{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*"}}`, web("p", nil), false, false},
	} {
		allowed, deny := decide([]string{c.doc}, c.q)
		if allowed != c.allowed || deny != c.deny {
			t.Errorf("%s: allowed %v, deny %v", name, allowed, deny)
		}
	}
}
