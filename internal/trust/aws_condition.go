package trust

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// operator is a condition operator taken apart.
// Source: AWS IAM User Guide, "IAM JSON policy elements: Condition operators" and
// "Set operators for multivalued context keys".
type operator struct {
	all, any bool // ForAllValues:, ForAnyValue:
	ifExists bool
	negative bool
	null     bool
	compare  func(value, claim string) bool // nil when it is not evaluated
	like     bool
}

func parseOperator(name string) operator {
	var o operator
	n := strings.ToLower(name)
	if rest, ok := strings.CutPrefix(n, "forallvalues:"); ok {
		o.all, n = true, rest
	} else if rest, ok := strings.CutPrefix(n, "foranyvalue:"); ok {
		o.any, n = true, rest
	}
	n, o.ifExists = strings.CutSuffix(n, "ifexists")
	switch n {
	case "stringequals":
		o.compare = func(v, c string) bool { return unescape(v) == c }
	case "stringnotequals":
		o.negative, o.compare = true, func(v, c string) bool { return unescape(v) == c }
	case "stringequalsignorecase":
		o.compare = func(v, c string) bool { return strings.EqualFold(unescape(v), c) }
	case "stringnotequalsignorecase":
		o.negative, o.compare = true, func(v, c string) bool { return strings.EqualFold(unescape(v), c) }
	case "stringlike", "arnlike", "arnequals":
		o.compare, o.like = like, true
	case "stringnotlike", "arnnotlike", "arnnotequals":
		o.negative, o.compare, o.like = true, like, true
	case "bool":
		o.compare = strings.EqualFold
	case "null":
		o.null = true
	}
	return o
}

// patterns writes an operator's values as patterns for a search. What is special in
// them but not for the operator is widened: the search proposes, Judge decides.
func (o operator) patterns(values []string) []string {
	var out []string
	for _, v := range values {
		v = strings.NewReplacer("${*}", "?", "${?}", "?", "${$}", "?").Replace(v)
		out = append(out, v)
	}
	return out
}

// like compares by pattern; "${*}", "${?}" and "${$}" stand for the characters themselves.
// Source: AWS IAM User Guide, "Policy variables", special characters.
func like(pattern, s string) bool {
	if !strings.Contains(pattern, "${") {
		return Match(pattern, s)
	}
	const star, mark, dollar = "\x04", "\x05", "\x06"
	pattern = strings.NewReplacer("${*}", star, "${?}", mark, "${$}", dollar).Replace(pattern)
	s = strings.NewReplacer("*", star, "?", mark, "$", dollar).Replace(s)
	return Match(pattern, s)
}

func unescape(v string) string {
	return strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$").Replace(v)
}

// variable says whether a value has a policy variable, which only AWS fills in.
func variable(v string) bool {
	v = strings.NewReplacer("${*}", "", "${?}", "", "${$}", "").Replace(v)
	return strings.Contains(v, "${")
}

// condition says whether a token meets a condition. A key its issuer does not give is absent.
func (p *Policy) condition(x Condition, c Claims) (Verdict, string) {
	o := parseOperator(x.Operator)
	claim, known, global := claimOf(x.Key, p.issuer)
	if global {
		return Unknown, fmt.Sprintf("%s on %s is not in a token", x.Operator, x.Key)
	}
	value, present := "", false
	if known {
		value, present = c[claim]
	}
	if !present && known && unsaid(claim) {
		return Unknown, fmt.Sprintf("%s of the token is not known", claim)
	}
	if o.null {
		for _, v := range x.Values {
			if strings.EqualFold(v, "true") != present {
				return Allowed, ""
			}
		}
		return Denied, fmt.Sprintf("%s does not hold for %s", x.Operator, x.Key)
	}
	if o.compare == nil {
		return Unknown, fmt.Sprintf("operator %s is not evaluated", x.Operator)
	}
	if !present {
		if o.ifExists || o.all || o.negative && !o.any {
			return Allowed, ""
		}
		return Denied, fmt.Sprintf("the token has no %s", x.Key)
	}
	if claim == "actor" {
		return Unknown, "who triggers the run is not known before"
	}
	if slices.ContainsFunc(x.Values, variable) {
		return Unknown, fmt.Sprintf("%s has a policy variable", x.Key)
	}
	matched := slices.ContainsFunc(x.Values, func(v string) bool { return o.compare(v, value) })
	if matched == o.negative {
		return Denied, fmt.Sprintf("%s of %s does not hold for %q", x.Operator, x.Key, value)
	}
	return Allowed, ""
}

// unsaid says whether a claim that a set does not have may stand in its tokens all the
// same: every token has it, or some do, and we may not know. A missing environment is
// known: the job is in none.
func unsaid(claim string) bool {
	switch claim {
	case "actor_id", "repository_id", "repository_owner_id", "repository_visibility", "enterprise", "enterprise_id", "workflow", "workflow_sha", "job_workflow_sha",
		"runner_environment", "head_ref", "base_ref", "ref_protected", "sha", "run_id", "run_number", "run_attempt", "check_run_id":
		return true
	}
	return strings.HasPrefix(claim, "repo_property_")
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
