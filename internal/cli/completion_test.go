package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// every visits a tree of commands.
func every(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, c := range cmd.Commands() {
		every(c, do)
	}
}

// A command that takes an incident, a playbook or a scenario offers them.
func TestArgumentsAreCompleted(t *testing.T) {
	n := 0
	every(newRoot(newFactory("test", nil)), func(c *cobra.Command) {
		for _, word := range []string{"INCIDENT", "PLAYBOOK", "SCENARIO"} {
			if !strings.Contains(c.Use, word) {
				continue
			}
			n++
			if c.ValidArgsFunction == nil {
				t.Errorf("%s completes nothing; add it to the table arguments", c.CommandPath())
			}
		}
	})
	if n < 9 {
		t.Errorf("only %d commands were looked at", n)
	}
}

// What is offered for --output is what the command takes, no more and no less.
func TestOfferedFormatsAreTaken(t *testing.T) {
	call, n := regexp.MustCompile(`f\.format\(([^)]*)\)`), 0
	every(newRoot(newFactory("test", nil)), func(c *cobra.Command) {
		b, err := os.ReadFile(c.Name() + ".go")
		if err != nil || c.HasParent() && c.Parent().HasParent() {
			return // told of elsewhere, or in the file of its parent
		}
		m := call.FindSubmatch(b)
		if m == nil {
			return
		}
		n++
		taken := strings.Split(strings.ReplaceAll(string(m[1]), `"`, ""), ", ")
		offered, _ := completeOutput(c, nil, "")
		slices.Sort(taken)
		offered = slices.Sorted(slices.Values(offered))
		if !slices.Equal(taken, offered) {
			t.Errorf("%s takes %s, offered are %s", c.Name(), taken, offered)
		}
	})
	if n < 9 {
		t.Errorf("only %d commands were looked at", n)
	}
}

func TestWorkflowFilesAreThoseOfTheWorkingCopy(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if got := workflowFiles(nil); len(got) > 0 {
		t.Errorf("without any: %q", got)
	}
	folder := filepath.Join(dir, ".github", "workflows")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ci.yml", "b.yaml", "x\x1b[31m.yml", "README.md"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := workflowFiles(nil)
	if len(got) != 3 || !slices.Contains(got, "ci.yml") || strings.ContainsRune(strings.Join(got, ""), '\x1b') {
		t.Errorf("%q", got)
	}
}
