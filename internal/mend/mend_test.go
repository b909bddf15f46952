package mend

import (
	"strings"
	"testing"

	"github.com/firebreak/firebreak/internal/inventory"
	"github.com/firebreak/firebreak/internal/snapshot"
)

const pathOfTests = ".github/workflows/x.yml"

func folder(name string, contents ...string) inventory.Source {
	s := inventory.Source{Folder: name}
	for i, c := range contents {
		s.Files = append(s.Files, inventory.SourceFile{Path: strings.Replace(pathOfTests, "x", string(rune('x'+i)), 1), Content: []byte(c)})
	}
	return s
}

func request(sources ...inventory.Source) Request {
	return Request{
		Sources: sources, Ways: testWays, Judge: testJudge, Wanted: judged(sources),
		Snapshot: &snapshot.Snapshot{Actions: []snapshot.ActionRef{{Uses: "actions/checkout", Ref: "v4", SHA: strings.Repeat("a", 40)}}},
	}
}

const loose = `# the pipeline
on: pull_request_target
env:
  TOKEN: ${{ secrets.TOKEN }}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{ github.event.pull_request.title }}" "$TOKEN"
`

const tight = `# the pipeline
on: pull_request_target

permissions:
  contents: read
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa # v4
        with:
          persist-credentials: false
      - env:
          TOKEN: ${{ secrets.TOKEN }}
          PULL_REQUEST_TITLE: ${{ github.event.pull_request.title }}
        run: echo "${PULL_REQUEST_TITLE}" "$TOKEN"
`

// One after the other all ways change one file, and the findings are gone.
func TestMendInEveryWay(t *testing.T) {
	r := request(folder("a", loose), folder("b", loose))
	done := Mend(r)
	if len(done.Files) != 2 {
		t.Fatalf("%d files, %v", len(done.Files), done.Declined)
	}
	for _, f := range done.Files {
		if got := string(f.After); got != strings.Replace(tight, "\n\npermissions", "\npermissions", 1) {
			t.Errorf("got\n%s", got)
		}
	}
	for _, d := range done.Declined {
		if strings.HasPrefix(d.Finding.Rule, "test-") {
			t.Errorf("%s at %s is left: %s", d.Finding.Rule, d.Finding.Folder, d.Why)
		}
	}
	if n := len(ours(done.Mended)); n != 10 {
		t.Errorf("%d mended", n)
	}
	again := folder("a", string(done.Files[0].After))
	second := request(again)
	if x := Mend(second); len(x.Files) != 0 {
		t.Errorf("a second time changes it again: %s", x.Files[0].After)
	}
}

// ours are the findings of the rules that these tests bring.
func ours(all []inventory.Finding) (out []inventory.Finding) {
	for _, f := range all {
		if strings.HasPrefix(f.Rule, "test-") {
			out = append(out, f)
		}
	}
	return out
}

// Only what is wanted is mended, and every wanted finding is accounted for.
func TestMendKeepsToWhatIsWanted(t *testing.T) {
	r := request(folder("a", loose))
	var only []inventory.Finding
	for _, f := range r.Wanted {
		if f.Rule == "test-forget" {
			only = append(only, f)
		}
	}
	r.Wanted = only
	done := Mend(r)
	want := strings.Replace(loose, "checkout@v4\n", "checkout@v4\n        with:\n          persist-credentials: false\n", 1)
	if len(done.Files) != 1 || string(done.Files[0].After) != want || len(done.Mended) != 1 || len(done.Declined) != 0 {
		t.Errorf("%+v", done)
	}
	r.Wanted[0].Fingerprint = "of another look"
	if done = Mend(r); len(done.Files) != 0 || len(done.Declined) != 1 {
		t.Errorf("%+v", done)
	}
}

// Of several alike one that cannot be mended does not keep the others.
func TestMendOneByOne(t *testing.T) {
	r := request(folder("a", `on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - { uses: actions/checkout@v4 }
      - uses: actions/checkout@v4
      - uses: actions/checkout@v4
`))
	done := Mend(r)
	if len(done.Files) != 1 || strings.Count(string(done.Files[0].After), "persist-credentials: false") != 2 || strings.Count(string(done.Files[0].After), "@aaaa") != 3 {
		t.Fatalf("%+v", done)
	}
	if len(done.Declined) != 1 || done.Declined[0].Why != errLayout.Error() || len(ours(done.Mended)) != 5 {
		t.Errorf("%+v", done.Declined)
	}
}

// What is said of a change that does not hold: each of these would be a defect.
func TestHolds(t *testing.T) {
	m := &mending{request: request(folder("a", tight))}
	view := func(text string) view { return m.judged(folder("a", text)) }
	was := view(loose)
	one := []inventory.Finding{}
	for _, f := range was.findings {
		if f.Rule == "test-forget" {
			one = append(one, f)
		}
	}
	forgotten := strings.Replace(loose, "checkout@v4\n", "checkout@v4\n        with:\n          persist-credentials: false\n", 1)
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"mended":          {forgotten, nil},
		"still there":     {loose, errStays},
		"no workflow":     {"on: push\n", errBroken},
		"a new mistake":   {forgotten + "      - run: echo ${{ secrets. }}\n", errBroken},
		"another finding": {forgotten + "      - uses: other/thing@v1\n", errWorse},
		"another secret":  {strings.Replace(forgotten, `"$TOKEN"`, `"${{ secrets.OTHER }}"`, 1), errWorse},
		"another right":   {strings.Replace(forgotten, "jobs:", "permissions: { id-token: write }\njobs:", 1), errWorse},
	} {
		if got := holds(was, view(c.text), one); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	known := view(tight)
	if got := holds(known, view(strings.Replace(tight, "contents: read", "contents: write", 1)), nil); got != errReach {
		t.Errorf("more than before: %v", got)
	}
}

// A survey has a file once for each content; the default branch's is the one to mend.
func TestMendTheDefaultBranch(t *testing.T) {
	s := inventory.Source{Repository: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read", Files: []inventory.SourceFile{
		{Path: pathOfTests, Branches: []string{"main", "next"}, Content: []byte(loose)}, {Path: pathOfTests, Branches: []string{"old"}, Content: []byte(loose + "      - run: echo\n")},
	}}
	done := Mend(request(s))
	if len(done.Files) != 1 || done.Files[0].Branches[0] != "main" || len(done.Mended) < 5 {
		t.Errorf("%d files, %d mended", len(done.Files), len(done.Mended))
	}
	for _, d := range done.Declined {
		if (d.Why == errBranch.Error()) != (d.Finding.Branches[0] == "old") {
			t.Errorf("%v: %s", d.Finding.Branches, d.Why)
		}
	}
}

// Two findings that want the same new key of one step get it once.
func TestMendTwoSecretsOfOneStep(t *testing.T) {
	done := Mend(request(folder("a", `on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    env:
      A: ${{ secrets.A }}
      B: ${{ secrets.B }}
    steps:
      - name: sign
        run: ./sign "$A" "$B"
`)))
	want := `on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - name: sign
        env:
          A: ${{ secrets.A }}
          B: ${{ secrets.B }}
        run: ./sign "$A" "$B"
`
	if len(done.Files) != 1 || string(done.Files[0].After) != want {
		t.Fatalf("%+v\n%s", done.Declined, done.Files[0].After)
	}
}

// A tag that pointed at attacker's code is not pinned to wherever it points today.
func TestMendDoesNotPinWhatWasAttacked(t *testing.T) {
	r := request(folder("a", "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: tj-actions/changed-files@v45\n      - uses: acme/x@v1\n"))
	r.Snapshot.Actions = []snapshot.ActionRef{{Uses: "tj-actions/changed-files", Ref: "v45", SHA: strings.Repeat("a", 40)}, {Uses: "acme/x", Ref: "v1", SHA: strings.Repeat("b", 40)}}
	done := Mend(r)
	if len(done.Files) != 1 || !strings.Contains(string(done.Files[0].After), "changed-files@v45\n") || !strings.Contains(string(done.Files[0].After), "acme/x@bbbb") {
		t.Errorf("%+v", done)
	}
}

// What is wrong in another repository's workflow that a file calls stands at the call.
// Nothing in this file mends it: it is declined, with the reason, and no file changes.
func TestWhatACalledRepositoryDoesIsNotMendedAtTheCall(t *testing.T) {
	one := func(repository, path, text string) inventory.Source {
		return inventory.Source{Repository: repository, DefaultBranch: "main", Files: []inventory.SourceFile{{Path: ".github/workflows/" + path, Branches: []string{"main"}, Content: []byte(text)}}}
	}
	r := request(
		one("acme/shop", "pr.yml", "on: pull_request_target\npermissions: {}\njobs:\n  a:\n    uses: acme/ci/.github/workflows/called.yml@main\n"),
		one("acme/ci", "called.yml", "on: workflow_call\npermissions: {}\njobs:\n  b:\n    runs-on: x\n    steps:\n      - run: echo \"${{ github.event.pull_request.title }}\"\n"),
	)
	at := 0
	for _, f := range r.Wanted {
		if f.Repository == "acme/shop" && strings.Contains(f.Message, "(in acme/ci") {
			at++
		}
	}
	got := Mend(r)
	if at == 0 || len(got.Declined) < at {
		t.Errorf("%d findings at the call; declined %+v", at, got.Declined)
	}
	for _, d := range got.Declined {
		if strings.Contains(d.Finding.Message, "(in acme/ci") && d.Why != errAlone.Error() {
			t.Errorf("%s: %s", d.Finding.Message, d.Why)
		}
	}
	for _, f := range got.Files {
		if r.Sources[f.Source].Repository == "acme/shop" {
			t.Errorf("the calling file is changed:\n%s", f.After)
		}
	}
}
