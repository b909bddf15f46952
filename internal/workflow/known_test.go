package workflow

import (
	"slices"
	"strings"
	"testing"
)

// Rows are data that nobody compiles: each is held to its form here.
func TestRowsOfActions(t *testing.T) {
	seen := map[string]bool{}
	for _, rows := range knownActions {
		for _, k := range rows {
			if k.Uses != strings.ToLower(k.Uses) || strings.Count(k.Uses, "/") < 1 || strings.Contains(k.Uses, "@") {
				t.Errorf("%s is not owner/name in lower case", k.Uses)
			}
			if seen[k.Uses] {
				t.Errorf("%s has two rows", k.Uses)
			}
			seen[k.Uses] = true
			if k.Kind == "" || k.System == "" {
				t.Errorf("%s: kind %q, system %q", k.Uses, k.Kind, k.System)
			}
			// "always", "without", or the input that asks for it.
			if k.OIDC != strings.ToLower(k.OIDC) || k.OIDC == "without" && len(k.Secrets) == 0 || k.Trusted != "" && k.OIDC == "" {
				t.Errorf("%s: OIDC %q, secrets %v, trusted %q", k.Uses, k.OIDC, k.Secrets, k.Trusted)
			}
			if (k.Identity == "") != (k.Input == "") {
				t.Errorf("%s: identity %q is named by input %q", k.Uses, k.Identity, k.Input)
			}
			needs(t, k.Uses, k.Needs)
		}
	}
	for _, c := range knownCommands {
		needs(t, c.Match[0], c.Needs)
	}
}

func needs(t *testing.T, of string, list []string) {
	t.Helper()
	for _, n := range list {
		scope, level, _ := strings.Cut(n, ": ")
		if !slices.Contains(Scopes, scope) || level != "read" && level != "write" {
			t.Errorf("%s needs %q", of, n)
		}
	}
}
