package inventory

import (
	"fmt"
	"strings"
	"testing"
)

func hostile(files map[string]string) []Model {
	src := Source{Repository: "acme/shop", DefaultBranch: "main", DefaultPermissions: "read"}
	for path, text := range files {
		src.Files = append(src.Files, SourceFile{Path: path, Branches: []string{"main"}, Content: []byte(text)})
	}
	return Parse([]Source{src})
}

// Files made to be slow end in the time of honest ones of their size: a test that hangs
// here has found what once took hours. What is asserted is that nothing is lost by it.
func TestManyCachesAndArtifacts(t *testing.T) {
	const head, job = "on: pull_request_target\njobs:\n", "  j%d:\n    runs-on: x\n    permissions: { contents: write }\n    steps:\n"
	var keys, restores, handed strings.Builder
	keys.WriteString(head + fmt.Sprintf(job, 0))
	restores.WriteString("on: push\njobs:\n")
	handed.WriteString(head)
	for i := range 5000 {
		fmt.Fprintf(&keys, "      - { uses: actions/cache@v4, with: { key: k%d } }\n", i)
		fmt.Fprintf(&restores, job+"      - { uses: actions/cache@v4, with: { key: k } }\n", i)
		fmt.Fprintf(&handed, job+"      - { uses: actions/upload-artifact@v4, with: { name: a%d } }\n      - { uses: actions/download-artifact@v4 }\n", i, i)
	}
	models := hostile(map[string]string{".github/workflows/keys.yml": keys.String(), ".github/workflows/restores.yml": restores.String(), ".github/workflows/handed.yml": handed.String()})
	got := Build(models, nil, nil).Repositories[0].Flows
	if len(got) != 2 {
		t.Fatalf("%d flows, want the artifacts and the caches, each as one", len(got))
	}
	for i, writers := range []int{5000, 5000 + 5000} {
		if f := got[i]; f.Name != "" || !f.Rises || len(f.Writers) != writers {
			t.Errorf("%s %q rises %v: %d writers, %d readers", f.Kind, f.Name, f.Rises, len(f.Writers), len(f.Readers))
		}
	}
}

// Ten levels of files that each call a hundred others are 100^10 jobs.
func TestCallsThatFanOut(t *testing.T) {
	files := map[string]string{}
	for level := range maxDepth {
		var b strings.Builder
		b.WriteString("on: { push: , workflow_call: }\njobs:\n")
		for i := range 100 {
			fmt.Fprintf(&b, "  j%d: { uses: ./.github/workflows/l%d.yml, secrets: inherit }\n", i, level+1)
		}
		files[fmt.Sprintf(".github/workflows/l%d.yml", level)] = b.String()
	}
	files[fmt.Sprintf(".github/workflows/l%d.yml", maxDepth)] = "on: workflow_call\njobs: { a: { runs-on: x, steps: [ { run: 'echo ${{ secrets.DEEP }}' } ] } }\n"
	models := hostile(files)
	w := &models[0].Workflows[0]
	all := models[0].Instances(w)
	if len(all) > maxFan+100*maxDepth {
		t.Fatalf("%d instances", len(all))
	}
	told, every := 0, 0
	inv := Build(models, nil, nil)
	for _, f := range inv.Findings {
		if f.Rule == RuleUnreadable && f.Path == w.Path {
			told++
		}
	}
	for _, j := range inv.Repositories[0].Workflows[0].Jobs {
		for _, r := range j.Reaches {
			if r.Name == "*" {
				every++
				break
			}
		}
	}
	if told != 1 || every < 99 {
		t.Errorf("told %d times; %d of the jobs whose calls were not followed may read every secret", told, every)
	}
}

// An action that uses the next one a hundred times, ten deep.
func TestActionsThatFanOut(t *testing.T) {
	files := map[string]string{".github/workflows/a.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: ./a0\n      - run: npm publish\n        env: { NODE_AUTH_TOKEN: '${{ secrets.NPM_TOKEN }}' }\n"}
	for level := range maxDepth {
		files[fmt.Sprintf("a%d/action.yml", level)] = "runs:\n  using: composite\n  steps:\n" + strings.Repeat(fmt.Sprintf("    - uses: ./a%d\n", level+1), 100)
	}
	models := hostile(files)
	all := models[0].Instances(&models[0].Workflows[0])
	if len(all) != 1 || !all[0].Cut || len(all[0].Steps) > maxFan+100*maxDepth {
		t.Fatalf("%d instances, cut %v, %d steps", len(all), all[0].Cut, len(all[0].Steps))
	}
	if got := Build(models, nil, nil).Credentials; len(got) != 1 || got[0].Name != "NPM_TOKEN" {
		t.Errorf("%+v", got)
	}
}
