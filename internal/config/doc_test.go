package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/plan"
)

// Every key the parser knows stands in docs/configuration.md.
func TestEveryKeyIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	calls, keys := regexp.MustCompile(`(?:\.Map\(|identityKinds\(\), )("[^)]*)\)`), regexp.MustCompile(`"([a-z_]+)"`)
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range calls.FindAllStringSubmatch(string(src), -1) {
			for _, key := range keys.FindAllStringSubmatch(call[1], -1) {
				seen++
				if !strings.Contains(string(doc), "`"+key[1]+"`") && !strings.Contains(string(doc), "`"+key[1]+": ") {
					t.Errorf("%s knows the key %s, docs/configuration.md does not", name, key[1])
				}
			}
		}
	}
	for _, word := range append(plan.Authorities(), identityKinds()...) {
		if !strings.Contains(string(doc), "`"+word) {
			t.Errorf("docs/configuration.md does not name %s", word)
		}
	}
	if seen < 35 {
		t.Errorf("only %d keys were found in the sources", seen)
	}
}
