package boundary

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/config"
	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

var update = flag.Bool("update", false, "write the .out files anew")

// TestRules holds each testdata/RULE/CASE.yaml to its .out: the findings of that
// rule. A first line "# branches: a b" puts the file on those branches (main
// otherwise); "# default permissions: not known" or "write" and "# visibility: public" say
// what is known of the repository; "# environments: surveyed" gives it those of surveyedEnvironments.
func TestRules(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range cases {
		rule := filepath.Base(filepath.Dir(file))
		t.Run(rule+"/"+strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			var got strings.Builder
			for _, f := range judged(t, file) {
				if f.Rule != rule {
					continue
				}
				seen[rule] = true
				fmt.Fprintf(&got, "%s:%d:%d: %s: %s\n", f.Path, f.Line, f.Column, f.Severity, f.Message)
				fmt.Fprintf(&got, "    fires from [%s]; job %s%s\n", strings.Join(f.Fires, " "), f.Job, strings.TrimRight(" of "+f.Workflow, " of"))
				if f.Gate != gates(f) || f.Fix == "" || f.Repository != "acme/shop" {
					t.Errorf("finding without gate, fix or repository: %+v", f)
				}
			}
			out := strings.TrimSuffix(file, ".yaml") + ".out"
			if *update {
				if err := os.WriteFile(out, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want)
			}
		})
	}
	for _, r := range Rules() {
		if !seen[r.ID] {
			t.Errorf("rule %s is found by no case", r.ID)
		}
		if r.Why == "" || r.Fix == "" || strings.Count(r.Why, ".") != 1 {
			t.Errorf("rule %s wants one sentence why, and a fix", r.ID)
		}
	}
}

// gates says whether a finding should hold gate 5: what its rule lets in, at a severity
// at which an outsider walks in.
func gates(f inventory.Finding) bool {
	for _, r := range Rules() {
		if r.ID == f.Rule {
			return r.Gate && f.Severity != Medium && f.Severity != Low
		}
	}
	return false
}

func judged(t *testing.T, file string) []inventory.Finding {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	branches := []string{"main"}
	if list, ok := strings.CutPrefix(first, "# branches: "); ok {
		branches = strings.Fields(list)
	}
	src := inventory.Source{Repository: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read"}
	if v, ok := strings.CutPrefix(first, "# default permissions: "); ok {
		src.DefaultPermissions = strings.TrimPrefix(v, "not known")
	}
	if v, ok := strings.CutPrefix(first, "# visibility: "); ok {
		src.Visibility = v
	}
	if first == "# environments: surveyed" {
		src.Environments = surveyedEnvironments()
	}
	src.Files = append(src.Files, inventory.SourceFile{Path: ".github/workflows/case.yml", Branches: branches, Content: b})
	for _, shared := range []string{".github/workflows/called.yml", ".github/workflows/release.yml", ".github/actions/fetch/action.yml", ".github/actions/tools/action.yml"} {
		b, err := os.ReadFile(filepath.Join("testdata/shared", shared))
		if err != nil {
			t.Fatal(err)
		}
		src.Files = append(src.Files, inventory.SourceFile{Path: shared, Branches: branches, Content: b})
	}
	cfg := &config.Config{Credentials: []config.Credential{
		{Secret: []string{"NPM_TOKEN"}, Authority: []string{"publish"}},
		{Secret: []string{"DEPLOY_KEY"}, Authority: []string{"deploy"}},
		{Secret: []string{"SLACK_HOOK"}, Authority: []string{"read"}},
	}}
	models := inventory.Parse([]inventory.Source{src})
	return Check(models, inventory.Build(models, nil, cfg))
}

// surveyedEnvironments has one of every kind there is.
func surveyedEnvironments() map[string]inventory.Environment {
	s := &snapshot.Snapshot{
		Gaps: []snapshot.Gap{{Provider: "github", What: "branches that may use environment unread of acme/shop", Why: "403"}},
		Repositories: []snapshot.Repository{{FullName: "acme/shop", Branches: []snapshot.Branch{{Name: "main"}}, Environments: []snapshot.Environment{
			{Name: "Production", Policy: "custom", Branches: []string{"main"}, Reviewers: []string{"alice"}},
			{Name: "open"},
			{Name: "any-name", Policy: "custom", Branches: []string{"release/*", "*"}},
			{Name: "protected", Policy: "protected"},
			{Name: "asked", Reviewers: []string{"alice"}},
			{Name: "asked-bypass", Reviewers: []string{"alice"}, CanBypass: true},
			{Name: "unasked", Policy: "custom", Branches: []string{"main"}, CanBypass: true},
			{Name: "bypass", Policy: "custom", Branches: []string{"main"}, Reviewers: []string{"alice"}, CanBypass: true},
			{Name: "unread", Policy: "custom", Reviewers: []string{"alice"}},
		}}},
	}
	return inventory.FromSnapshot(s)[0].Environments
}
