package trust

import (
	"slices"
	"strings"
)

// Match says whether a pattern matches a text whole. "*" stands for any text, "?" for
// any one character; both cross "/" and ":".
// Source: AWS IAM User Guide, "IAM JSON policy elements: Condition operators", StringLike.
func Match(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			p = star + 1
			mark++
			i = mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// places are positions in a pattern that a text read so far can have come to, sorted.
type places []int

// begin are the places before any text.
func begin(p string) places { return spread(p, places{0}) }

// spread adds the places that are come to without reading: behind a "*".
func spread(p string, at places) places {
	var out places
	for _, i := range at {
		for {
			if !slices.Contains(out, i) {
				out = append(out, i)
			}
			if i >= len(p) || p[i] != '*' {
				break
			}
			i++
		}
	}
	slices.Sort(out)
	return out
}

func read(p string, at places, c byte) places {
	var out places
	for _, i := range at {
		switch {
		case i >= len(p):
		case p[i] == '*':
			out = append(out, i)
		case p[i] == '?' || p[i] == c:
			out = append(out, i+1)
		}
	}
	return spread(p, out)
}

// rests are patterns for what may follow a text at the beginning of what p matches.
func rests(p, text string) []string {
	at := begin(p)
	for i := 0; i < len(text); i++ {
		at = read(p, at, text[i])
	}
	var out []string
	for _, i := range at {
		out = append(out, p[i:])
	}
	return out
}

// maxSteps bounds the search of Meet.
const maxSteps = 20_000

// Meet gives a shortest text that all patterns match, with filler for what is free. ok is
// false when there is none, or none was found within the bound.
func Meet(filler byte, patterns ...string) (text string, ok bool) {
	type state struct {
		at   []places
		text string
	}
	first := state{}
	for _, p := range patterns {
		first.at = append(first.at, begin(p))
	}
	seen := map[string]bool{}
	queue := []state{first}
	for n := 0; len(queue) > 0 && n < maxSteps; n++ {
		s := queue[0]
		queue = queue[1:]
		end := true
		var letters []byte
		for k, p := range patterns {
			end = end && slices.Contains(s.at[k], len(p))
			for _, i := range s.at[k] {
				if i < len(p) && p[i] != '*' && p[i] != '?' && !slices.Contains(letters, p[i]) {
					letters = append(letters, p[i])
				}
			}
		}
		if end {
			return s.text, true
		}
		for _, c := range append(letters, filler) {
			next := state{at: make([]places, len(patterns)), text: s.text + string(c)}
			var key strings.Builder
			dead := false
			for k, p := range patterns {
				next.at[k] = read(p, s.at[k], c)
				dead = dead || len(next.at[k]) == 0
				for _, i := range next.at[k] {
					key.WriteByte(byte(i))
					key.WriteByte(byte(i >> 8))
				}
				key.WriteString("|\xff\xff")
			}
			if !dead && !seen[key.String()] {
				seen[key.String()] = true
				queue = append(queue, next)
			}
		}
	}
	return "", false
}

// wild says whether a pattern is more than a text.
func wild(s string) bool { return strings.ContainsAny(s, "*?") }
