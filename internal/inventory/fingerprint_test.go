package inventory

import (
	"strconv"
	"testing"
)

func prints(findings ...Finding) []string {
	var out []string
	for _, f := range (Inventory{}).WithFindings(findings).Findings {
		out = append(out, f.Fingerprint)
	}
	return out
}

func TestAFingerprintSurvivesMovedLinesAndNothingElse(t *testing.T) {
	base := Finding{Rule: "r", Repository: "acme/shop", Path: ".github/workflows/ci.yml", Line: 7, Column: 3, Job: "build", Message: "see line 12, other.yml:3:9 and key 111122223333"}
	want := prints(base)[0]
	change := func(f func(*Finding)) string {
		x := base
		f(&x)
		return prints(x)[0]
	}
	for name, f := range map[string]func(*Finding){
		"moved":                  func(x *Finding) { x.Line, x.Column = 99, 1 },
		"places it names moved":  func(x *Finding) { x.Message = "see line 13, other.yml:4:1 and key 111122223333" },
		"another repository":     func(x *Finding) { x.Repository = "" },
		"another folder":         func(x *Finding) { x.Folder = "/tmp/x" },
		"another branch":         func(x *Finding) { x.Branches = []string{"main"} },
		"another way to mend it": func(x *Finding) { x.Fix = "delete it" },
	} {
		if got := change(f); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, f := range map[string]func(*Finding){
		"rule":    func(x *Finding) { x.Rule = "s" },
		"path":    func(x *Finding) { x.Path = ".github/workflows/cd.yml" },
		"job":     func(x *Finding) { x.Job = "test" },
		"starter": func(x *Finding) { x.Workflow = ".github/workflows/cd.yml" },
		"numbers": func(x *Finding) { x.Message = "see line 12, other.yml:3:9 and key 111122223334" },
		"words":   func(x *Finding) { x.Message = "see line 12, other.yml:3:9 and no key" },
	} {
		if change(f) == want {
			t.Errorf("%s: the fingerprint stays", name)
		}
	}
}

func TestEqualFindingsOfOneJobAreTold(t *testing.T) {
	at := func(branch string, line int) Finding {
		return Finding{Rule: "r", Path: "p", Branches: []string{branch}, Line: line, Message: "m"}
	}
	got := prints(at("a", 1), at("a", 9), at("b", 4), at("b", 5))
	if got[0] != got[1] || got[2] != got[3] || got[0] == got[2] { // sorted by line
		t.Errorf("first and second of two branches: %v", got)
	}
	// What is known already is kept when more is added.
	inv := Inventory{}.WithFindings([]Finding{at("a", 1), at("a", 9)})
	again := inv.WithFindings([]Finding{{Rule: "s", Path: "p", Message: "m"}})
	if again.Findings[0].Fingerprint == "" || again.Findings[1].Fingerprint != inv.Findings[0].Fingerprint {
		t.Errorf("%v", again.Findings)
	}
}

func TestFoldersAreToldApart(t *testing.T) {
	a := Finding{Rule: "r", Folder: "a", Path: "p", Line: 1, Message: "m"}
	b := a
	b.Folder = "b"
	if n := len(prints(a, b, a)); n != 2 {
		t.Errorf("%d findings of two folders", n)
	}
}

// The finding in a called workflow is one, whoever calls it, and always the same; but
// each caller's gate is held by its own.
func TestOneFindingForSeveralCallers(t *testing.T) {
	called := func(by string, gate bool) Finding {
		return Finding{Rule: "r", Path: "called.yml", Line: 1, Message: "m", Workflow: by, Gate: gate}
	}
	all := []Finding{called("b.yml", false), called("", false), called("a.yml", false)}
	for range 3 {
		if got := (Inventory{}).WithFindings(all).Findings; len(got) != 1 || got[0].Workflow != "" {
			t.Errorf("%+v", got)
		}
		all = append(all[1:], all[0])
	}
	if got := (Inventory{}).WithFindings([]Finding{called("b.yml", true), called("a.yml", true), called("a.yml", true)}).Findings; len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestPlacelessLeavesNumbersThatAreNames(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"node20":               "node20",
		"line 3 and v4":        "line  and v4",
		"a.yaml:12:4: x":       "a.yaml::: x",
		"arn:aws:iam::1111:x":  "arn:aws:iam::1111:x",
		"in .yml files, 3 of ": "in .yml files, 3 of ",
	} {
		if got := placeless(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func BenchmarkFingerprints(b *testing.B) {
	var all []Finding
	for i := range 5000 {
		all = append(all, Finding{Rule: "r", Path: "p" + strconv.Itoa(i/50), Line: i, Message: "job build uses secret NUMBER_" + strconv.Itoa(i)})
	}
	for b.Loop() {
		Inventory{}.WithFindings(all)
	}
}

// A place can be opened only by whoever knows which folder it is in.
func TestEveryFindingSaysItsFolder(t *testing.T) {
	models := Parse([]Source{{Folder: "shop", Files: []SourceFile{
		{Path: ".github/workflows/a.yml", Content: []byte("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: npm publish\n        env:\n          T: ${{ secrets.T }}\n      - uses: aws-actions/configure-aws-credentials@v4\n        with:\n          role-to-assume: ${{ secrets.ROLE }}\n")},
		{Path: ".github/workflows/b.yml", Content: []byte("- no workflow\n")},
	}}})
	findings := Build(models, nil, nil).Findings
	if len(findings) < 3 {
		t.Fatalf("%d findings", len(findings))
	}
	for _, f := range findings {
		if f.Folder != "shop" {
			t.Errorf("%+v", f)
		}
	}
}
