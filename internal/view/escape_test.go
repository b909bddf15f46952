package view

import (
	"strings"
	"testing"
	"unicode"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"ci.yml":                   "ci.yml",
		"grün":                     "grün",
		"\x1b[31mred":              `\x1b[31mred`,
		"a\r\nb":                   `a\x0d\nb`,
		"safe\u202egnp.exe":        `safe\u202egnp.exe`,
		"zero\u200bwidth":          `zero\u200bwidth`,
		"bad\xffutf":               `bad\xffutf`,
		"\u009b31m":                `\x9b31m`,
		"no\u00a0break":            `no\xa0break`,
		"tag\U000e0041":            `tag\U000e0041`,
		"]8;;http://x\x07link\x07": `]8;;http://x\x07link\x07`,
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Block("a\n\tb\x1b"); got != "a\n\tb\\x1b" {
		t.Errorf("Block keeps lines and tabs: %q", got)
	}
}

func TestMarkdown(t *testing.T) {
	got := Markdown("<img src=x> [a](https://evil) `x` | ![y] @team #1\n# head")
	for _, bad := range []string{"<img", "[a](", "https://", "| !", "\n", " @team"} {
		if strings.Contains(got, bad) {
			t.Errorf("Markdown left %q in %q", bad, got)
		}
	}
}

// Invariant I13: whatever goes in, nothing that moves or hides text comes out.
func FuzzLine(f *testing.F) {
	f.Add("\x1b]0;title\x07")
	f.Add("\u2066x\u2069")
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range []string{Line(s), Markdown(s)} {
			for _, r := range out {
				if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
					t.Fatalf("%q leaves %q in %q", s, r, out)
				}
			}
		}
	})
}
