package inventory

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/snapshot"
)

func foundBy(inv Inventory, rule string) []string {
	var out []string
	for _, f := range inv.Findings {
		if f.Rule == rule {
			out = append(out, f.Message)
		}
	}
	return out
}

// TestUsedAndNotUsed holds the rules about what is kept just in case to files: each
// workflow in testdata/kept says in comments which secrets of it are told ("# told: NAME").
func TestUsedAndNotUsed(t *testing.T) {
	files, err := filepath.Glob("testdata/kept/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatal(err, files)
	}
	src := Source{Repository: "acme/billing-api"}
	var want []string
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		src.Files = append(src.Files, SourceFile{Path: ".github/workflows/" + filepath.Base(name), Content: b})
		for n, l := range strings.Split(string(b), "\n") {
			if _, told, ok := strings.Cut(l, "# told: "); ok {
				rule, text, _ := strings.Cut(told, " ")
				want = append(want, filepath.Base(name)+":"+strconv.Itoa(n+1)+" "+rule+" "+text)
			}
		}
	}
	inv := Build(Parse([]Source{src}), nil, nil)
	var got []string
	for _, f := range inv.Findings {
		if f.Rule == RuleJustInCase || f.Rule == RuleUnclearName {
			got = append(got, filepath.Base(f.Path)+":"+strconv.Itoa(f.Line)+" "+f.Rule+" "+f.Message)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestStoredAndDeclaredWithoutUse(t *testing.T) {
	s := &snapshot.Snapshot{Repositories: []snapshot.Repository{
		{FullName: "acme/shop", ID: 1, Secrets: []snapshot.Secret{
			{Name: "USED", Scope: "repository"}, {Name: "LEFT", Scope: "repository"}, {Name: "SPACE", Scope: "codespaces"},
			{Name: "ORG", Scope: "organization", Visibility: "all"}, {Name: "PICKED", Scope: "organization", Visibility: "selected", Selected: []int64{1}},
			{Name: "ELSEWHERE", Scope: "organization", Visibility: "selected", Selected: []int64{1, 2}},
		}},
		{FullName: "acme/broken", ID: 3, Secrets: []snapshot.Secret{{Name: "HIDDEN", Scope: "repository"}}},
	}}
	sources := []Source{
		{Repository: "acme/shop", Files: []SourceFile{{Path: ".github/workflows/x.yml", Content: []byte(workflowOf("", "${{ secrets.USED }}"))}}},
		{Repository: "acme/broken", Files: []SourceFile{{Path: ".github/workflows/x.yml", Content: []byte("on: [push\n")}}},
	}
	cfg := &config.Config{Credentials: []config.Credential{{Secret: []string{"USED"}, Line: 3}, {Secret: []string{"GONE"}, Line: 7}}}
	inv := Build(Parse(sources), s, cfg)
	var names []string
	for _, m := range foundBy(inv, RuleUnreached) {
		names = append(names, strings.Fields(m)[1])
	}
	if slices.Sort(names); !slices.Equal(names, []string{"LEFT", "PICKED"}) {
		t.Errorf("stored and not read: %v", names)
	}
	if got := foundBy(inv, RuleUnused); len(got) != 1 || !strings.Contains(got[0], "GONE is declared at line 7") {
		t.Errorf("declared and not used: %v", got)
	}
	cfg.Credentials = append(cfg.Credentials, config.Credential{Secret: []string{"OTHERS"}}, config.Credential{Secret: []string{"ALSO_OTHERS"}})
	if got := foundBy(Build(Parse(sources), s, cfg), RuleUnused); len(got) != 0 {
		t.Errorf("a configuration that is about other repositories: %v", got)
	}
}

func TestAnOrganizationsSecretIsThereWhereItIsGiven(t *testing.T) {
	given := snapshot.Secret{Name: "NPM_TOKEN", Scope: "organization", Visibility: "selected", Selected: []int64{2}}
	private := snapshot.Secret{Name: "NPM_TOKEN", Scope: "organization", Visibility: "private"}
	for _, c := range []struct {
		secret  snapshot.Secret
		id      int64
		private bool
		missing int
	}{{given, 2, false, 0}, {given, 1, false, 1}, {private, 1, true, 0}, {private, 1, false, 1}} {
		s := &snapshot.Snapshot{Repositories: []snapshot.Repository{{FullName: "acme/shop", ID: c.id, Private: c.private, Secrets: []snapshot.Secret{c.secret}}}}
		inv := Build(Parse([]Source{{Repository: "acme/shop", Files: []SourceFile{{Path: ".github/workflows/x.yml", Content: []byte(workflowOf("", "${{ secrets.NPM_TOKEN }}"))}}}}), s, nil)
		if got := len(foundBy(inv, RuleMissing)); got != c.missing {
			t.Errorf("%+v in repository %d (private %v): %d missing, want %d", c.secret, c.id, c.private, got, c.missing)
		}
	}
}
