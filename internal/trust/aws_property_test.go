package trust

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The reference: a policy as plain values, judged by the text of AWS's documentation
// over every token of a small world, with nothing of the package's own.

type refCondition struct {
	op, key string
	values  []string
}

type refStatement struct {
	effect     string
	conditions []refCondition
}

// refHolds judges one condition on one token.
func refHolds(c refCondition, token map[string]string) bool {
	op := c.op
	all, any := strings.HasPrefix(op, "ForAllValues:"), strings.HasPrefix(op, "ForAnyValue:")
	op = strings.TrimPrefix(strings.TrimPrefix(op, "ForAllValues:"), "ForAnyValue:")
	ifExists := strings.HasSuffix(op, "IfExists")
	op = strings.TrimSuffix(op, "IfExists")
	name, ours := strings.CutPrefix(c.key, Issuer+":")
	value, present := token[name]
	if !ours || name == "foo" {
		present = false
	}
	if op == "Null" {
		return (c.values[0] == "true") == !present
	}
	negative := strings.HasPrefix(op, "StringNot")
	if !present {
		switch {
		case all || ifExists:
			return true
		case any:
			return false
		}
		return negative
	}
	match := false
	for _, v := range c.values {
		switch strings.Replace(op, "Not", "", 1) {
		case "StringEquals":
			match = match || v == value
		case "StringEqualsIgnoreCase":
			match = match || strings.EqualFold(v, value)
		case "StringLike":
			match = match || recursive(v, value)
		}
	}
	return match != negative
}

func refAllows(p []refStatement, token map[string]string) bool {
	allowed := false
	for _, s := range p {
		holds := true
		for _, c := range s.conditions {
			holds = holds && refHolds(c, token)
		}
		if holds && s.effect == "Deny" {
			return false
		}
		allowed = allowed || holds
	}
	return allowed
}

func refToken(ref, aud string) map[string]string {
	return map[string]string{
		"sub": "repo:o/r:ref:" + ref, "ref": ref, "job_workflow_ref": "o/r/w@" + ref, "repository": "o/r", "aud": aud,
	}
}

func refPolicy(t *rapid.T) []refStatement {
	text := rapid.StringMatching(`[ab*?]{0,3}`)
	before := map[string][]string{"sub": {"repo:o/r:ref:", "repo:*:", "", "repo:o/"}, "ref": {""}, "job_workflow_ref": {"o/r/w@", "*@"}, "repository": {"o/", ""}, "environment": {""}, "foo": {""}, "aud": {""}}
	condition := rapid.Custom(func(t *rapid.T) refCondition {
		c := refCondition{op: rapid.SampledFrom([]string{
			"StringEquals", "StringLike", "StringLike", "StringEqualsIgnoreCase", "StringNotEquals", "StringNotLike", "StringEqualsIfExists", "StringLikeIfExists",
			"ForAnyValue:StringLike", "ForAllValues:StringLike", "ForAllValues:StringEquals", "ForAnyValue:StringNotEquals", "Null",
		}).Draw(t, "op")}
		key := rapid.SampledFrom([]string{"sub", "sub", "ref", "job_workflow_ref", "repository", "environment", "foo", "aud"}).Draw(t, "key")
		c.key = Issuer + ":" + key
		if c.op == "Null" {
			c.values = []string{rapid.SampledFrom([]string{"true", "false"}).Draw(t, "null")}
			return c
		}
		for range rapid.IntRange(1, 2).Draw(t, "values") {
			v := rapid.SampledFrom(before[key]).Draw(t, "before") + text.Draw(t, "text")
			c.values = append(c.values, v)
		}
		return c
	})
	statement := rapid.Custom(func(t *rapid.T) refStatement {
		return refStatement{rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect"), rapid.SliceOfN(condition, 0, 3).Draw(t, "conditions")}
	})
	return rapid.SliceOfN(statement, 1, 3).Draw(t, "policy")
}

func document(p []refStatement) []byte {
	type m = map[string]any
	var list []any
	for _, s := range p {
		conditions := m{}
		for i, c := range s.conditions {
			op := c.op
			if conditions[op] == nil {
				conditions[op] = m{}
			}
			if by, ok := conditions[op].(m); ok {
				if by[c.key] != nil {
					s.conditions[i].op = "" // two demands cannot share operator and key in JSON
					continue
				}
				by[c.key] = c.values
			}
		}
		list = append(list, m{"Effect": s.effect, "Action": "sts:AssumeRoleWithWebIdentity", "Principal": m{"Federated": "arn:aws:iam::1:oidc-provider/" + Issuer}, "Condition": conditions})
	}
	b, err := json.Marshal(m{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		panic(err)
	}
	return b
}

// The evaluator says what a brute force over every token of a small world says: what
// it lets in is let in, and it finds a token wherever there is one.
func TestEvaluateAgreesWithBruteForce(t *testing.T) {
	refs := words("abx", 4)
	for range 20 { // a hundred policies each: some operators are met in few of them
		rapid.Check(t, func(t *rapid.T) { agree(t, refs) })
	}
}

func agree(t *rapid.T, refs []string) {
	t.Helper()
	p := refPolicy(t)
	doc := document(p)
	for i := range p {
		var kept []refCondition
		for _, c := range p[i].conditions {
			if c.op != "" {
				kept = append(kept, c)
			}
		}
		p[i].conditions = kept
	}
	policy, err := ParsePolicy(doc, "")
	if err != nil {
		t.Fatal(err)
	}
	set := &ClaimSet{Repository: "o/r", Event: "push", Ref: rapid.SampledFrom([]string{"*", "a*", "ab", "*b"}).Draw(t, "ref"), Workflow: "w", Called: "o/r/w"}
	got := Evaluate(policy, set)
	if got.Verdict == Allowed {
		token := map[string]string{}
		for _, k := range []string{"sub", "ref", "job_workflow_ref", "repository", "aud"} {
			token[k] = got.Claims[k]
		}
		if !recursive(set.Ref, token["ref"]) || token["sub"] != "repo:o/r:ref:"+token["ref"] || token["job_workflow_ref"] != "o/r/w@"+token["ref"] {
			t.Fatalf("the witness is no token of the set: %v", got.Claims)
		}
		if !refAllows(p, token) {
			t.Fatalf("let in is %v, which %s does not let in", token, doc)
		}
		return
	}
	for _, ref := range refs {
		if ref == "" || !recursive(set.Ref, ref) {
			continue
		}
		for _, aud := range []string{"a", "b", "ab"} {
			if refAllows(p, refToken(ref, aud)) {
				t.Fatalf("%v: %s, but ref %q with aud %q is let in by %s", got.Verdict, got.Why, ref, aud, doc)
			}
		}
	}
}
