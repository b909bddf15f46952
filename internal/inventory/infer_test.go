package inventory

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAuthorityIsWhatStepsDo holds what is learned from steps to the files in
// testdata/authority: "# wants: NAME AUTHORITY,... | SYSTEM" for every credential and
// identity of a file, and no other.
func TestAuthorityIsWhatStepsDo(t *testing.T) {
	const action = "runs:\n  using: composite\n  steps:\n    - uses: crazy-max/ghaction-import-gpg@v6\n      with: { gpg_private_key: \"${{ inputs.key }}\" }\n"
	files, err := filepath.Glob("testdata/authority/*.yml")
	if err != nil || len(files) < 5 {
		t.Fatal(err, files)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for l := range strings.Lines(string(b)) {
			if _, wants, ok := strings.Cut(l, "# wants: "); ok {
				want = append(want, strings.TrimSpace(wants))
			}
		}
		inv := Build(Parse([]Source{{Repository: "acme/shop", Files: []SourceFile{
			{Path: ".github/workflows/" + filepath.Base(name), Content: b}, {Path: ".github/actions/sign/action.yml", Content: []byte(action)},
		}}}), nil, nil)
		row := func(name string, authority, systems []string) {
			or := func(list []string) string {
				if len(list) == 0 {
					return "none"
				}
				return strings.Join(list, ",")
			}
			got = append(got, name+" "+or(authority)+" | "+or(systems))
		}
		for _, c := range inv.Credentials {
			row(c.Name, c.Authority, c.Systems)
		}
		for _, i := range inv.Identities {
			row(i.Name, i.Authority, i.Systems)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestAnAppsKeyMintsTokens(t *testing.T) {
	inv := built(t, nil, map[string]string{"workflows/x.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/create-github-app-token@v2\n        with: { private-key: \"${{ secrets.APP_KEY }}\" }\n"})
	if c := credential(t, inv, "acme/shop:unknown:APP_KEY"); !slices.Equal(c.Mints, []string{MintedAppToken}) || !strings.Contains(c.Sentence, "gain further rights at GitHub") {
		t.Errorf("%+v", c)
	}
	a := inv.Repositories[0].Workflows[0].Answers
	if !slices.Equal(a.MustRotate, []string{"acme/shop:unknown:APP_KEY"}) {
		t.Errorf("a token that ends by itself is to be rotated: %v", a.MustRotate)
	}
	if len(a.Rotate) != 0 || len(a.Escalate) < 1 || !strings.Contains(a.Escalate[0].Sentence, "can make installation tokens of a GitHub App with APP_KEY") {
		t.Errorf("rotate %v, escalate %v", a.Rotate, a.Escalate)
	}
}

func TestAReleaseByTheJobsToken(t *testing.T) {
	const file = "on: push\npermissions: { contents: % }\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n      - run: gh release create v1\n        env: { GH_TOKEN: \"${{ github.token }}\" }\n"
	for level, want := range map[string]int{"write": 1, "read": 0} {
		inv := built(t, nil, map[string]string{"workflows/x.yml": strings.Replace(file, "%", level, 1)})
		a := inv.Repositories[0].Workflows[0].Answers
		if len(a.Publish) != want || want == 1 && (a.Publish[0].Line != 8 || len(a.Escalate) != 1) {
			t.Errorf("contents: %s: publish %v, escalate %v", level, a.Publish, a.Escalate)
		}
	}
}
