package inventory

import (
	"encoding/json"
	"testing"
)

func flowsOf(t *testing.T, files map[string]string) string {
	t.Helper()
	src := Source{Repository: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read"}
	for name, text := range files {
		src.Files = append(src.Files, SourceFile{Path: ".github/workflows/" + name, Branches: []string{"main"}, Content: []byte(text)})
	}
	b, err := json.Marshal(Build(Parse([]Source{src}), nil, nil).Repositories[0].Flows)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const restores = "on: { push: { branches: [main] } }\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    permissions: { contents: write }\n    steps:\n      - uses: actions/cache/restore@v4\n        with: { path: x, key: 'npm-${{ runner.os }}', restore-keys: npm- }\n"

// The graph of who may write what whom restores.
func TestFlows(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a cache that outsiders write and a release restores": {
			map[string]string{
				"pr.yml":      "on: pull_request_target\njobs:\n  bench:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/cache@v4\n        with: { path: x, key: 'npm-${{ hashFiles() }}' }\n",
				"release.yml": restores,
			},
			`[{"kind":"cache","name":"npm-","action":"actions/cache","writers":[{"workflow":".github/workflows/pr.yml","job":"bench","line":6,"trust":"untrusted"}],"readers":[{"workflow":".github/workflows/pr.yml","job":"bench","line":6},{"workflow":".github/workflows/release.yml","job":"publish","line":7,"authority":true}],"rises":true}]`,
		},
		"what a pull request's run saves, others do not see": {
			map[string]string{
				"pr.yml":      "on: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/cache@v4\n        with: { path: x, key: npm-1 }\n",
				"release.yml": restores,
			},
			`null`,
		},
		"a cache that only insiders write does not rise": {
			map[string]string{
				"ci.yml":      "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/cache/save@v4\n        with: { path: x, key: npm-1 }\n",
				"release.yml": restores,
			},
			`[{"kind":"cache","name":"npm-1","action":"actions/cache","writers":[{"workflow":".github/workflows/ci.yml","job":"test","line":6,"trust":"contributor"}],"readers":[{"workflow":".github/workflows/release.yml","job":"publish","line":7,"authority":true}]}]`,
		},
		"a cache that is only restored, by an action that saves by itself": {
			map[string]string{
				"pr.yml":      "on: pull_request_target\njobs:\n  bench:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: swatinem/rust-cache@v2\n",
				"release.yml": "on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    permissions: { contents: write }\n    steps:\n      - uses: Swatinem/rust-cache@v2\n        with: { save-if: false }\n",
			},
			`[{"kind":"cache","name":"","action":"swatinem/rust-cache","writers":[{"workflow":".github/workflows/pr.yml","job":"bench","line":6,"trust":"untrusted"}],"readers":[{"workflow":".github/workflows/pr.yml","job":"bench","line":6},{"workflow":".github/workflows/release.yml","job":"publish","line":7,"authority":true}],"rises":true}]`,
		},
		"a cache that is only looked for": {
			map[string]string{
				"pr.yml":      "on: pull_request_target\njobs:\n  bench:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/cache@v4\n        with: { path: x, key: npm-1, lookup-only: true }\n",
				"release.yml": "on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    permissions: { contents: write }\n    steps:\n      - uses: actions/cache/restore@v4\n        with: { path: x, key: npm-1, lookup-only: true }\n",
			},
			`null`,
		},
		"other keys": {
			map[string]string{
				"pr.yml":      "on: pull_request_target\njobs:\n  bench:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/cache/save@v4\n        with: { path: x, key: go-1 }\n",
				"release.yml": restores,
			},
			`null`,
		},
		"an artifact between the jobs of one run": {
			map[string]string{"ci.yml": "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/upload-artifact@v4\n        with: { name: 'dist-${{ github.sha }}', path: x }\n  publish:\n    runs-on: ubuntu-latest\n    permissions: { packages: write }\n    steps:\n      - uses: actions/download-artifact@v4\n"},
			`[{"kind":"artifact","name":"dist-","writers":[{"workflow":".github/workflows/ci.yml","job":"build","line":6,"trust":"contributor"}],"readers":[{"workflow":".github/workflows/ci.yml","job":"publish","line":12,"authority":true}]}]`,
		},
		"an artifact of the run before": {
			map[string]string{
				"ci.yml":   "name: CI\non: pull_request\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/upload-artifact@v4\n        with: { name: report, path: x }\n",
				"tell.yml": "on: { workflow_run: { workflows: [CI] } }\njobs:\n  comment:\n    runs-on: ubuntu-latest\n    permissions: { pull-requests: write }\n    steps:\n      - uses: actions/download-artifact@v4\n        with: { name: report, run-id: '${{ github.event.workflow_run.id }}' }\n",
			},
			`[{"kind":"artifact","name":"report","writers":[{"workflow":".github/workflows/ci.yml","job":"build","line":7,"trust":"untrusted"}],"readers":[{"workflow":".github/workflows/tell.yml","job":"comment","line":7,"authority":true}],"rises":true}]`,
		},
		"another action's cache": {
			map[string]string{
				"pr.yml":      "on: pull_request_target\njobs:\n  bench:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/setup-node@v4\n        with: { cache: npm }\n",
				"release.yml": restores,
			},
			`null`,
		},
	} {
		if got := flowsOf(t, c.files); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}
