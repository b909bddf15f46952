package aws

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// way is how a trust policy lets a role's sessions in.
type way int

const (
	shutOut   way = iota
	byAccount     // it lets the whole account in: the role needs a permission of its own
	byName        // it means the role itself, or everybody
)

// assumable says whether a trust policy lets sessions of a role in, and why, in a
// sentence. What denies it is not looked at: a session from before that may live. Of the
// conditions only those on the role's own name are evaluated; any other may hold.
// Source: IAM user guide, "AWS JSON policy elements: Principal" and "Policy evaluation
// logic": within an account, a trust policy that names a role needs no permission beside.
func (t trust) assumable(from string) (how way, why string, err error) {
	for _, raw := range t.statements {
		var st statement
		if err := json.Unmarshal(raw, &st); err != nil {
			return shutOut, "", fmt.Errorf("read trust policy: %w", err)
		}
		asks := len(st.Action) == 0 || slices.ContainsFunc(st.Action, func(a string) bool { return like(strings.ToLower(a), "sts:assumerole") })
		if st.Effect != "Allow" || !asks || !isFrom(st.Condition, from) {
			continue
		}
		if w, by := st.means(from); w > how {
			how, why = w, "its trust policy "+by
			if len(st.Condition) > 0 {
				why += ", under a condition"
			}
		}
	}
	return how, why, nil
}

// means tells how a statement's principals are the role.
func (st statement) means(from string) (way, string) {
	var by map[string]words
	if len(st.NotPrincipal) > 0 || json.Unmarshal(st.Principal, &by) != nil {
		return byName, "lets everybody in"
	}
	how, why := shutOut, ""
	session := "arn:" + partition(from) + ":sts::" + accountOf(from) + ":assumed-role/" + roleName(from) + "/"
	for _, p := range by["AWS"] {
		switch {
		case p == "*":
			return byName, "lets everybody in"
		case p == from || strings.HasPrefix(p, session):
			return byName, "names role " + roleName(from)
		case p == accountOf(from) || strings.HasSuffix(p, ":iam::"+accountOf(from)+":root"):
			how, why = byAccount, "lets account "+accountOf(from)+" in"
		}
	}
	return how, why
}

// partition is that of an ARN: "aws", "aws-us-gov", "aws-cn".
func partition(arn string) string {
	if f := strings.SplitN(arn, ":", 3); len(f) == 3 {
		return f[1]
	}
	return "aws"
}

// isFrom reports whether the conditions on the caller's name hold for a role. Conditions
// that cannot be read, or have a variable in them, may hold.
// Source: IAM user guide, "AWS global condition context keys", aws:PrincipalArn: of a
// session it is the role's ARN.
func isFrom(condition json.RawMessage, from string) bool {
	var c map[string]map[string]words
	if len(condition) == 0 || json.Unmarshal(condition, &c) != nil {
		return true
	}
	for op, tests := range c {
		_, base, _ := strings.Cut(":"+strings.TrimPrefix(op, "ForAnyValue:"), ":")
		base = strings.TrimSuffix(base, "IfExists")
		if !slices.Contains([]string{"StringEquals", "StringLike", "ArnEquals", "ArnLike"}, base) {
			continue
		}
		for key, values := range tests {
			if strings.EqualFold(key, "aws:PrincipalArn") && !slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "${") || like(v, from) }) {
				return false
			}
		}
	}
	return true
}

// like matches * and ?, both of which cross every separator. Patterns are other people's
// text, so that the time must not grow with their stars.
// Source: IAM user guide, "IAM JSON policy elements: Condition operators".
func like(pattern, s string) bool {
	text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	e, err := regexp.Compile("(?s)^" + text + "$")
	return err != nil || e.MatchString(s) // what cannot be read may hold
}
