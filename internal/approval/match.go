package approval

import "strings"

// matchList matches v against comma-separated patterns: a pattern with "!" that
// matches rules v out, whatever else does.
// Source: ssh_config(5), "PATTERNS".
func matchList(v, patterns string) bool {
	found := false
	for p := range strings.SplitSeq(patterns, ",") {
		p, not := strings.CutPrefix(p, "!")
		if !match(v, p) {
			continue
		}
		if not {
			return false
		}
		found = true
	}
	return found
}

// match knows "*" (any number of characters) and "?" (exactly one).
func match(v, p string) bool {
	star, from := -1, 0
	i, j := 0, 0
	for i < len(v) {
		switch {
		case j < len(p) && p[j] == '*':
			star, from = j, i
			j++
		case j < len(p) && (p[j] == '?' || p[j] == v[i]):
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = from, star+1
		default:
			return false
		}
	}
	return strings.Trim(p[j:], "*") == ""
}
