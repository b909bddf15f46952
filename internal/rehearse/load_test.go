package rehearse_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/playbooks"
)

var update = flag.Bool("update", false, "write golden files")

func TestEveryMistakeOfABrokenScenarioIsTold(t *testing.T) {
	_, err := rehearse.Load(nil, filepath.Join("testdata", "broken.yaml"))
	var list diag.List
	if !errors.As(err, &list) {
		t.Fatalf("Load gave %v, want diagnostics", err)
	}
	got := filepath.ToSlash(list.Error()) + "\n"
	golden := filepath.Join("testdata", "broken.out")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("mistakes:\n%s\nwant:\n%s", got, want)
	}
}

func TestShippedScenariosLoad(t *testing.T) {
	files, err := playbooks.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	names, err := rehearse.List(files)
	if err != nil || len(names) == 0 {
		t.Fatalf("%v %v", names, err)
	}
	for _, n := range names {
		l, err := rehearse.Load(files, n)
		if err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		if l.Name != n {
			t.Errorf("%s calls itself %s", n, l.Name)
		}
		if _, err := config.Parse("firebreak.yaml", l.Config); err != nil {
			t.Errorf("%s: configuration: %v", n, err)
		}
		if _, err := fs.Stat(playbooks.Files(), l.Playbook+".yaml"); err != nil {
			t.Errorf("%s: playbook: %v", n, err)
		}
		for b, tree := range l.Fixed {
			if len(l.Repo[b]) == 0 {
				t.Errorf("%s: the fix has branch %s, the repository has not", n, b)
			}
			for file, content := range tree {
				if strings.Contains(content, "pull_request_target") {
					t.Errorf("%s: %s on %s of the fixed tree still has the bad trigger", n, file, b)
				}
			}
		}
	}
}

func TestUnknownScenarioNamesTheNextStep(t *testing.T) {
	files, err := playbooks.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rehearse.Load(files, "nothing"); err == nil || !strings.Contains(err.Error(), "--list") {
		t.Errorf("unknown scenario: %v", err)
	}
}
