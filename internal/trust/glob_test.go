package trust

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// recursive is the plainest matcher there is.
func recursive(p, s string) bool {
	switch {
	case p == "":
		return s == ""
	case p[0] == '*':
		return recursive(p[1:], s) || s != "" && recursive(p, s[1:])
	case s == "":
		return false
	}
	return (p[0] == '?' || p[0] == s[0]) && recursive(p[1:], s[1:])
}

// words are all texts of an alphabet up to a length.
func words(alphabet string, n int) []string {
	out := []string{""}
	from := 0
	for range n {
		end := len(out)
		for _, w := range out[from:end] {
			for _, c := range alphabet {
				out = append(out, w+string(c))
			}
		}
		from = end
	}
	return out
}

func pattern(t *rapid.T, label string) string {
	return rapid.StringMatching(`[ab*?]{0,4}`).Draw(t, label)
}

func TestMatchAgreesWithThePlainestMatcher(t *testing.T) {
	all := words("ab/", 4)
	rapid.Check(t, func(t *rapid.T) {
		p := pattern(t, "pattern")
		for _, w := range all {
			if Match(p, w) != recursive(p, w) {
				t.Fatalf("%q on %q: %v", p, w, Match(p, w))
			}
		}
	})
}

func TestMeetFindsATextWheneverThereIsOne(t *testing.T) {
	all := words("abx", 6)
	rapid.Check(t, func(t *rapid.T) {
		patterns := []string{pattern(t, "a"), pattern(t, "b"), pattern(t, "c")}
		got, ok := Meet('x', patterns...)
		both := func(w string) bool {
			return recursive(patterns[0], w) && recursive(patterns[1], w) && recursive(patterns[2], w)
		}
		if ok && !both(got) {
			t.Fatalf("%q do not all match %q", patterns, got)
		}
		if ok {
			return
		}
		for _, w := range all {
			if both(w) {
				t.Fatalf("%q: none found, but %q", patterns, w)
			}
		}
	})
}

func TestRests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringMatching(`[ab*?]{0,4}`).Draw(t, "p")
		for _, w := range words("ab", 4) {
			for cut := range len(w) + 1 {
				want := recursive(p, w)
				got := false
				for _, r := range rests(p, w[:cut]) {
					got = got || recursive(r, w[cut:])
				}
				if got != want {
					t.Fatalf("%q: %q|%q: %v, want %v", p, w[:cut], w[cut:], got, want)
				}
			}
		}
	})
}

func TestMeetCrossesEverySeparator(t *testing.T) {
	got, ok := Meet('x', "repo:acme/shop:ref:refs/heads/*", "repo:acme/*:ref:*/main")
	if !ok || !strings.HasPrefix(got, "repo:acme/shop:ref:refs/heads/") || !strings.HasSuffix(got, "/main") {
		t.Error(got, ok)
	}
}
