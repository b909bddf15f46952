package workflow

import (
	"fmt"
	"strings"
	"testing"
)

func TestScriptsAreReadAsCommands(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"npm publish", "publish npm 0"},
		{"npm --access public publish", ""}, // the value of a flag looks like a subcommand
		{"npm publish --access public --dry-run", ""},
		{"npm run publish", "build npm 0"},
		{"echo npm publish # npm publish", ""},
		{"echo 'npm publish' \"npm publish\"", ""},
		{"cd x && npm publish", "publish npm 0"},
		{"if test; then\n  NODE_AUTH_TOKEN=x npm publish\nfi", "publish npm 1"},
		{"x=$(aws s3 ls)\necho \"$(aws --region eu s3 sync . s3://b)\"", "read aws 0; deploy aws 1"},
		{"cat <<EOF > x\nnpm publish\nEOF\ncargo publish", "publish crates 3"},
		{"bash <<EOF\nnpm publish\nEOF", "publish npm 1"},
		{"python -m twine upload dist/*", "build python 0; publish pypi 0"},
		{"./gradlew --no-daemon clean publish -Px", "publish maven 0"},
		{"docker buildx build . \\\n  --push -t x", "publish oci 0; build oci 0"},
		{"docker build .", "build oci 0"},
		{"npx semantic-release", "build npm 0; publish npm 0"},
		{"terraform -chdir=infra apply -auto-approve", "deploy terraform 0"},
		{"kubectl -n prod rollout restart deploy/x", "deploy kubernetes 0"},
		{"git push origin ${{ github.ref }}", "repo github 0"},
		{"gh release create v1 ${{ env.X && 'npm publish' }}", "publish github 0"},
		{"timeout 10m sudo -E npm publish", "publish npm 0"},
		{"'unclosed npm publish", ""},
		{"a | tee >(npm publish)", "publish npm 0"},
		{"`npm publish`", "publish npm 0"},
		{"cosign sign --yes x", "sign sigstore 0"},
		{"ssh host \"npm publish\"", "deploy ssh 0"},
	} {
		var got []string
		for _, u := range uses(c.script) {
			got = append(got, fmt.Sprintf("%s %s %d", u.Kind, u.System, u.Line))
		}
		if got := strings.Join(got, "; "); got != c.want {
			t.Errorf("%q: %q, want %q", c.script, got, c.want)
		}
	}
}

func TestTableRowsAreWhole(t *testing.T) {
	n := 0
	for _, rows := range knownActions {
		for _, k := range rows {
			n++
			if k.Uses != strings.ToLower(k.Uses) || k.Kind == "" || k.System == "" || strings.Contains(k.Uses, "@") {
				t.Errorf("%+v", k)
			}
			for _, name := range k.Secrets {
				if name != strings.ToLower(name) {
					t.Errorf("%s: input %s is not in lower case", k.Uses, name)
				}
			}
		}
	}
	if n != len(byName) {
		t.Errorf("%d rows, %d names: an action has two rows", n, len(byName))
	}
	for _, c := range knownCommands {
		if c.Kind == "" || c.System == "" || len(c.Match) == 0 || c.Source == "" {
			t.Errorf("%+v", c)
		}
	}
}

// FuzzScript: reading a script ends, and says nothing of lines it does not have.
func FuzzScript(f *testing.F) {
	f.Add("a=$(npm publish \"`x`\" ) <<E\nE\n'")
	f.Fuzz(func(t *testing.T, script string) {
		for _, u := range uses(script) {
			if u.Line < 0 || u.Line > strings.Count(script, "\n") {
				t.Errorf("line %d of %q", u.Line, script)
			}
		}
	})
}
